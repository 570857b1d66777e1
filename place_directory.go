package dtool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

// directory is a base in a file system: each dataset is a directory of its own,
// named after it when it was made.
type directory struct {
	ref    reference
	client *Client
	store  directoryStore // of the directory that ref names
}

// directoryStore is what is asked of the store of a directory.
type directoryStore interface {
	storage.Store
	storage.LocalPather
	storage.DirMaker
}

func (d directory) find(context.Context) (*place, error) {
	return d.place(d.ref)
}

func (directory) layout() layout { return diskLayout{} }

func (d directory) place(ref reference) (*place, error) {
	store, err := d.client.openDirectory(ref.path, disk.Options{TempDir: diskTempDir, LinksBelow: diskLayout{}.keys().data})
	if err != nil {
		return nil, err
	}
	return &place{uri: ref.uri(d.client.hostname), store: store, layout: diskLayout{}}, nil
}

// child gives the place of a dataset by its name, which may come from somebody else's
// metadata and must not lead anywhere but to an entry of this directory.
func (d directory) child(name string) (*place, error) {
	if storage.CheckKey(name) != nil || filepath.Base(name) != name || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%s: %w %s: no directory can have it", quoted(d.ref.uri(d.client.hostname)), ErrInvalidName, quoted(name))
	}
	ref := d.ref
	ref.path = filepath.Join(ref.path, name)
	return d.place(ref)
}

func (d directory) vacant(ctx context.Context, name, _ string) (*place, error) {
	at, err := d.child(name)
	if err != nil {
		return nil, err
	}
	return at, d.refuseDataset(ctx)
}

func (d directory) reserve(ctx context.Context, name, uuid string) (*place, error) {
	at, err := d.vacant(ctx, name, uuid)
	if err != nil {
		return nil, err
	}
	err = d.store.MakeDir(ctx, name, true)
	if errors.Is(err, storage.ErrExists) {
		return nil, fmt.Errorf("%s: %w", at.uri, d.taken(ctx, name, at))
	}
	return at, err
}

// taken says of a place where something is already whether that is what an
// interrupted maker has left.
func (d directory) taken(ctx context.Context, name string, at *place) error {
	a, err := at.readAdmin(ctx)
	unfinished := err == nil && a.isUnfinished()
	if errors.Is(err, storage.ErrNotFound) {
		unfinished, err = d.beganEarly(ctx, name, true)
		unfinished = unfinished && err == nil
	}
	if unfinished {
		return fmt.Errorf("%w, and is %w", ErrExists, ErrUnfinished)
	}
	return ErrExists
}

// refuseDataset refuses a base that is a dataset or lies in one, which a new
// dataset there would change.
func (d directory) refuseDataset(ctx context.Context) error {
	dir, err := resolved(d.ref.path)
	if err != nil {
		return err
	}
	for ; ; dir = filepath.Dir(dir) {
		above, err := d.place(reference{scheme: schemeFile, path: dir})
		if err != nil {
			return err
		}
		// What cannot be looked into is passed over, for a home directory may well
		// lie below what its owner must not read.
		if _, err := above.store.Stat(ctx, above.layout.keys().admin); err == nil {
			return fmt.Errorf("%s: %w: %s", d.ref.uri(d.client.hostname), ErrInside, above.uri)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func (d directory) begun(ctx context.Context, name, _ string) (*place, error) {
	at, err := d.child(name)
	if err != nil {
		return nil, err
	}
	if _, err := at.store.Stat(ctx, at.layout.keys().admin); err == nil {
		return at, nil
	} else if !isAbsent(err) {
		return nil, err
	}
	there, err := d.beganEarly(ctx, name, false) // no copy goes on through a link
	switch {
	case errors.Is(err, ErrExists):
		return nil, fmt.Errorf("%s: %w", at.uri, err)
	case err != nil:
		return nil, err
	case !there:
		return nil, fmt.Errorf("%s: %w", at.uri, ErrNotDataset)
	}
	return at, nil
}

// beganEarly tells what a maker leaves behind that is killed before it has
// written the administrative metadata, from nothing at all: a directory with no
// file in it but those that are written first, and the link in place of a data
// directory, if that may be. Any other is [ErrExists].
func (d directory) beganEarly(ctx context.Context, name string, linked bool) (bool, error) {
	there := false
	for info, err := range d.store.List(ctx, name, storage.Shallow) {
		switch {
		case err != nil:
			return false, err
		case info.Key == name+"/":
			there = true
		case info.Key == name:
			return false, fmt.Errorf("%w, and is no directory", ErrExists)
		}
	}
	if !there {
		return false, nil
	}
	k := diskLayout{}.keys()
	for info, err := range d.store.List(ctx, name+"/", storage.Deep) {
		part := strings.TrimPrefix(info.Key, name+"/")
		switch {
		case err != nil:
			return false, err
		case linked && part+"/" == k.data && info.Irregular == storage.LinkToDirectory:
		case part != k.structure && part != k.about && !strings.HasPrefix(part, diskTempDir+"/"):
			return false, fmt.Errorf("%w, and is no dataset: it holds %s", ErrExists, quoted(part))
		}
	}
	return true, nil
}

func (d directory) remove(ctx context.Context, name, _ string) error {
	return d.store.RemoveDir(ctx, name)
}

// release leaves the directory: another process may be about to fill it.
func (directory) release(context.Context, string) error { return nil }

func (d directory) candidates(ctx context.Context) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		for info, err := range d.store.List(ctx, "", storage.Shallow) {
			if err != nil {
				yield(nil, err)
				return
			}
			name, ok := strings.CutSuffix(info.Key, "/")
			if !ok && info.Irregular != storage.LinkToDirectory {
				continue
			}
			if !yield(func(context.Context) (*place, error) { return d.child(name) }, nil) {
				return
			}
		}
	}
}
