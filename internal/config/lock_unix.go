//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package config

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// tryLock holds the lock file if no other process does, or else gives nothing. The
// system gives the lock back when the process is no more, whatever ended it. On a
// file system that has no locks nobody is kept out.
func tryLock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, file.Close()
	case errors.Is(err, syscall.ENOLCK), errors.Is(err, errors.ErrUnsupported):
	case err != nil:
		return nil, errors.Join(&fs.PathError{Op: "flock", Path: path, Err: err}, file.Close())
	}
	if !isStill(file, path) {
		// Whoever held it has removed it, and somebody may hold another one.
		return nil, file.Close()
	}
	return func() {
		_ = os.Remove(path) // what is left of it keeps nobody out
		_ = file.Close()
	}, nil
}

// isStill tells whether an open file is the one that the path leads to.
func isStill(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(opened, now)
}
