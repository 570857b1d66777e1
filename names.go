package dtool

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"iter"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxNameLength = 80
	uuidLength    = 36
)

var (
	namePattern = regexp.MustCompile(`^[0-9a-zA-Z_.-]+$`)
	uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// CheckName tells whether a dataset, overlay, annotation or tag may be given a
// name: 1 to 80 of the characters 0-9 a-z A-Z - _ . and neither "." nor ".."
// (docs/format.md, section 1). The error is [ErrInvalidName]. Readers take any name.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", ErrInvalidName)
	case len(name) > maxNameLength:
		return fmt.Errorf("%w %s: %d characters, at most %d are allowed", ErrInvalidName, quoted(name), utf8.RuneCountInString(name), maxNameLength)
	case name == "." || name == "..":
		return fmt.Errorf("%w %q", ErrInvalidName, name)
	case !namePattern.MatchString(name):
		return fmt.Errorf("%w %s: only 0-9 a-z A-Z - _ . are allowed", ErrInvalidName, quoted(name))
	}
	return nil
}

// Identifier gives the identifier of the item with a relpath: the lower-case hex
// SHA-1 of its UTF-8 bytes (docs/format.md, section 1).
func Identifier(relpath string) string {
	sum := sha1.Sum([]byte(relpath))
	return hex.EncodeToString(sum[:])
}

// cleanRelpath makes the relpath that an item is added under from the one that
// was asked for, or gives [ErrInvalidItem].
func cleanRelpath(relpath string) (string, error) {
	refuse := func(why string) (string, error) {
		return "", fmt.Errorf("%w %s: %s", ErrInvalidItem, quoted(relpath), why)
	}
	switch {
	case relpath == "":
		return refuse("it is empty")
	case !utf8.ValidString(relpath):
		return refuse("it is not UTF-8")
	case strings.ContainsRune(relpath, 0):
		return refuse("it has a NUL character")
	case strings.HasPrefix(relpath, "/"):
		return refuse("it is absolute")
	case strings.HasSuffix(relpath, "/"), strings.Contains(relpath, "//"):
		return refuse("it has an empty part")
	}
	for part := range strings.SplitSeq(relpath, "/") {
		if part == ".." {
			return refuse("it leads upwards")
		}
	}
	clean := path.Clean(relpath)
	if clean == "." {
		return refuse("it names no file")
	}
	return clean, nil
}

// relpaths gives the relpath of each of the items, or of what is to become one.
func relpaths[T interface{ relpathOf() string }](list []T) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, one := range list {
			if !yield(one.relpathOf()) {
				return
			}
		}
	}
}

// maxQuoted is how many bytes of a text a message repeats: those of the longest
// path that Linux takes.
const maxQuoted = 4096

// quoted shows a foreign text inside a message: as it is, or with escapes where it
// holds what a terminal would act on. Of one that no message has room for it shows
// the beginning.
func quoted(text string) string {
	if len(text) > maxQuoted {
		return strconv.Quote(text[:maxQuoted]) + "..."
	}
	if q := strconv.Quote(text); q != `"`+text+`"` || strings.ContainsAny(text, " '") || text == "" {
		return q
	}
	return text
}
