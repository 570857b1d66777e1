//go:build !linux

package disk

import "errors"

// fileSystem has nothing to say here: what a file system can do is tried, and a full
// one says so when it is written to.
func fileSystem(string) (kind string, free int64, err error) {
	return "", 0, errors.ErrUnsupported
}
