package dtool

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

// directory is a base in a file system: each dataset is a directory of its own,
// named after it when it was made.
type directory struct {
	ref   reference
	host  string
	store *disk.Store // of the directory that ref names
}

func (d directory) find(context.Context) (*place, error) {
	return d.place(d.ref)
}

func (directory) layout() layout { return diskLayout{} }

func (d directory) place(ref reference) (*place, error) {
	store, err := disk.New(ref.path, disk.Options{TempDir: diskTempDir})
	if err != nil {
		return nil, err
	}
	return &place{uri: ref.uri(d.host), store: store, layout: diskLayout{}}, nil
}

// child gives the place of a dataset by its name, which may come from somebody else's
// metadata and must not lead anywhere but to an entry of this directory.
func (d directory) child(name string) (*place, error) {
	if storage.CheckKey(name) != nil || filepath.Base(name) != name || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%s: %w %s: no directory can have it", quoted(d.ref.uri(d.host)), ErrInvalidName, quoted(name))
	}
	ref := d.ref
	ref.path = filepath.Join(ref.path, name)
	return d.place(ref)
}

func (d directory) reserve(ctx context.Context, name, _ string) (*place, error) {
	at, err := d.child(name)
	if err != nil {
		return nil, err
	}
	err = d.store.MakeDir(ctx, name, true)
	if errors.Is(err, storage.ErrExists) {
		return nil, fmt.Errorf("%s: %w", at.uri, ErrExists)
	}
	return at, err
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
	there, err := d.beganEarly(ctx, name)
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

// beganEarly tells what a maker leaves behind that is killed before it has written the
// administrative metadata, a directory with nothing but .dtool, from nothing
// at all. Anything else is [ErrExists].
func (d directory) beganEarly(ctx context.Context, name string) (bool, error) {
	for info, err := range d.store.List(ctx, name, storage.Shallow) {
		switch {
		case err != nil:
			return false, err
		case info.Key == name:
			return false, fmt.Errorf("%w, and is a file", ErrExists)
		case info.Key != name+"/":
			continue
		}
		for info, err := range d.store.List(ctx, info.Key, storage.Shallow) {
			if err != nil {
				return false, err
			}
			if part := path.Base(info.Key); part != ".dtool" && part != "data" {
				return false, fmt.Errorf("%w, and is no dataset: it holds %s", ErrExists, quoted(part))
			}
		}
		return true, nil
	}
	return false, nil
}

func (d directory) remove(ctx context.Context, at *place) error {
	return d.store.RemoveDir(ctx, path.Base(at.uri))
}

func (d directory) candidates(ctx context.Context) ([]candidate, error) {
	var list []candidate
	for info, err := range d.store.List(ctx, "", storage.Shallow) {
		if err != nil {
			return nil, err
		}
		name, ok := strings.CutSuffix(info.Key, "/")
		if !ok {
			continue
		}
		list = append(list, func(context.Context) (*place, error) { return d.child(name) })
	}
	return list, nil
}
