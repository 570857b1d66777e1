package dtool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// CreateOptions goes with [Client.Create]. The zero value makes an ordinary dataset.
type CreateOptions struct {
	// SymlinkTo is an existing directory that the dataset describes where it lies,
	// in place of a data directory of its own. Items cannot be added.
	SymlinkTo string
}

// Create makes a proto dataset with a name in a base. The base must be there.
func (c *Client) Create(ctx context.Context, name, baseURI string, o CreateOptions) (*Proto, error) {
	b, err := c.base(ctx, baseURI)
	if err == nil && o.SymlinkTo != "" {
		if err = refuseInside(o.SymlinkTo, baseURI); err == nil {
			b, err = symlinked(b, &o.SymlinkTo)
		}
	}
	if err != nil {
		return nil, err
	}
	return c.create(ctx, b, newAdmin(uuid.NewString(), name, c.creator, c.now()), o.SymlinkTo)
}

// create makes a proto dataset. If it fails nothing is left behind.
func (c *Client) create(ctx context.Context, b base, a admin, linkTo string) (*Proto, error) {
	later, cancel := afterwards(ctx)
	defer cancel()
	name := a.text("name")
	if err := CheckName(name); err != nil {
		return nil, err
	}
	at, err := b.reserve(ctx, name, a.text("uuid"))
	if err != nil && ctx.Err() != nil { // it may be reserved all the same
		if releasing := b.release(later, a.text("uuid")); releasing != nil {
			if at != nil {
				name = at.uri
			}
			err = errors.Join(err, &LeftBehindError{name, releasing})
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	p := &Proto{&Dataset{place: *at, client: c, admin: a}}
	err = p.furnish(ctx, linkTo)
	if err == nil {
		err = p.writeAdmin(ctx, a)
	}
	if err == nil {
		err = writeDocument(ctx, p.store, p.layout.keys().readme, nil, nil)
	}
	if err != nil {
		return nil, errors.Join(err, p.discard(later, b))
	}
	return p, nil
}

// discard removes a dataset whose making has failed, in a context that afterwards
// gave.
func (p *Proto) discard(ctx context.Context, b base) error {
	ctx, cancel := context.WithTimeout(ctx, tidyingAtMost)
	defer cancel()
	err := p.mustBeOurs(ctx)
	if err == nil {
		err = b.remove(ctx, p.Name(), p.UUID())
	}
	if err != nil {
		return &LeftBehindError{p.uri, err}
	}
	return nil
}

// mustBeOurs makes sure that nobody has put another dataset into the place.
func (p *Proto) mustBeOurs(ctx context.Context) error {
	a, err := p.readAdmin(ctx)
	switch {
	case isAbsent(err):
		return nil
	case err != nil:
		return err
	case a.text("uuid") != p.UUID():
		return fmt.Errorf("%w: another dataset is there now", ErrExists)
	}
	return nil
}

// symlinked makes of a base one whose datasets have the symlink scheme, and of
// the path of a directory an absolute one.
func symlinked(b base, target *string) (base, error) {
	d, ok := b.(directory)
	if !ok {
		return nil, fmt.Errorf("%w: only a dataset in a directory can describe files where they lie", ErrInvalidURI)
	}
	path, err := filepath.Abs(*target)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoSource, err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%w: %s is no directory", ErrUnreadable, quoted(path))
	}
	*target = path
	d.ref.scheme = schemeSymlink
	return d, nil
}

// furnish makes what a dataset has from the start, whatever is known of it. The
// data directory, where there are directories, is a link if linkTo is not empty.
func (p *place) furnish(ctx context.Context, linkTo string) error {
	if err := p.makeDirs(ctx, linkTo); err != nil {
		return err
	}
	return transfer.Together(ctx, func(ctx context.Context) error {
		return writeDocument(ctx, p.store, p.layout.keys().structure, p.layout.structure(), nil)
	}, func(ctx context.Context) error {
		return writeDocument(ctx, p.store, p.layout.keys().about, about(p.layout), nil)
	})
}

func (p *place) makeDirs(ctx context.Context, linkTo string) error {
	dirs, ok := p.store.(storage.DirMaker)
	if !ok {
		return nil
	}
	k := p.layout.keys()
	empty := []string{k.overlays, k.annotations, k.tags}
	if linkTo == "" {
		empty = append(empty, k.data)
	} else if err := dirs.LinkDir(ctx, strings.TrimSuffix(k.data, "/"), linkTo); err != nil {
		return err
	}
	for _, dir := range empty {
		if err := dirs.MakeDir(ctx, strings.TrimSuffix(dir, "/"), false); err != nil {
			return err
		}
	}
	return nil
}

// CreateFromOptions goes with [Client.CreateFrom].
type CreateFromOptions struct{ Observer }

// CreateFrom makes a frozen dataset of all the files below a directory, which
// is only read. If it fails then nothing is left behind.
func (c *Client) CreateFrom(ctx context.Context, dir, name, baseURI string, opts CreateFromOptions) (*Dataset, error) {
	o := opts.oneAtATime()
	if err := CheckName(name); err != nil {
		return nil, err
	}
	b, err := c.base(ctx, baseURI)
	if err != nil {
		return nil, err
	}
	files, err := gather(ctx, []Source{{Path: dir}}, baseURI, o)
	if err != nil {
		return nil, err
	}
	if err := c.mustBeFew(dir, len(files)); err != nil {
		return nil, err
	}
	if err := refuseNewlines(relpaths(files)); err != nil {
		return nil, err
	}
	if err := mustFit(b.layout(), relpaths(files)); err != nil {
		return nil, err
	}
	a := newAdmin(uuid.NewString(), name, c.creator, c.now())
	later, cancel := afterwards(ctx)
	defer cancel()
	p, err := c.create(ctx, b, a.unfinished(c.now()), "")
	if err != nil {
		return nil, err
	}
	stored, err := p.take(ctx, files, true, o)
	if err == nil {
		var d *Dataset
		if d, err = p.freeze(ctx, a, o, stored, mustBe(files)); err == nil {
			return d, nil
		}
	}
	return nil, errors.Join(err, p.discard(later, b))
}

// mustBe tells whether items are the files that were added, neither fewer nor
// others.
func mustBe(files []addition) func(items []Item) error {
	return func(items []Item) error {
		sizes := make(map[string]int64, len(files))
		for _, file := range files {
			sizes[file.relpath] = file.size
		}
		for _, item := range items {
			if size, ok := sizes[item.Relpath]; !ok || size != item.Size {
				return fmt.Errorf("%w: item %s is not what was added", storage.ErrCorrupted, quoted(item.Relpath))
			}
		}
		if len(items) != len(files) {
			return fmt.Errorf("%w: %d items were added, and %d are there", storage.ErrCorrupted, len(files), len(items))
		}
		return nil
	}
}
