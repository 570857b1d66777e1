package dtool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// CopyOptions goes with [Client.Copy].
type CopyOptions struct {
	// Resume goes on with a copy that was begun. Without it, a destination that
	// holds anything is [ErrExists].
	Resume bool
	// Verify has every item read whose bytes could otherwise be taken on trust.
	// Those that are at the destination already are kept in a bucket if their size
	// and the MD5 recorded beside them are right, and with Verify only if their bytes
	// are; on disk, where none is recorded, they are always read. And a store that
	// could make the copies of objects by itself is not asked to.
	Verify bool
	Observer
}

// CopyResult tells what a copy did.
type CopyResult struct {
	Dataset         *Dataset
	Copied, Kept    int   // items
	Bytes           int64 // of the items copied
	Unread          int   // items that the store copied by itself, with no proof that they are right but their size
	AlreadyComplete bool  // the copy was whole before, and nothing was written
}

// Copy copies a frozen dataset into a base, with everything that belongs to it,
// to the letter: UUID, times, manifest, README and its history, overlays,
// annotations and tags. Every byte that passes through is compared with the manifest
// on the way, and an item that differs is not stored; the observer is warned of
// items whose bytes an old manifest says nothing of. The copy is a proto dataset
// until all of it is there.
//
// Between buckets of one store, the store itself makes the copies of the items
// where it can; see Verify in [CopyOptions].
func (c *Client) Copy(ctx context.Context, src *Dataset, baseURI string, o CopyOptions) (*CopyResult, error) {
	cp, err := c.prepareCopy(ctx, src, baseURI, o)
	if err != nil {
		return nil, err
	}
	if err := cp.carryOut(ctx); err != nil {
		return nil, err
	}
	result := &CopyResult{
		Dataset:         &Dataset{place: *cp.dst, client: c, admin: src.adminNow(), manifest: cp.manifest},
		Copied:          len(cp.plan.Items),
		Kept:            cp.plan.Kept,
		Bytes:           cp.plan.Bytes(),
		Unread:          int(cp.unread.Load()),
		AlreadyComplete: cp.plan.Complete,
	}
	if cp.state == copyFrozen { // it may have been renamed
		result.Dataset, err = c.open(ctx, cp.dst)
	}
	return result, err
}

// PlanCopy tells what Copy would do, and writes nothing.
func (c *Client) PlanCopy(ctx context.Context, src *Dataset, baseURI string, o CopyOptions) (*CopyPlan, error) {
	cp, err := c.prepareCopy(ctx, src, baseURI, o)
	if err != nil {
		return nil, err
	}
	return cp.plan, nil
}

// copying is one copy, from its plan on.
type copying struct {
	client *Client
	src    *Dataset
	base   base
	dst    *place
	state  copyState // of the destination, when the plan was made
	// manifestLost tells that the destination is frozen and has no manifest that could
	// be read. It is made anew.
	manifestLost bool
	plan         *CopyPlan
	manifest     *Manifest
	carried      []documentCopy // once they have been listed
	verify       bool
	observer     Observer

	within *serverCopies // nil where items pass through this machine
	unread atomic.Int64
}

// prepareCopy looks at source and destination, and makes the plan.
func (c *Client) prepareCopy(ctx context.Context, src *Dataset, baseURI string, o CopyOptions) (*copying, error) {
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
	cp := &copying{client: c, src: src, base: b, manifest: m, verify: o.Verify, observer: o.oneAtATime()}
	if err = cp.findDestination(ctx, o.Resume); err == nil {
		cp.plan, err = cp.makePlan(ctx)
	}
	return cp, err
}

// carryOut does what the plan says, from the state that the destination is in.
func (c *copying) carryOut(ctx context.Context) error {
	if err := c.mustHold(ctx); err != nil {
		return err
	}
	c.warnOfUnverifiable()
	if err := c.occupy(ctx); err != nil {
		return err
	}
	if c.state == copyFrozen {
		return c.repair(ctx)
	}
	return c.finish(ctx)
}

// occupy makes the destination an unfinished proto dataset with the UUID of the source,
// unless it is frozen, which the state then says.
func (c *copying) occupy(ctx context.Context) error {
	if c.state == copyAbsent || c.dst.unregistered {
		if _, err := c.base.reserve(ctx, c.src.Name(), c.src.UUID()); err != nil {
			return err
		}
	}
	switch c.state {
	case copyAbsent:
		return c.start(ctx)
	case copyBegun:
		return c.resume(ctx)
	case copyFrozen:
	}
	return nil
}

// warnOfUnverifiable tells which items the manifest says nothing of that could
// be compared.
func (c *copying) warnOfUnverifiable() {
	for _, p := range c.plan.Items {
		if why := c.manifest.unverifiable(p.Item); why != "" {
			c.observer.Warn(fmt.Sprintf("item %s is copied, and only its size can be checked: %s", quoted(p.Relpath), why))
		}
	}
}

// start begins a copy where nothing was, unless another process has gone on with
// the reservation meanwhile.
func (c *copying) start(ctx context.Context) error {
	var vacant bool
	err := transfer.Together(ctx, func(ctx context.Context) error {
		vacant = c.isVacant(ctx)
		return nil
	}, func(ctx context.Context) error {
		return c.dst.furnish(ctx, "")
	})
	switch {
	case err == nil && !vacant:
		return c.resume(ctx)
	case err == nil:
		err = c.begin(ctx)
	}
	if err != nil {
		return c.notBegun(ctx, err)
	}
	return nil
}

// isVacant tells whether nobody has begun at the destination for certain.
func (c *copying) isVacant(ctx context.Context) bool {
	_, err := c.dst.readAdmin(ctx)
	return isAbsent(err)
}

// notBegun gives the reservation up if the first documents cannot be written,
// for it would stand in the way of a later copy; but not if the store may have them
// all the same, or another process has gone on with it.
func (c *copying) notBegun(ctx context.Context, err error) error {
	passing := errors.Is(err, storage.ErrUnreachable) || errors.Is(err, storage.ErrThrottled)
	switch {
	case ctx.Err() != nil, passing, !c.isVacant(ctx):
		return err
	case c.dst.layout.alone(): // the directory was made for it just now
		return errors.Join(err, c.base.remove(ctx, c.src.Name(), c.src.UUID()))
	}
	// In a bucket there may be items of a dataset that has lost everything else.
	return errors.Join(err, c.base.release(ctx, c.src.UUID()))
}

// resume goes on with a copy that was begun, unless another process has
// finished it while this one looked at what is there. A README that was written
// there meanwhile is kept.
func (c *copying) resume(ctx context.Context) error {
	if err := c.findState(ctx); err != nil {
		return err
	}
	if c.state == copyFrozen {
		return nil
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
	if err := c.dst.furnish(ctx, ""); err != nil {
		return err
	}
	return c.begin(ctx)
}

// repair replaces what differs in a copy that is frozen, and stays so.
func (c *copying) repair(ctx context.Context) error {
	if err := c.copyItems(ctx); err != nil {
		return err
	}
	if err := c.mustHaveArrived(ctx); err != nil {
		return err
	}
	if c.manifestLost {
		if err := c.writeManifest(ctx); err != nil {
			return err
		}
	}
	return c.dst.sweep(ctx)
}

func (c *copying) writeManifest(ctx context.Context) error {
	return writeDocument(ctx, c.dst.store, c.dst.layout.keys().manifest, c.manifest.text, nil)
}

// begin makes the copy a proto dataset, an unfinished one.
func (c *copying) begin(ctx context.Context) error {
	return c.dst.writeAdmin(ctx, c.src.adminNow().unfinished(c.client.now()))
}

// finish carries the plan out, in an order in which a reader sees a valid state
// at every moment.
func (c *copying) finish(ctx context.Context) error {
	if err := transfer.Together(ctx, c.copyDocuments, c.copyItems); err != nil {
		return err
	}
	if err := transfer.Together(ctx, c.mustHaveArrived, c.writeManifest); err != nil {
		return err
	}
	if err := c.dst.writeAdmin(ctx, c.src.adminNow()); err != nil {
		return err
	}
	return c.dst.sweep(ctx)
}
