//go:build unix

package disk

import (
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// mayChange tells what keeps this process from removing entries of a directory.
func (s *Store) mayChange(name string) error {
	if err := unix.Access(filepath.Join(s.dir, name), unix.W_OK|unix.X_OK); err != nil {
		return &fs.PathError{Op: "access", Path: filepath.ToSlash(name), Err: err}
	}
	return nil
}
