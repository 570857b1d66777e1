package dtool

import (
	"time"

	"github.com/dtool-go/dtool/internal/config"
	"github.com/dtool-go/dtool/storage"
)

// ParseExpiry reads for how long something is to be good: "7d", "12h", "90m", "30s",
// or a number of seconds. It has whole seconds, and is from one second to
// [storage.MaxExpiry].
func ParseExpiry(text string) (time.Duration, error) {
	return config.ParseExpiry(text, storage.MaxExpiry)
}

// PublishExpiry gives the setting for how long the URLs of published datasets are
// good, of the scheme of a dataset's URI, or 0 where none is set: then datasets are
// published for everybody.
func (c *Client) PublishExpiry(uri string) (time.Duration, error) {
	ref, err := parseURI(uri)
	if err != nil {
		return 0, err
	}
	return c.settings.PublishExpiry(ref.scheme, storage.MaxExpiry)
}
