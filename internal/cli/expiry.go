package cli

import (
	"time"

	"github.com/dtool-go/dtool"
)

// An expiry is the value of a flag that says for how long something is good; 0 if it
// is not given.
type expiry time.Duration

func (e *expiry) Set(text string) error {
	d, err := dtool.ParseExpiry(text)
	*e = expiry(d)
	return err
}

func (e *expiry) String() string {
	if *e == 0 {
		return ""
	}
	return time.Duration(*e).String()
}
func (*expiry) Type() string { return "time" }
