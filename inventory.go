package dtool

import (
	"context"
	"fmt"
	"iter"

	"golang.org/x/sync/semaphore"
)

// A Holding is a frozen dataset, and what its manifest adds up to.
type Holding struct {
	*Dataset
	Items int
	Size  int64 // bytes of all items
}

// manifestRoom is how many bytes of manifests an inventory has in memory at a
// time, unless a single one is larger. As items they take some five times as much.
const manifestRoom = 32 << 20

// Inventory gives the frozen datasets that a base holds, with number and size of
// their items, in the order of [Client.List]. It reads every manifest, and keeps
// none. A dataset that cannot be opened, or whose manifest cannot be read, is given
// as an error, and the others follow. If the listing itself fails, that is the
// last error.
func (c *Client) Inventory(ctx context.Context, baseURI string) iter.Seq2[Holding, error] {
	room := semaphore.NewWeighted(manifestRoom)
	return list(ctx, c, baseURI, func(ctx context.Context, find candidate) (Holding, error) {
		d, err := c.openListed(ctx, find)
		if err != nil || d == nil || !d.Frozen() {
			return Holding{}, err
		}
		h, err := d.holding(ctx, room)
		if err != nil {
			return Holding{}, fmt.Errorf("dataset %s: %w", quoted(d.Name()), err)
		}
		return h, nil
	})
}

// holding waits for room once it knows the size of the manifest.
func (d *Dataset) holding(ctx context.Context, room *semaphore.Weighted) (Holding, error) {
	key := d.layout.keys().manifest
	body, info, err := openObject(ctx, d.store, key, maxManifest)
	if err != nil {
		return Holding{}, err
	}
	defer body.Close()
	weight := min(info.Size, manifestRoom)
	if err := room.Acquire(ctx, weight); err != nil {
		return Holding{}, err
	}
	defer room.Release(weight)
	text, err := readBody(body, d.store, key, maxManifest)
	if err != nil {
		return Holding{}, err
	}
	m, err := parseManifest(text)
	if err != nil {
		return Holding{}, d.inDocument(key, err)
	}
	return Holding{d, m.Len(), m.TotalSize()}, nil
}
