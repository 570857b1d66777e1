package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/dtool-go/dtool/storage"
)

// fail says what failed on which key, of which kind, and what to try.
//
// That a file is missing is not among the kinds it finds: what that means
// depends on where it was looked for, see absence.
func (s *Store) fail(op, key string, err error) error {
	failure := &storage.Error{Op: op, Store: s.dir, Key: key, Err: err}
	switch {
	case errors.Is(err, storage.ErrNoStore):
		failure.Kind, failure.Err = storage.ErrNoStore, s.inPlace()
		return failure
	case hasKind(err):
		return failure
	}
	if _, foreign := errors.AsType[bodyError](err); !foreign {
		failure.Hint, failure.Kind = classify(err)
	}
	return failure
}

// hasKind tells whether an error says by itself of which kind it is.
func hasKind(err error) bool {
	return errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrInvalidKey) ||
		errors.Is(err, storage.ErrExists) || errors.Is(err, storage.ErrCorrupted)
}

// A bodyError is a failure of the body of a Put, which may come from a file
// elsewhere and says nothing of this store.
type bodyError struct{ error }

func (e bodyError) Unwrap() error { return e.error }

// classify gives a hint on an error of the operating system, empty where there
// is none, and its kind, nil for one of no kind.
func classify(err error) (hint string, kind error) {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full: free some space, then try again", nil
	case errors.Is(err, syscall.EDQUOT):
		return "your quota is used up: free some space, then try again", nil
	case errors.Is(err, syscall.EFBIG):
		return "this file system holds no files of that size: choose another place", nil
	case errors.Is(err, syscall.EROFS):
		return "the file system is mounted read-only: choose another place", storage.ErrForbidden
	case errors.Is(err, fs.ErrPermission):
		return "look at the owner and the mode of the file and of the directories above it", storage.ErrForbidden
	case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return "", storage.ErrExists
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.EILSEQ):
		return "this file system has no such names", storage.ErrInvalidKey
	}
	return "", nil
}

// isAbsent tells whether an error of the operating system means that nothing
// is there, or that it would lie below a file.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// absence tells what it means that nothing was found at a path below the
// store's directory: that there is no such key, that the directory is missing,
// or that a link on the way leads nowhere, which says nothing of what it once
// led to.
func (s *Store) absence(name string, cause error) error {
	for ; name != "."; name = filepath.Dir(name) {
		info, err := os.Lstat(filepath.Join(s.dir, name))
		if err == nil && info.Mode().Type() == fs.ModeSymlink {
			if _, err := os.Stat(filepath.Join(s.dir, name)); err != nil {
				return fmt.Errorf("%s is a dangling link", filepath.ToSlash(name))
			}
		}
		if err == nil {
			return fmt.Errorf("%w: %w", storage.ErrNotFound, cause)
		}
	}
	if s.missing() {
		return fmt.Errorf("%w: %w", storage.ErrNoStore, cause)
	}
	return fmt.Errorf("%w: %w", storage.ErrNotFound, cause)
}

// inPlace tells what is there where the store's directory should be, or gives nil.
func (s *Store) inPlace() error {
	if info, err := os.Stat(s.dir); err == nil && !info.IsDir() {
		return errors.New("it is a file")
	}
	return nil
}

// missing tells whether the store's own directory is not there.
func (s *Store) missing() bool {
	info, err := os.Stat(s.dir)
	return isAbsent(err) || err == nil && !info.IsDir()
}
