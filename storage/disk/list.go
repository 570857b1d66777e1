package disk

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/dtool-go/dtool/storage"
)

// List walks the files below a prefix, and holds one directory of each level in
// memory. A link to a file is listed as the file. What is neither file nor
// directory is listed as irregular, a link to a directory too, whichever the
// depth; the prefix itself may lead through such a link. A file name that is
// not UTF-8 is irregular, under a key with escapes.
func (s *Store) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		w := &walk{ctx: ctx, store: s, depth: depth, yield: yield}
		end := strings.LastIndexByte(prefix, '/') + 1
		w.begin(prefix[:end], prefix[end:])
	}
}

// A walk is one listing under way. Its methods tell whether to go on: not
// after an error has been given, and not if the caller has had enough.
type walk struct {
	ctx   context.Context //nolint:containedctx // a walk lives as long as its List
	store *Store
	depth storage.Depth
	yield func(storage.Info, error) bool
	top   string // where it began, below the store's directory
}

// begin lists the entries of a directory, "" or a key and a slash, whose names
// begin with start.
func (w *walk) begin(dir, start string) bool {
	name := "."
	if dir != "" {
		var err error
		if name, err = localName(strings.TrimSuffix(dir, "/")); err != nil {
			return true // no key begins like that
		}
	}
	w.top = name
	entries, err := w.read(name)
	if isAbsent(err) {
		err = w.store.absence(name, err)
		if errors.Is(err, storage.ErrNotFound) {
			return true
		}
	}
	if err != nil {
		return w.fail(dir, err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !strings.HasPrefix(e.Name(), start) })
	return w.entries(dir, name, entries)
}

// below lists a directory that the walk has met.
func (w *walk) below(dir, name string) bool {
	entries, err := w.read(name)
	switch {
	case isAbsent(err):
		return true // removed meanwhile
	case err != nil:
		return w.fail(dir, err)
	}
	return w.entries(dir, name, entries)
}

func (w *walk) read(name string) ([]fs.DirEntry, error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	return os.ReadDir(filepath.Join(w.store.dir, name))
}

// entries lists what is in a directory in the byte order of the keys, in which
// a directory stands where its name and a slash do.
func (w *walk) entries(dir, name string, entries []fs.DirEntry) bool {
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(orderName(a), orderName(b)) })
	for _, entry := range entries {
		if !w.entry(dir+entry.Name(), filepath.Join(name, entry.Name()), entry) {
			return false
		}
	}
	return true
}

func orderName(entry fs.DirEntry) string {
	if entry.IsDir() {
		return entry.Name() + "/"
	}
	return entry.Name()
}

func (w *walk) entry(key, name string, entry fs.DirEntry) bool {
	switch {
	case w.ctx.Err() != nil:
		return w.fail("", w.ctx.Err())
	case !utf8.ValidString(key):
		// Escaped, it is a text at least, though no key that could be asked for.
		quoted := strconv.Quote(key)
		return w.yield(storage.Info{Key: quoted[1 : len(quoted)-1], Irregular: "a name that is not UTF-8"}, nil)
	case entry.IsDir() && w.depth == storage.Shallow:
		return w.yield(storage.Info{Key: key + "/"}, nil)
	case entry.IsDir():
		return w.below(key+"/", name)
	}
	info, err := w.look(key, name, entry)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true // removed meanwhile
	case err != nil:
		return w.fail(key, err)
	}
	return w.yield(info, nil)
}

// look describes what is no directory.
func (w *walk) look(key, name string, entry fs.DirEntry) (storage.Info, error) {
	if entry.Type() == fs.ModeSymlink {
		return w.lookBehind(key, name)
	}
	info, err := entry.Info()
	switch {
	case err != nil:
		return storage.Info{}, err
	case !info.Mode().IsRegular():
		return storage.Info{Key: key, Irregular: irregular(info.Mode())}, nil
	}
	return objectInfo(key, info), nil
}

func (w *walk) lookBehind(key, name string) (storage.Info, error) {
	info, err := os.Stat(filepath.Join(w.store.dir, name))
	switch {
	case isAbsent(err):
		return storage.Info{Key: key, Irregular: "a dangling link"}, nil
	case errors.Is(err, syscall.ELOOP):
		return storage.Info{Key: key, Irregular: "a link that leads to itself"}, nil
	case err != nil:
		return storage.Info{}, err
	case info.IsDir():
		return storage.Info{Key: key, Irregular: storage.LinkToDirectory}, nil
	case !info.Mode().IsRegular():
		return storage.Info{Key: key, Irregular: "a link to " + irregular(info.Mode())}, nil
	}
	object := objectInfo(key, info)
	object.Outside = w.outside(name)
	return object, nil
}

// outside gives the path of the file that a link leads to, if that does not lie
// below the directory where the walk began. One that vanishes meanwhile does not
// matter any more.
func (w *walk) outside(name string) string {
	target, err := filepath.EvalSymlinks(filepath.Join(w.store.dir, name))
	top, errTop := filepath.EvalSymlinks(filepath.Join(w.store.dir, w.top))
	if err != nil || errTop != nil {
		return ""
	}
	if rel, err := filepath.Rel(top, target); err == nil && filepath.IsLocal(rel) {
		return ""
	}
	return target
}

func (w *walk) fail(key string, err error) bool {
	w.yield(storage.Info{}, w.store.fail("list", key, err))
	return false
}

// irregular says what a file is that is not a regular one.
func irregular(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}
