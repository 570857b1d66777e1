// Package disk keeps objects as files below a directory.
//
// A key is a path below that directory. What is written stays inside it, and no
// key and no symbolic link leads out. What is read may lie elsewhere, as far as
// Options.LinksBelow allows: a link to a file is read as the file, and a link to
// a directory is followed where a key or a prefix names it, but a listing that
// meets one on its way says so and does not enter it.
//
// The store knows nothing of datasets. It keeps no metadata, and the modification
// time of an object is that of its file.
package disk

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/dtool-go/dtool/internal/portable"
	"github.com/dtool-go/dtool/storage"
)

// Options says how a store writes.
type Options struct {
	// TempDir is the directory, a slash path below the store's own, where
	// objects are written before they get their names. It is made when needed,
	// and removed when the last Put is through. It must lie in the same file
	// system as the objects. If it is empty, objects are written beside their
	// names, and a process that is killed leaves files there that Sweep does
	// not find.
	TempDir string

	// LinksBelow is the prefix of the keys whose files may be links that lead out of the
	// store's directory. Links elsewhere are read only if they stay inside,
	// since whoever made the directory may have wished to see what others have.
	// If it is empty, links are followed wherever they lead.
	LinksBelow string
}

// A Store keeps objects below a directory.
type Store struct {
	dir  string // absolute
	opts Options

	unfinished atomic.Int32 // Puts that have a file in opts.TempDir
	buffers    sync.Pool    // of *buffer, for Puts
}

// New gives the store of a directory, which need not be there yet.
func New(dir string, opts Options) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("making %s absolute: %w", dir, err)
	}
	if opts.TempDir != "" {
		if _, err := localName(opts.TempDir); err != nil {
			return nil, fmt.Errorf("directory for unfinished objects %q: %w", opts.TempDir, err)
		}
	}
	return &Store{dir: abs, opts: opts}, nil
}

// String gives the absolute path of the directory.
func (s *Store) String() string { return s.dir }

// LocalPath gives the absolute path of the file that holds an object. Links in
// it are not resolved.
func (s *Store) LocalPath(key string) (string, error) {
	name, err := localName(key)
	if err != nil {
		return "", s.fail("name", key, err)
	}
	return filepath.Join(s.dir, name), nil
}

// Delete removes files and links, and leaves the directories that they were in:
// whether an empty directory means something is not for the store to say.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if _, err := localName(key); err != nil {
			return s.fail("remove", key, err)
		}
	}
	for _, key := range keys {
		if err := s.inRoot(ctx, key, remove); err != nil {
			return s.fail("remove", key, err)
		}
	}
	return nil
}

func remove(root *os.Root, name string) error {
	info, err := root.Lstat(name)
	switch {
	case isAbsent(err):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return nil // it is no object
	}
	step("remove a file")
	if err := root.Remove(name); !isAbsent(err) {
		return err
	}
	return nil
}

// inRoot runs a function that writes, with the directory opened as a root that
// nothing leads out of.
func (s *Store) inRoot(ctx context.Context, key string, write func(root *os.Root, name string) error) error {
	name, err := localName(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	root, err := os.OpenRoot(s.dir)
	switch {
	case err != nil && s.missing():
		return fmt.Errorf("%w: %w", storage.ErrNoStore, err)
	case err != nil:
		return err
	}
	defer root.Close()
	return write(root, name)
}

// localName gives the path of a key in the manner of the operating system.
func localName(key string) (string, error) {
	if err := storage.CheckKey(key); err != nil {
		return "", fmt.Errorf("%w: %w", storage.ErrInvalidKey, err)
	}
	name, err := filepath.Localize(key) //nolint:misspell // the standard library spells it so
	if err == nil && runtime.GOOS == "windows" {
		if why := portable.Windows(key); why != "" { // or it would become another
			return "", fmt.Errorf("%w: its name %s", storage.ErrInvalidKey, why)
		}
	}
	if err != nil {
		return "", fmt.Errorf("%w: this system has no such file names", storage.ErrInvalidKey)
	}
	return name, nil
}

// Modes of what is made, of which the umask takes its part.
const (
	newFile = 0o666
	newDir  = 0o777
)

var (
	_ storage.Store       = (*Store)(nil)
	_ storage.LocalPather = (*Store)(nil)
	_ storage.Syncer      = (*Store)(nil)
)
