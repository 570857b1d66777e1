package dtool

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// A Dataset is a set of items with a UUID, a name and a README: frozen, or
// still a proto dataset, which [Client.OpenProto] opens for adding to it. What
// it tells of itself without a context is as it was when it was opened, but for its
// own changes. It is safe for concurrent use.
type Dataset struct {
	place
	client *Client

	mu       sync.Mutex
	admin    admin
	manifest *Manifest
}

// Open opens a dataset, frozen or not, by its URI or path. It is
// [ErrNotDataset] where there is none. A store that refuses or does not answer
// is another error.
func (c *Client) Open(ctx context.Context, uri string) (*Dataset, error) {
	b, err := c.base(ctx, uri)
	if err != nil {
		return nil, err
	}
	at, err := b.find(ctx)
	if err != nil {
		return nil, err
	}
	return c.open(ctx, at)
}

// OpenFrozen opens a frozen dataset; a proto dataset is [ErrNotFrozen].
func (c *Client) OpenFrozen(ctx context.Context, uri string) (*Dataset, error) {
	d, err := c.Open(ctx, uri)
	if err == nil {
		err = d.mustBeFrozen(ctx)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// OpenProto opens a proto dataset; a frozen one is [ErrFrozen].
func (c *Client) OpenProto(ctx context.Context, uri string) (*Proto, error) {
	d, err := c.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	p := &Proto{d}
	if err := p.mustBeProto(); err != nil {
		return nil, err
	}
	return p, nil
}

func (c *Client) open(ctx context.Context, at *place) (*Dataset, error) {
	a, err := at.readAdmin(ctx)
	if errors.Is(err, storage.ErrNotFound) || at.layout.alone() && isAbsent(err) {
		return nil, fmt.Errorf("%s: %w", quoted(at.uri), ErrNotDataset)
	}
	if err != nil {
		return nil, err
	}
	return &Dataset{place: *at, client: c, admin: a}, nil
}

// isAbsent tells that nothing is there, not even the directory or bucket it
// would be in.
func isAbsent(err error) bool {
	return errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrNoStore)
}

func (p *place) readAdmin(ctx context.Context) (admin, error) {
	key := p.layout.keys().admin
	body, info, err := readObject(ctx, p.store, key, maxAdmin)
	if err != nil {
		return admin{}, err
	}
	a, err := parseAdmin(body, info.Metadata)
	if err == nil {
		err = p.layout.belongs(a)
	}
	if err != nil {
		return admin{}, p.inDocument(key, err)
	}
	return a, nil
}

func (p *place) writeAdmin(ctx context.Context, a admin) error {
	return writeDocument(ctx, p.store, p.layout.keys().admin, a.document(), p.layout.adminMetadata(a))
}

// URI gives the full URI of the dataset.
func (d *Dataset) URI() string { return d.uri }

// UUID gives the dataset's UUID, which every copy of it shares.
func (d *Dataset) UUID() string { return d.adminNow().text("uuid") }

// Name gives the dataset's name.
func (d *Dataset) Name() string { return d.adminNow().text("name") }

// Creator gives the user name of whoever made the dataset.
func (d *Dataset) Creator() string { return d.adminNow().text("creator_username") }

// Frozen tells a frozen dataset from a proto dataset.
func (d *Dataset) Frozen() bool { return d.adminNow().frozen() }

// Unfinished tells that the dataset is being made as a whole, or that this was
// interrupted: see [ErrUnfinished].
func (d *Dataset) Unfinished() bool { return d.adminNow().isUnfinished() }

// CreatedAt tells when the dataset was made; old datasets do not know.
func (d *Dataset) CreatedAt() (time.Time, bool) { return d.time("created_at") }

// FrozenAt tells when the dataset was frozen.
func (d *Dataset) FrozenAt() (time.Time, bool) { return d.time("frozen_at") }

// FrozenAtSeconds gives the same in Unix seconds, as recorded.
func (d *Dataset) FrozenAtSeconds() (float64, bool) { return d.adminNow().seconds("frozen_at") }

func (d *Dataset) time(field string) (time.Time, bool) {
	seconds, ok := d.adminNow().seconds(field)
	if !ok {
		return time.Time{}, false
	}
	return fromUnixSeconds(seconds), true
}

func (d *Dataset) adminNow() admin {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.admin
}

// Rename gives the dataset another name. Its URI stays, and so does the directory
// that it lies in; later copies go by the new name.
func (d *Dataset) Rename(ctx context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	now, err := d.readAdmin(ctx)
	switch {
	case err != nil:
		return err
	case now.isUnfinished(): // its maker would undo it
		return fmt.Errorf("%s: %w", d.uri, d.unfinished(ctx))
	}
	return d.setAdmin(ctx, now.with("name", name))
}

func (d *Dataset) setAdmin(ctx context.Context, a admin) error {
	if err := d.writeAdmin(ctx, a); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.admin = a
	return nil
}

// refuseInside refuses a base that lies in the dataset's own directory, or in
// the one that its items lie in.
func (d *Dataset) refuseInside(baseURI string) error {
	if !d.layout.alone() {
		return nil
	}
	ref, err := parseURI(d.uri)
	if err != nil {
		return err
	}
	if err := refuseInside(ref.path, baseURI); err != nil {
		return err
	}
	// The data directory may be a link to elsewhere.
	return refuseInside(filepath.Join(ref.path, filepath.FromSlash(d.layout.keys().data)), baseURI)
}

// mustBeFinished refuses a dataset that is being made as a whole, whose maker would
// undo what somebody else writes.
func (d *Dataset) mustBeFinished(ctx context.Context) error {
	if d.adminNow().isUnfinished() {
		return fmt.Errorf("%s: %w", d.uri, d.unfinished(ctx))
	}
	return nil
}

// unfinished tells, of a dataset that is it, whether its items are delivered: only then a
// manifest is there before they are.
func (d *Dataset) unfinished(ctx context.Context) error {
	if d.layout.alone() {
		return ErrUnfinished
	}
	if _, err := d.store.Stat(ctx, d.layout.keys().manifest); err != nil {
		return ErrUnfinished
	}
	return ErrDelivery
}

func (d *Dataset) mustBeFrozen(ctx context.Context) error {
	switch a := d.adminNow(); {
	case a.isUnfinished():
		return fmt.Errorf("%s: %w, %w", d.uri, ErrNotFrozen, d.unfinished(ctx))
	case !a.frozen():
		return fmt.Errorf("%s: %w", d.uri, ErrNotFrozen)
	}
	return nil
}

// Manifest gives the list of the dataset's items. A proto dataset has none:
// [ErrNotFrozen].
func (d *Dataset) Manifest(ctx context.Context) (*Manifest, error) {
	if err := d.mustBeFrozen(ctx); err != nil {
		return nil, err
	}
	if m := d.manifestNow(); m != nil {
		return m, nil
	}
	m, err := d.readManifest(ctx)
	if errors.Is(err, storage.ErrNotFound) {
		err = fmt.Errorf("%w: the dataset is frozen and has none: %w", ErrBadManifest, err) // which says where
	}
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.manifest = m
	return m, nil
}

func (d *Dataset) manifestNow() *Manifest {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.manifest
}

func (p *place) readManifest(ctx context.Context) (*Manifest, error) {
	key := p.layout.keys().manifest
	text, err := readDocument(ctx, p.store, key, maxManifest)
	if errors.Is(err, storage.ErrCorrupted) {
		return nil, fmt.Errorf("%s: %w: %w", p.uri, ErrBadManifest, err)
	}
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(text)
	if err != nil {
		return nil, p.inDocument(key, err)
	}
	return m, nil
}
