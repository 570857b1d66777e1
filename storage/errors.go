package storage

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The kinds of failure that callers tell apart, with [errors.Is].
var (
	// ErrNotFound means that the store says that there is no such key.
	ErrNotFound = errors.New("not found")
	// ErrNoStore means that the bucket or the directory itself is not there.
	ErrNoStore = errors.New("no such bucket or directory")
	// ErrForbidden means that the store refused, for lack of a right or of
	// valid credentials.
	ErrForbidden = errors.New("forbidden")
	// ErrExists means that something is there that must not be.
	ErrExists = errors.New("exists already")
	// ErrThrottled means that the store asked, to the last try, for fewer requests.
	ErrThrottled = errors.New("throttled")
	// ErrCorrupted means that bytes are not those that were promised.
	ErrCorrupted = errors.New("corrupted")
	// ErrUnreachable means that the store did not answer, or nothing that
	// could be understood.
	ErrUnreachable = errors.New("unreachable")
	// ErrInvalidKey means that the store cannot hold such a key.
	ErrInvalidKey = errors.New("invalid key")
	// ErrReadOnly means that nothing can be written where something was to be. It is
	// an [errors.ErrUnsupported].
	ErrReadOnly error = readOnly{}
	// ErrNoACLs means that the store does not decide object by object who may read,
	// or has been told not to let everybody read any.
	ErrNoACLs = errors.New("no object can be made public by itself")
)

type readOnly struct{}

func (readOnly) Error() string        { return "read only" }
func (readOnly) Is(target error) bool { return target == errors.ErrUnsupported }

// An Error is a failure of a store: what was done, where, and why it failed.
type Error struct {
	Op    string // what was asked, as the store calls it: "PutObject", "open"
	Store string // the store's String
	Key   string // empty where the store as a whole is meant
	Kind  error  // one of the kinds above, or nil
	Err   error  // the cause
	Hint  string // what to try next, a sentence without its full stop, or empty
}

// Error says operation, subject and cause in one line. The hint is left to whoever
// prints the error to a person.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Op, e.Store)
	if e.Key != "" {
		fmt.Fprintf(&b, ", key %s", shown(e.Key))
	}
	return b.String() + e.why()
}

// brief is the same without store and key, for where both are known.
func (e *Error) brief() string { return e.Op + e.why() }

func (e *Error) why() string {
	switch {
	case e.Kind != nil && e.Err != nil:
		return fmt.Sprintf(": %v: %v", e.Kind, e.Err)
	case e.Kind != nil:
		return fmt.Sprintf(": %v", e.Kind)
	case e.Err != nil:
		return fmt.Sprintf(": %v", e.Err)
	}
	return ""
}

// maxShown is how many bytes of a key a message repeats: those of the longest path
// that Linux takes.
const maxShown = 4096

// shown gives a key as it is, or with escapes where a terminal would act on it. Of
// one that no message has room for it gives the beginning.
func shown(key string) string {
	if len(key) > maxShown {
		return strconv.Quote(key[:maxShown]) + "..."
	}
	if !utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(key)
	}
	return key
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	if e.Kind != nil {
		errs = append(errs, e.Kind)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}
