package dtool

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// serverCopies is how items are copied by the store itself.
type serverCopies struct {
	copier  storage.Copier
	source  map[string]storage.Info // the items of the source by their keys, as listed
	refused atomic.Bool             // the store turned out not to do it
}

// findServerCopies finds out whether the store of the destination can copy from
// that of the source, and what it would copy.
func (c *copying) findServerCopies(ctx context.Context) error {
	copier, ok := c.dst.store.(storage.Copier)
	if !ok || !copier.CopiesFrom(ctx, c.src.store) {
		return nil
	}
	source, _, err := c.src.dataByKey(ctx)
	if err != nil {
		return err
	}
	c.within = &serverCopies{copier: copier, source: source}
	return nil
}

// copyWithin has the store copy an item, and tells whether it did. An ETag that
// is the item's MD5 proves that the object is right, and the store is told to copy
// no other. One of an object of several parts proves nothing, and is left to the
// store unless all is to be verified. An object with any other is read: either it is
// not the item, or the store makes its ETags in a way of its own.
func (c *copying) copyWithin(ctx context.Context, from, to string, o storage.PutOptions, meter *transfer.Meter) (bool, error) {
	if c.within == nil || c.within.refused.Load() {
		return false, nil
	}
	source, ok := c.within.source[from]
	proven := source.ETag == o.MD5
	if !ok || source.Size != o.Size || !proven && (c.verify || !multipartETag.MatchString(source.ETag)) {
		return false, nil
	}
	_, err := c.within.copier.CopyFrom(ctx, to, c.src.store, source, o)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		if !c.within.refused.Swap(true) {
			c.observer.Warn(fmt.Sprintf("items pass through this machine, since the store does not copy them by itself: %v", err))
		}
		return false, nil
	case err != nil:
		return false, err
	case !proven:
		c.unread.Add(1)
	}
	meter.Add(o.Size)
	return true, nil
}
