package dtool

import (
	"fmt"
	"time"
)

// A Publication is what publishing a dataset gave.
type Publication struct {
	Way       Way
	AccessURL string    // opens the dataset; a secret if it is signed
	PageURL   string    // of the page for browsers, or empty; likewise
	Expires   time.Time // of signed URLs, else zero
	Objects   int       // how many can be read
}

// A PublishError tells why a dataset is not published, or not as it should be.
type PublishError struct {
	URI string
	Way Way
	// Begun tells that something is recorded as published, and that some of it may be
	// readable by now. [Dataset.Unpublish] takes it back.
	Begun bool
	// Closed tells that everybody was expected to be able to read already, and cannot.
	// Then nothing has changed.
	Closed bool
	// Unread tells that all was done, and that the dataset could not be read then
	// by whoever has no credentials.
	Unread bool
	Err    error
}

func (e *PublishError) Error() string {
	if e.Unread {
		return fmt.Sprintf("%s was published, and cannot be read without credentials: %v", e.URI, e.Err)
	}
	if e.Begun && e.Way != BySignature {
		return fmt.Sprintf("%s is not published, although some of it may be readable for everybody: %v", e.URI, e.Err)
	}
	return fmt.Sprintf("%s is not published: %v", e.URI, e.Err)
}

// Unwrap gives the cause.
func (e *PublishError) Unwrap() error { return e.Err }
