package storage

import (
	"errors"
	"fmt"
	"strings"
)

// MaxMetadata is how many bytes of user metadata, names and values together, a
// store that keeps any takes.
const MaxMetadata = 2 << 10

// CheckMetadata tells what keeps user metadata from being stored, or gives nil:
// names are of 0-9, a-z, - and _, values are printable ASCII, and there is
// no more than [MaxMetadata] of them.
func CheckMetadata(metadata map[string]string) error {
	size := 0
	for name, value := range metadata {
		size += len(name) + len(value)
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return fmt.Errorf("the value of its metadata %s is not printable ASCII", name)
		}
		if name == "" || strings.ContainsFunc(name, notInName) {
			return errors.New("a name of its metadata has other characters than 0-9, a-z, - and _")
		}
	}
	if size > MaxMetadata {
		return fmt.Errorf("its metadata has %d bytes, and at most %d are taken", size, MaxMetadata)
	}
	return nil
}

func notInName(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && r != '-' && r != '_'
}
