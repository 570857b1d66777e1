package dtool

import (
	"context"
	"errors"
	"fmt"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// copyItems moves the items of the plan.
func (c *copying) copyItems(ctx context.Context) error {
	meter := c.observer.meter("Copying", c.manifest.Len(), c.manifest.TotalSize())
	meter.Skip(c.plan.Kept, c.manifest.TotalSize()-c.plan.Bytes())
	if len(c.plan.Items) == 0 {
		return nil
	}
	if err := c.findServerCopies(ctx); err != nil {
		return err
	}
	work := itemWork{c.client, "copying", meter, []storage.Store{c.src.store, c.dst.store}}
	err := doForItems(ctx, work, c.plan.Items, PlannedItem.item, func(ctx context.Context, _ int, p PlannedItem) error {
		return c.copyItem(ctx, p.Item, meter)
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
	o := storage.PutOptions{
		Size:    item.Size,
		ModTime: fromUnixSeconds(item.Timestamp),
		Lazy:    true,
		Resume:  c.state != copyAbsent,
	}
	if o.MD5, err = c.md5For(ctx, item, from); err != nil {
		return err
	}
	if o.Metadata, err = c.dst.layout.itemMetadata(item.Relpath, o.MD5); err != nil {
		return err
	}
	if c.manifest.md5Of(item) != "" {
		if done, err := c.copyWithin(ctx, from, to, o, meter); done || err != nil {
			return err
		}
	}
	return c.stream(ctx, item, from, to, o, meter)
}

// stream moves the bytes of an item through this machine.
func (c *copying) stream(ctx context.Context, item Item, from, to string, o storage.PutOptions, meter *transfer.Meter) error {
	return reread(c.src.uri, meter, func(try *transfer.Try) error {
		body, info, err := c.src.store.Get(ctx, from, storage.Range{})
		if err != nil {
			return err
		}
		defer body.Close()
		if err := item.mustHave(info.Size); err != nil {
			return err
		}
		counted := try.Reader(body)
		if c.manifest.md5Of(item) == "" {
			counted = c.manifest.checked(counted, item)
		}
		_, err = c.dst.store.Put(ctx, to, counted, o)
		return err
	})
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

// mustHaveArrived lists the items once more before the copy may be called whole:
// there are stores that acknowledge an object and lose it.
func (c *copying) mustHaveArrived(ctx context.Context) error {
	if len(c.plan.Items) == 0 {
		return nil // they were listed for the plan
	}
	found, err := c.atDestination(ctx)
	if err != nil {
		return err
	}
	for i, item := range c.manifest.items {
		info, ok := found.there[found.keys[i]]
		if !ok { // some listings lag behind
			if info, err = c.dst.store.Stat(ctx, found.keys[i]); err != nil && !errors.Is(err, storage.ErrNotFound) {
				return err
			}
			ok = err == nil
		}
		if !ok || info.Size != item.Size {
			lost := fmt.Errorf("%w: it was stored, and is not there with its %d bytes any more", storage.ErrCorrupted, item.Size)
			return &ItemError{"copying", item.Identifier, item.Relpath, lost}
		}
	}
	return nil
}
