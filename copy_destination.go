package dtool

import (
	"context"
	"errors"
	"fmt"

	"github.com/dtool-go/dtool/storage"
)

// copyState is what is at the destination of a copy.
type copyState int

const (
	copyAbsent copyState = iota // nothing
	copyBegun
	copyFrozen
)

// findDestination finds the place of the copy, and what is there.
func (c *copying) findDestination(ctx context.Context, resume bool) (err error) {
	c.dst, err = c.base.begun(ctx, c.src.Name(), c.src.UUID())
	switch {
	case errors.Is(err, ErrNotDataset):
		c.dst, err = c.base.vacant(ctx, c.src.Name(), c.src.UUID())
		return err // and its state is that of nothing
	case err != nil:
		return err
	}
	err = c.findState(ctx)
	if err == nil && !resume {
		err = fmt.Errorf("%s: %w", c.dst.uri, ErrExists)
	}
	return err
}

// findState finds out how far the copy is that lies at the destination. It is
// [ErrExists] if what lies there is another dataset, or was frozen with other items.
func (c *copying) findState(ctx context.Context) error {
	a, err := c.dst.readAdmin(ctx)
	c.state, c.manifestLost = copyBegun, false
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		return err
	case a.text("uuid") != c.src.UUID():
		return fmt.Errorf("%s: %w, and is another dataset: its UUID is %s, not %s", c.dst.uri, ErrExists, a.text("uuid"), c.src.UUID())
	case !a.frozen():
		return nil
	}
	c.state = copyFrozen
	there, err := c.dst.readManifest(ctx)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, ErrBadDocument):
		c.manifestLost = true
		if !a.madeWith(c.src.adminNow()) {
			return fmt.Errorf("%s: %w, has lost its manifest, and was not made when %s was", c.dst.uri, ErrExists, c.src.uri)
		}
		return nil
	case err != nil:
		return err
	case !c.manifest.sameItems(there):
		return fmt.Errorf("%s: %w, frozen with other items than %s", c.dst.uri, ErrExists, c.src.uri)
	}
	return nil
}

// mustHold refuses a copy to a place that cannot hold its items, or its documents, by
// their names.
func (c *copying) mustHold(ctx context.Context) error {
	if _, picky := c.dst.store.(storage.KeyChecker); !picky || len(c.plan.Items) == 0 {
		return nil
	}
	var err error
	if c.carried, err = c.documents(ctx); err != nil {
		return err
	}
	keys, err := c.dst.itemKeys(relpaths(c.manifest.items))
	if err != nil {
		return err
	}
	for _, doc := range c.carried {
		keys = append(keys, doc.to)
	}
	return c.dst.mustHoldKeys(ctx, keys)
}
