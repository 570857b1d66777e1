package dtool

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// CopyOptions goes with [Client.Copy].
type CopyOptions struct {
	// Resume goes on with a copy that was begun. Without it, a destination that
	// holds anything is [ErrExists].
	Resume bool
	// Verify has a resumed copy read every item that is there already, and
	// replace what differs. Without it, an item in a bucket is kept if its size and
	// the MD5 recorded beside it are right; on disk, where none is recorded,
	// items are always read.
	Verify bool
	Observer
}

// CopyResult tells what a copy did.
type CopyResult struct {
	Dataset         *Dataset
	Copied, Kept    int   // items
	Bytes           int64 // of the items copied
	AlreadyComplete bool  // the copy was whole before, and nothing was written
}

// Copy copies a frozen dataset into a base, with everything that belongs to it,
// to the letter: UUID, times, manifest, README and its history, overlays,
// annotations and tags. Every byte of every item is compared with the manifest
// on the way, and an item that differs is not stored; the observer is warned of
// items whose bytes an old manifest says nothing of. The copy is a proto dataset
// until all of it is there.
func (c *Client) Copy(ctx context.Context, src *Dataset, baseURI string, o CopyOptions) (*CopyResult, error) {
	o.Observer = o.oneAtATime()
	m, err := src.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	b, err := c.base(ctx, baseURI)
	if err != nil {
		return nil, err
	}
	if err := src.refuseInside(baseURI); err != nil {
		return nil, err
	}
	err = m.mustLieIn(src.layout)
	if err == nil {
		err = mustFit(b.layout(), relpaths(m.items))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.uri, err)
	}
	dst, state, err := c.destination(ctx, b, src, o.Resume)
	if err != nil {
		return nil, err
	}
	cp := &copying{client: c, src: src, dst: dst, manifest: m, verify: o.Verify, observer: o.Observer}
	plan, err := cp.plan(ctx, state)
	if err != nil {
		return nil, err
	}
	result := &CopyResult{
		Copied:          len(plan.copy),
		Kept:            plan.kept,
		Bytes:           totalSize(plan.copy),
		AlreadyComplete: state == copyFrozen && len(plan.copy) == 0 && !dst.unregistered,
	}
	if err := cp.carryOut(ctx, b, plan, state); err != nil {
		return nil, err
	}
	if state != copyFrozen {
		result.Dataset = &Dataset{place: *dst, client: c, admin: src.adminNow(), manifest: m}
		return result, nil
	}
	if result.Dataset, err = c.open(ctx, dst); err != nil { // it may have been renamed
		return nil, err
	}
	return result, nil
}

// carryOut does what the plan says, from the state that the destination is in.
func (c *copying) carryOut(ctx context.Context, b base, plan copyPlan, state copyState) error {
	c.warnOfUnverifiable(plan)
	if c.dst.unregistered {
		if _, err := b.reserve(ctx, c.src.Name(), c.src.UUID()); err != nil {
			return err
		}
	}
	if state == copyAbsent {
		return c.start(ctx, b, plan)
	}
	if state == copyFrozen {
		return c.repair(ctx, plan)
	}
	return c.resume(ctx, plan)
}

// warnOfUnverifiable tells which items the manifest says nothing of that could
// be compared.
func (c *copying) warnOfUnverifiable(plan copyPlan) {
	for _, item := range plan.copy {
		if why := c.manifest.unverifiable(item); why != "" {
			c.observer.Warn(fmt.Sprintf("item %s is copied, and only its size can be checked: %s", quoted(item.Relpath), why))
		}
	}
}

// copyState is what is at the destination of a copy.
type copyState int

const (
	copyAbsent copyState = iota // nothing: the place was reserved just now
	copyBegun
	copyFrozen
)

// destination finds the place of the copy, and reserves it where nothing is there.
func (c *Client) destination(ctx context.Context, b base, src *Dataset, resume bool) (*place, copyState, error) {
	at, err := b.begun(ctx, src.Name(), src.UUID())
	switch {
	case errors.Is(err, ErrNotDataset):
		at, err = b.reserve(ctx, src.Name(), src.UUID())
		return at, copyAbsent, err
	case err != nil:
		return nil, 0, err
	}
	state, err := stateOf(ctx, at, src)
	switch {
	case err != nil:
		return nil, 0, err
	case !resume:
		return nil, 0, fmt.Errorf("%s: %w", at.uri, ErrExists)
	}
	return at, state, nil
}

// stateOf tells how far the copy is that lies at a place. It is [ErrExists] if
// what lies there is another dataset, or was frozen with other items. A frozen
// copy that has lost its manifest is one that was begun: the manifest is made
// anew.
func stateOf(ctx context.Context, at *place, src *Dataset) (copyState, error) {
	a, err := at.readAdmin(ctx)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return copyBegun, nil
	case err != nil:
		return 0, err
	case a.text("uuid") != src.UUID():
		return 0, fmt.Errorf("%s: %w, and is another dataset: its UUID is %s, not %s", at.uri, ErrExists, a.text("uuid"), src.UUID())
	case !a.frozen():
		return copyBegun, nil
	}
	here, err := src.Manifest(ctx)
	if err != nil {
		return 0, err
	}
	there, err := at.readManifest(ctx)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, ErrBadDocument):
		return copyBegun, nil
	case err != nil:
		return 0, err
	case !here.sameItems(there):
		return 0, fmt.Errorf("%s: %w, frozen with other items than %s", at.uri, ErrExists, src.uri)
	}
	return copyFrozen, nil
}

// copying is one copy under way.
type copying struct {
	client   *Client
	src      *Dataset
	dst      *place
	manifest *Manifest
	verify   bool
	observer Observer
}

// start makes a copy where nothing is, unless another process has gone on with
// the reservation meanwhile. If the first documents must not be written there,
// the reservation is given up: it would stand in the way of a later copy by
// other settings.
func (c *copying) start(ctx context.Context, b base, plan copyPlan) error {
	if _, err := c.dst.readAdmin(ctx); !isAbsent(err) {
		return c.resume(ctx, plan)
	}
	err := c.begin(ctx)
	switch {
	case err == nil:
		return c.finish(ctx, plan)
	case errors.Is(err, storage.ErrForbidden):
		return errors.Join(err, b.release(ctx, c.src.UUID()))
	}
	return err
}

// resume goes on with a copy that was begun, unless another process has
// finished it while this one looked at what is there. A README that was written
// there meanwhile is kept.
func (c *copying) resume(ctx context.Context, plan copyPlan) error {
	state, err := stateOf(ctx, c.dst, c.src)
	switch {
	case err != nil:
		return err
	case state == copyFrozen:
		return c.repair(ctx, plan)
	}
	here, err := c.src.README(ctx)
	if err != nil {
		return err
	}
	there, err := c.dst.readREADME(ctx)
	if err != nil {
		return err
	}
	if len(there) > 0 && !bytes.Equal(here, there) {
		if err := c.dst.keepREADME(ctx, there, c.client.now()); err != nil {
			return err
		}
	}
	if err := c.begin(ctx); err != nil {
		return err
	}
	return c.finish(ctx, plan)
}

// repair replaces what differs in a copy that is frozen, and stays so.
func (c *copying) repair(ctx context.Context, plan copyPlan) error {
	if err := c.copyItems(ctx, plan); err != nil {
		return err
	}
	return c.dst.sweep(ctx)
}

// begin makes the copy a proto dataset, an unfinished one.
func (c *copying) begin(ctx context.Context) error {
	return c.dst.begin(ctx, c.src.adminNow().unfinished(c.client.now()), "")
}

// finish carries the plan out, in an order in which a reader sees a valid state
// at every moment.
func (c *copying) finish(ctx context.Context, plan copyPlan) error {
	before, after, err := c.documents(ctx)
	if err != nil {
		return err
	}
	if err := c.copyDocuments(ctx, before); err != nil {
		return err
	}
	if err := c.copyItems(ctx, plan); err != nil {
		return err
	}
	if err := c.copyDocuments(ctx, after); err != nil {
		return err
	}
	if err := writeDocument(ctx, c.dst.store, c.dst.layout.keys().manifest, c.manifest.text, nil); err != nil {
		return err
	}
	if err := c.dst.writeAdmin(ctx, c.src.adminNow()); err != nil {
		return err
	}
	return c.dst.sweep(ctx)
}

func (c *copying) copyItems(ctx context.Context, plan copyPlan) error {
	meter := c.observer.meter("Copying", c.manifest.Len(), c.manifest.TotalSize())
	meter.Skip(plan.kept, c.manifest.TotalSize()-totalSize(plan.copy))
	workers := c.client.workersFor(c.src.store, c.dst.store)
	err := transfer.Run(ctx, workers, plan.copy, func(ctx context.Context, _ int, item Item) error {
		if err := c.copyItem(ctx, item, meter); err != nil {
			return &ItemError{"copying", item.Identifier, item.Relpath, err}
		}
		meter.ItemDone()
		return nil
	})
	if err != nil {
		return err
	}
	return c.dst.sync(ctx)
}

// copyItem moves one item, and stores it only if its bytes are those of the
// manifest: the store judges by MD5, and the body by any other hash.
func (c *copying) copyItem(ctx context.Context, item Item, meter *transfer.Meter) error {
	from, err := c.src.layout.itemKey(item.Relpath)
	if err != nil {
		return err
	}
	to, err := c.dst.layout.itemKey(item.Relpath)
	if err != nil {
		return err
	}
	md5, err := c.md5For(ctx, item, from)
	if err != nil {
		return err
	}
	metadata, err := c.dst.layout.itemMetadata(item.Relpath, md5)
	if err != nil {
		return err
	}
	body, _, err := c.src.store.Get(ctx, from, storage.Range{})
	if err != nil {
		return err
	}
	defer body.Close()
	counted := meter.Reader(body)
	if c.manifest.md5Of(item) == "" {
		counted = c.manifest.checked(counted, item)
	}
	_, err = c.dst.store.Put(ctx, to, counted, storage.PutOptions{
		Size:     item.Size,
		MD5:      md5,
		Metadata: metadata,
		ModTime:  fromUnixSeconds(item.Timestamp),
		Lazy:     true,
	})
	if mismatch, ok := errors.AsType[*storage.Mismatch](err); ok {
		return fmt.Errorf("%w: at %s it is not what the manifest says: %w", storage.ErrCorrupted, c.src.uri, mismatch)
	}
	return err
}

// md5For gives the MD5 that goes beside an item. Where the destination needs it
// and the manifest does not have it, the item is read once for it alone.
func (c *copying) md5For(ctx context.Context, item Item, from string) (string, error) {
	if md5 := c.manifest.md5Of(item); md5 != "" || !c.dst.layout.recordsMD5() {
		return md5, nil
	}
	md5, _, err := readMD5(ctx, c.src.store, from, nil)
	return md5, err
}
