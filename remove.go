package dtool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// A Removal is what [Client.Remove] is about to remove: a dataset, or what is left of
// one that was begun or is removed by half.
type Removal struct {
	URI string

	// Dataset is nil if what is left is no dataset, for want of administrative metadata
	// that can be read.
	Dataset *Dataset

	// Where is the directory, or what the keys of all that goes begin with. Nothing
	// else is removed but what tells a bucket that it holds the dataset.
	Where string

	// Objects is how many objects or files go, and Bytes their sizes together.
	Objects int
	Bytes   int64

	// Published tells that the dataset is published, or that URLs may still be good that were
	// signed: they lead to nothing when it is gone. A statement in the bucket's policy goes
	// with it; if that may not be, nothing is removed, and the error is [ErrStatement].
	Published bool

	// Delivery tells that a delivery is under way: until what was signed for it expires,
	// which is nowhere recorded and within [storage.MaxExpiry] from its last signing,
	// items can still be stored among what is removed.
	Delivery bool

	// Versions tells that the bucket keeps what is removed, as older versions. Where
	// that may not be asked, nothing tells so.
	Versions bool

	// Strays is how many files lie among the data of a frozen dataset in a directory, are
	// no items of it, and go all the same.
	Strays int

	// Stays names what lies in the dataset's directory, is no part of a dataset, and
	// stays there.
	Stays []string

	at   *place
	work removing
}

// removing removes what a Removal shows. It tells how many objects are gone, and how
// many bytes.
type removing func(ctx context.Context, tell func(objects int, size int64), warn func(string)) error

// PlanRemove finds out what [Client.Remove] would remove, by the URI or path of a
// dataset, and changes nothing. It is [ErrNotDataset] where there is neither a
// dataset nor what an interrupted operation has left of one.
func (c *Client) PlanRemove(ctx context.Context, uri string) (*Removal, error) {
	b, err := c.base(ctx, uri)
	if err != nil {
		return nil, err
	}
	return b.removal(ctx, c)
}

// RemoveOptions goes with [Client.Remove].
type RemoveOptions struct{ Observer }

// Remove removes what PlanRemove has found, unless it is another dataset by now. What
// makes it a dataset goes first, so that from then on nobody finds half of it. If the
// removal is interrupted, then planning and removing once more ends it. Any error is a
// [RemoveError].
func (c *Client) Remove(ctx context.Context, r *Removal, opts RemoveOptions) error {
	o := opts.oneAtATime()
	failure := &RemoveError{URI: r.URI, Objects: r.Objects}
	if r.work == nil {
		failure.Err = fmt.Errorf("%w: nothing has been found by PlanRemove", ErrNotDataset)
		return failure
	}
	if failure.Err = r.mustBeUnchanged(ctx, c); failure.Err != nil {
		return failure
	}
	failure.Begun = true
	meter := o.meter("Removing", r.Objects, r.Bytes)
	var removed atomic.Int64
	failure.Err = r.work(ctx, func(objects int, bytes int64) {
		removed.Add(int64(objects))
		meter.Skip(objects, bytes)
	}, o.Warn)
	failure.Removed = int(removed.Load())
	if failure.Err != nil {
		return failure
	}
	return nil
}

// mustBeUnchanged refuses to remove another dataset than the one that was shown, or one
// that was frozen since then.
func (r *Removal) mustBeUnchanged(ctx context.Context, c *Client) error {
	now, err := c.openRemains(ctx, r.at)
	switch {
	case err != nil:
		return err
	case now == nil: // and before, there was more at most
		return nil
	case r.Dataset == nil || !bytes.Equal(now.admin.document(), r.Dataset.admin.document()):
		return fmt.Errorf("%w, and has changed since it was looked at", ErrExists)
	}
	return nil
}

// openRemains gives nil where there is no dataset, or none that can be opened.
func (c *Client) openRemains(ctx context.Context, at *place) (*Dataset, error) {
	d, err := c.open(ctx, at)
	if errors.Is(err, ErrNotDataset) || errors.Is(err, ErrBadDocument) {
		return nil, nil
	}
	return d, err
}

// A RemoveError says how far a removal has come that failed.
type RemoveError struct {
	URI              string
	Begun            bool // whether anything may be gone
	Removed, Objects int  // of how many
	Err              error
}

func (e *RemoveError) Error() string {
	if !e.Begun {
		return fmt.Sprintf("%s: nothing was removed: %v", e.URI, e.Err)
	}
	return fmt.Sprintf("%s: not all was removed, %d of %d objects: %v", e.URI, e.Removed, e.Objects, e.Err)
}

// Unwrap gives the cause.
func (e *RemoveError) Unwrap() error { return e.Err }

// removeAtOnce is how many objects go with one call of a store.
const removeAtOnce = 1000

// A listed object is what a removal remembers of one.
type listedObject struct {
	key  string
	size int64
}

// deleteListed removes objects, some thousands at once.
func deleteListed(ctx context.Context, store storage.Store, objects []listedObject, tell func(int, int64)) error {
	const calls = 4
	return transfer.Run(ctx, calls, slices.Collect(slices.Chunk(objects, removeAtOnce)), func(ctx context.Context, _ int, some []listedObject) error {
		keys := make([]string, len(some))
		var bytes int64
		for i, o := range some {
			keys[i] = o.key
			bytes += o.size
		}
		err := store.Delete(ctx, keys...)
		if err == nil {
			tell(len(some), bytes)
		}
		return err
	})
}
