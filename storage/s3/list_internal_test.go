package s3

import (
	"testing"

	"github.com/dtool-go/dtool/storage"
)

// A listing is bounded by what it holds in all, which takes a store some hours to
// send.
func TestListingsAreBounded(t *testing.T) {
	long := []storage.Info{{Key: "a"}, {Key: "b"}}
	for name, test := range map[string]struct {
		before listing
		refuse bool
	}{
		"few":               {listing{}, false},
		"as many as may be": {listing{listed: maxListed - 2, bytes: maxListedBytes - 2}, false},
		"one key too many":  {listing{listed: maxListed - 1}, true},
		"one byte too many": {listing{bytes: maxListedBytes - 1}, true},
		"after empty pages": {listing{empty: maxEmptyPages}, false},
	} {
		l := test.before
		err := l.count(len(long))
		if err == nil {
			_, err = l.merge(long, nil)
		}
		if (err != nil) != test.refuse {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
