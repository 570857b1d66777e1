package dtool

import (
	"context"
	"iter"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

// A place is where one dataset lies: a store, and the layout of its parts there.
type place struct {
	uri    string
	store  storage.Store
	layout layout

	// cached is the directory of the cache for its items, where that is not named by the UUID
	// alone: anybody can publish under any UUID, and is not to change what came from elsewhere.
	cached string

	unregistered bool // nothing tells others that a dataset is there
}

// sync makes what was stored lazily as safe as the rest.
func (p *place) sync(ctx context.Context) error {
	if syncer, ok := p.store.(storage.Syncer); ok {
		return syncer.Sync(ctx)
	}
	return nil
}

// sweep removes what interrupted writers left behind.
func (p *place) sweep(ctx context.Context) error {
	if sweeper, ok := p.store.(storage.Sweeper); ok {
		return sweeper.Sweep(ctx)
	}
	return nil
}

// mustHold refuses relpaths that cannot lie side by side where the place is: what
// the layout allows, the disk below it may not.
func (p *place) mustHold(ctx context.Context, relpaths iter.Seq[string]) error {
	keys, err := p.itemKeys(relpaths)
	if err != nil {
		return err
	}
	return p.mustHoldKeys(ctx, keys)
}

func (p *place) itemKeys(relpaths iter.Seq[string]) ([]string, error) {
	var keys []string
	for relpath := range relpaths {
		key, err := p.layout.itemKey(relpath)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func (p *place) mustHoldKeys(ctx context.Context, keys []string) error {
	if checker, ok := p.store.(storage.KeyChecker); ok {
		return checker.CheckKeys(ctx, keys)
	}
	return nil
}

const (
	// tidyingAtMost bounds the tidying up after a failure.
	tidyingAtMost = 30 * time.Second
	// tidyingOnceCalledOff bounds it from when the work was called off: somebody waits
	// for the end then, and takes more than a second for an eternity. The program ends
	// itself 0.9 s after a signal: patience in cmd/dtool.
	tidyingOnceCalledOff = 700 * time.Millisecond
)

// afterwards gives a context for tidying up, should the work fail that ctx is for.
// It is to be had when the work begins.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return storage.Afterwards(ctx, tidyingOnceCalledOff)
}

// A base is a place that holds datasets: a directory, or a bucket. The URI that
// it was made of names either the base itself or, for find, a dataset in it.
type base interface {
	// find gives the place of the dataset that the URI names. It is
	// [ErrNotDataset] where it can be told at once that there is none.
	find(ctx context.Context) (*place, error)

	// layout gives a layout of the base's kind, of no particular dataset.
	layout() layout

	// vacant gives the place that a new dataset would have, without taking it.
	// It is an error where the base holds no datasets.
	vacant(ctx context.Context, name, uuid string) (*place, error)

	// reserve takes the place of a new dataset, which begun has not found.
	reserve(ctx context.Context, name, uuid string) (*place, error)

	// begun gives the place of a dataset that was begun, and perhaps finished.
	// It is [ErrNotDataset] where nothing is there, and [ErrExists] where there
	// is something else.
	begun(ctx context.Context, name, uuid string) (*place, error)

	// remove removes a dataset that was made here just now, and could not be
	// finished. Nobody else knows its UUID.
	remove(ctx context.Context, name, uuid string) error

	// release gives up a reservation that nothing came of. What cannot be given
	// up without danger to what others do is left, and begun finds it.
	release(ctx context.Context, uuid string) error

	// candidates gives where datasets may lie, as the store lists it. What ends
	// without an error is all.
	candidates(ctx context.Context) iter.Seq2[candidate, error]

	// removal finds what there is to remove at the URI of the base. It is
	// [ErrNotDataset] if there is neither a dataset nor what one leaves.
	removal(ctx context.Context, c *Client) (*Removal, error)

	// examined gives the parts of a diagnosis, behind that of the settings.
	examined(d *doctor) []part
}

// A candidate finds the place where a dataset may lie. It may ask the store.
type candidate func(ctx context.Context) (*place, error)

// base gives the base that a URI names or leads into.
func (c *Client) base(ctx context.Context, uri string) (base, error) {
	ref, err := parseURI(uri)
	if err != nil {
		return nil, err
	}
	if ref.isDirectory() {
		store, err := c.openDirectory(ref.path, disk.Options{})
		return directory{ref: ref, client: c, store: store}, err
	}
	if ref.isWeb() {
		client, err := c.web()
		return website{ref: ref, client: client}, err
	}
	store, err := c.bucket(ctx, ref)
	if err != nil {
		return nil, err
	}
	settings, err := c.settings.S3(ref.scheme, ref.bucket)
	return bucket{ref: ref, store: store, prefix: settings.Prefix}, err
}
