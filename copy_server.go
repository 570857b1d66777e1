package dtool

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
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
// that of the source, and what it would copy. To verify is to have every byte pass
// through this machine.
func (c *copying) findServerCopies(ctx context.Context) error {
	copier, ok := c.dst.store.(storage.Copier)
	if !ok || c.verify || !copier.CopiesFrom(ctx, c.src.store) {
		return nil
	}
	source, _, err := c.src.dataByKey(ctx)
	if err != nil {
		return err
	}
	c.within = &serverCopies{copier: copier, source: source}
	return nil
}

// copyWithin has the store copy an item, and tells whether it did. The ETags of
// the object and of its copy must be the MD5 that the item has, or such as an object
// of several parts has, which proves nothing and is counted. Otherwise the bytes
// are wrong, or the store makes its ETags in a way of its own: then the item is
// read.
func (c *copying) copyWithin(ctx context.Context, from, to string, o storage.PutOptions, meter *transfer.Meter) (bool, error) {
	if c.within == nil || c.within.refused.Load() {
		return false, nil
	}
	source, ok := c.within.source[from]
	if !ok || source.Size != o.Size || source.ETag != o.MD5 && !ofParts(source) {
		return false, nil
	}
	made, err := c.within.copier.CopyFrom(ctx, to, c.src.store, source, o)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		if !c.within.refused.Swap(true) {
			c.observer.Warn(fmt.Sprintf("items pass through this machine, since the store does not copy them by itself: %v", err))
		}
		return false, nil
	case err != nil:
		return false, err
	case made.ETag != o.MD5 && !multipartETag.MatchString(made.ETag):
		return false, c.dst.store.Delete(ctx, to) // before it can be taken for the item
	case made.ETag != o.MD5:
		c.unread.Add(1)
	}
	meter.Add(o.Size)
	return true, nil
}

// ofParts tells whether an object can be one that was sent in several parts, by
// its ETag and size: but for the last, none is smaller than 5 MiB.
func ofParts(info storage.Info) bool {
	const leastPart = 5 << 20
	if !multipartETag.MatchString(info.ETag) {
		return false
	}
	_, number, _ := strings.Cut(info.ETag, "-")
	parts, err := strconv.ParseInt(number, 10, 32)
	return err == nil && parts > 1 && info.Size > (parts-1)*leastPart
}
