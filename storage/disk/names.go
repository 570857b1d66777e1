package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/dtool-go/dtool/internal/portable"
	"github.com/dtool-go/dtool/storage"
)

// CheckKeys tries the file system: names that not every one holds become empty
// files for a moment, in a directory of their own. That lies where the store's
// own directory is or will be. Where all names are ordinary, nothing is tried.
func (s *Store) CheckKeys(ctx context.Context, keys []string) error {
	for _, key := range keys {
		if _, err := localName(key); err != nil {
			return s.fail("name", key, err)
		}
	}
	if key := longest(keys); s.isTooLong(key) {
		return s.unfit(key, fmt.Errorf("its path is too long: %w", syscall.ENAMETOOLONG))
	}
	samples, collisions := portable.Samples(slices.Values(keys)), portable.Collisions(slices.Values(keys))
	if len(samples)+len(collisions) == 0 {
		return nil
	}
	t, err := s.newTrial()
	if err != nil {
		return s.fail("create", "", err)
	}
	defer t.end()
	return s.try(ctx, t, samples, collisions)
}

func (s *Store) try(ctx context.Context, t trial, samples []portable.Sample, collisions []portable.Collision) error {
	for _, sample := range samples {
		if err := ctx.Err(); err != nil {
			return s.fail("name", sample.Path, err)
		}
		if err := holds(t, sample.Part); err != nil {
			return s.unfit(sample.Path, err)
		}
	}
	for _, pair := range collisions {
		if err := ctx.Err(); err != nil {
			return s.fail("name", pair[1], err)
		}
		if err := tellsApart(t, path.Base(pair[0]), path.Base(pair[1])); err != nil {
			return s.unfit(pair[1], fmt.Errorf("beside %q: %w", pair[0], err))
		}
	}
	return nil
}

// errUnfit is the reason for a name to be refused that the system takes, and yet
// does not keep.
var errUnfit = errors.New("not kept by this file system")

// unfit says which key the file system cannot hold, unless the name could not be
// tried for some other reason.
func (s *Store) unfit(key string, err error) error {
	if _, kind := classify(err); kind != storage.ErrInvalidKey && !errors.Is(err, errUnfit) { //nolint:errorlint // it is the kind itself
		return s.fail("create", key, err)
	}
	return &storage.Error{
		Op: "create", Store: s.dir, Key: key, Kind: storage.ErrInvalidKey, Err: err,
		Hint: "choose a place on another disk, or a bucket, which takes every name",
	}
}

func longest(keys []string) string {
	most := ""
	for _, key := range keys {
		if len(key) > len(most) {
			most = key
		}
	}
	return most
}

func (s *Store) isTooLong(key string) bool {
	if key == "" {
		return false
	}
	_, err := os.Lstat(filepath.Join(s.dir, filepath.FromSlash(key)))
	return errors.Is(err, syscall.ENAMETOOLONG)
}

// A trial is an empty directory in which names are tried.
type trial interface {
	// create makes an empty file, and fails if there is one of that name.
	create(name string) error
	// names lists the directory.
	names() ([]string, error)
	// remove removes the file that goes by a name.
	remove(name string) error
	// end removes the directory with all that is in it.
	end()
}

// holds tells why no file can have a name, if so. A name that comes back as
// another would be an item that the dataset does not know.
func holds(t trial, name string) (err error) {
	if err := t.create(name); err != nil {
		return err
	}
	names, err := t.names()
	switch {
	case err != nil:
		return err
	case !slices.Equal(names, []string{name}):
		return fmt.Errorf("%w: a file of this name is listed as %q", errUnfit, names)
	}
	return t.remove(name)
}

// tellsApart tells whether there can be a file of each name.
func tellsApart(t trial, a, b string) error {
	if err := t.create(a); err != nil {
		return err
	}
	err := t.create(b)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w: it takes the two names for one", errUnfit)
	case err != nil:
		return err
	}
	return errors.Join(t.remove(a), t.remove(b))
}

// newTrial makes a directory for trying names in the store's own, or, where that is not
// there yet, in the nearest one above.
func (s *Store) newTrial() (trial, error) {
	dir := s.dir
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if dir != s.dir {
		sweepTrials(root)
	}
	t := dirTrial{above: root, dir: filepath.Join(s.tempDirBelow(dir), tempName())}
	if err = root.MkdirAll(t.dir, newDir); err == nil {
		t.root, err = root.OpenRoot(t.dir)
	}
	if err != nil {
		t.end()
		return nil, err
	}
	return t, nil
}

// sweepTrials removes the trials of processes that are no more from a directory that
// is nobody's own, so that no Sweep comes by.
func sweepTrials(root *os.Root) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return // who may not list it has left nothing, or cannot help it
	}
	for _, entry := range entries {
		if entry.IsDir() && strings.HasPrefix(entry.Name(), tempPrefix) {
			_ = sweepOne(root, entry.Name(), entry)
		}
	}
}

// tempDirBelow gives where unfinished objects lie, if the directory is the store's own.
func (s *Store) tempDirBelow(dir string) string {
	if dir == s.dir {
		return filepath.FromSlash(s.opts.TempDir)
	}
	return ""
}

// A dirTrial is a trial on the disk.
type dirTrial struct {
	above *os.Root
	dir   string
	root  *os.Root // of dir
}

func (t dirTrial) create(name string) error {
	file, err := t.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, newFile)
	if err != nil {
		return err
	}
	return file.Close()
}

func (t dirTrial) names() ([]string, error) {
	dir, err := t.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}

func (t dirTrial) remove(name string) error { return t.root.Remove(name) }

func (t dirTrial) end() {
	if t.root != nil {
		t.root.Close()
	}
	_ = t.above.RemoveAll(t.dir) // Sweep or the next trial finds what is left of it
	if above := filepath.Dir(t.dir); above != "." {
		_ = t.above.Remove(above) // unless something is in it
	}
	t.above.Close()
}

var _ storage.KeyChecker = (*Store)(nil)
