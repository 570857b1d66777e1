package dtool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

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
	if err := CheckName(name); err != nil {
		return nil, err
	}
	b, err := c.base(ctx, baseURI)
	if err != nil {
		return nil, err
	}
	if o.SymlinkTo != "" {
		if b, err = symlinked(b, &o.SymlinkTo); err != nil {
			return nil, err
		}
	}
	a := newAdmin(uuid.NewString(), name, c.creator, c.now())
	at, err := b.reserve(ctx, name, a.text("uuid"))
	if err != nil {
		return nil, err
	}
	p := &Proto{&Dataset{place: *at, client: c, admin: a}}
	err = p.begin(ctx, a, o.SymlinkTo)
	if err == nil {
		err = writeDocument(ctx, p.store, p.layout.keys().readme, nil, nil)
	}
	if err != nil {
		return nil, errors.Join(err, p.undo(ctx, b))
	}
	return p, nil
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
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%w: %s is no directory", ErrUnreadable, quoted(path))
	}
	*target = path
	d.ref.scheme = schemeSymlink
	return d, nil
}

// begin writes what makes a place a proto dataset. The data directory, where
// there are directories, is a link if linkTo is not empty.
func (p *place) begin(ctx context.Context, a admin, linkTo string) error {
	k := p.layout.keys()
	if err := p.makeDirs(ctx, linkTo); err != nil {
		return err
	}
	if err := writeDocument(ctx, p.store, k.structure, p.layout.structure(), nil); err != nil {
		return err
	}
	if err := writeDocument(ctx, p.store, k.about, about(p.layout), nil); err != nil {
		return err
	}
	return p.writeAdmin(ctx, a)
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

// undo removes a dataset that could not be made, even if the making was called off.
func (d *Dataset) undo(ctx context.Context, b base) error {
	const enough = 30 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), enough)
	defer cancel()
	if err := b.remove(ctx, &d.place); err != nil {
		return fmt.Errorf("%s: %w: %w", d.uri, ErrLeftBehind, err)
	}
	return nil
}

// CreateFrom makes a frozen dataset of all the files below a directory, which
// is only read. If it fails then nothing is left behind.
func (c *Client) CreateFrom(ctx context.Context, dir, name, baseURI string, o Observer) (*Dataset, error) {
	o = o.oneAtATime()
	files, err := c.filesBelow(ctx, dir, baseURI, o)
	if err != nil {
		return nil, err
	}
	if len(files) > c.maxItems {
		return nil, c.tooMany(dir, len(files), c.maxItems)
	}
	p, err := c.Create(ctx, name, baseURI, CreateOptions{})
	if err != nil {
		return nil, err
	}
	d, err := p.fill(ctx, files, o)
	if err == nil {
		return d, nil
	}
	b, errBase := c.base(ctx, baseURI)
	if errBase != nil {
		return nil, errors.Join(err, errBase)
	}
	return nil, errors.Join(err, p.undo(ctx, b))
}

func (p *Proto) fill(ctx context.Context, files []addition, o Observer) (*Dataset, error) {
	if err := p.add(ctx, files, o); err != nil {
		return nil, err
	}
	return p.Freeze(ctx, FreezeOptions{Observer: o})
}
