package dtool

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// A documentCopy is a document that a copy carries to the letter.
type documentCopy struct{ from, to string }

// documents finds the documents that a copy carries besides the manifest: those
// written before the items, and the overlays, which come after them.
func (c *copying) documents(ctx context.Context) (before, after []documentCopy, err error) {
	from, to := c.src.layout.keys(), c.dst.layout.keys()
	before = append(before, documentCopy{from.readme, to.readme})
	history, err := c.src.historyKeys(ctx)
	if err != nil {
		return nil, nil, err
	}
	for key := range history {
		before = append(before, documentCopy{key, to.history(strings.TrimPrefix(key, from.history("")))})
	}
	for _, dirs := range []documentCopy{{from.annotations, to.annotations}, {from.tags, to.tags}} {
		members, err := c.members(ctx, dirs)
		if err != nil {
			return nil, nil, err
		}
		before = append(before, members...)
	}
	after, err = c.members(ctx, documentCopy{from.overlays, to.overlays})
	return before, after, err
}

func (c *copying) members(ctx context.Context, dirs documentCopy) ([]documentCopy, error) {
	var list []documentCopy
	for info, err := range c.src.store.List(ctx, dirs.from, storage.Shallow) {
		if err != nil {
			return nil, err
		}
		switch {
		case info.Irregular != "":
			c.observer.Warn(fmt.Sprintf("%s is not copied: it is %s", quoted(info.Key), info.Irregular))
		case !info.IsPlace():
			list = append(list, documentCopy{info.Key, dirs.to + strings.TrimPrefix(info.Key, dirs.from)})
		}
	}
	return list, nil
}

func (c *copying) copyDocuments(ctx context.Context, list []documentCopy) error {
	workers := c.client.workersFor(c.src.store, c.dst.store)
	return transfer.Run(ctx, workers, list, func(ctx context.Context, _ int, doc documentCopy) error {
		body, info, err := c.src.store.Get(ctx, doc.from, storage.Range{})
		if errors.Is(err, storage.ErrNotFound) && doc.from == c.src.layout.keys().readme {
			// An old dataset without a README: the copy has an empty one.
			return writeDocument(ctx, c.dst.store, doc.to, nil, nil)
		}
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = c.dst.store.Put(ctx, doc.to, body, storage.PutOptions{Size: info.Size})
		return err
	})
}
