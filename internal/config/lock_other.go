//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package config

import (
	"errors"
	"io/fs"
	"os"
)

// tryLock holds the lock file if there was none, or else gives nothing. A process that
// is killed leaves it.
func tryLock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrPermission) && isThere(path):
		return nil, nil //nolint:nilnil // nothing is held, and that is no failure
	case err != nil:
		return nil, err
	}
	return func() {
		_ = file.Close()
		_ = os.Remove(path) // or the next one says that it is to be removed
	}, nil
}

// isThere tells of a file that is being removed that it is there, which Windows says
// in other words.
func isThere(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
