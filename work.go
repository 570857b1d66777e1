package dtool

import (
	"context"
	"slices"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// defaultConcurrency is how many items at a time travel to or from a store that
// answers over a network: enough to hide its round trips.
const defaultConcurrency = 32

// MaxConcurrency is the most that [Options] may ask for.
const MaxConcurrency = 1024

// workersFor gives how many things at a time are done in some stores. Work on
// local files is bounded by the cores, work over a network by its round trips.
func (c *Client) workersFor(stores ...storage.Store) int {
	if anyRemote(stores) {
		return c.requests
	}
	return c.workers
}

func anyRemote(stores []storage.Store) bool {
	return slices.ContainsFunc(stores, func(store storage.Store) bool {
		_, local := store.(storage.LocalPather)
		return !local
	})
}

// itemWork is work that reads the bytes of items, or moves them between stores.
type itemWork struct {
	client *Client
	verb   string // what is done, for failures: "copying"
	meter  *transfer.Meter
	stores []storage.Store
}

// doForItems does the work for each of the jobs, each of them an item.
func doForItems[T any](ctx context.Context, w itemWork, jobs []T, itemOf func(T) Item, do func(ctx context.Context, index int, job T) error) error {
	weight := func(job T) int { return w.weight(itemOf(job).Size) }
	return transfer.RunWeighted(ctx, w.client.workersFor(w.stores...), jobs, weight, func(ctx context.Context, i int, job T) error {
		if err := do(ctx, i, job); err != nil {
			item := itemOf(job)
			return &ItemError{w.verb, Identifier(item.Relpath), item.Relpath, err}
		}
		w.meter.ItemDone()
		return nil
	})
}

// weight tells for how many workers an item stands: over a network a large one
// travels in several parts at once.
func (w itemWork) weight(size int64) int {
	const part, most = 16 << 20, 8
	if !anyRemote(w.stores) {
		return 1
	}
	return int(min(1+size/part, most))
}

func itself(item Item) Item { return item }
