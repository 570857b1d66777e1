package dtool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// A documentCopy is a document that a copy carries to the letter.
type documentCopy struct{ from, to string }

// copyDocuments copies all documents but those that make a copy a frozen dataset.
func (c *copying) copyDocuments(ctx context.Context) error {
	if c.carried == nil {
		var err error
		if c.carried, err = c.documents(ctx); err != nil {
			return err
		}
	}
	workers := c.client.workersFor(c.src.store, c.dst.store)
	return transfer.Run(ctx, workers, c.carried, func(ctx context.Context, _ int, doc documentCopy) error {
		return c.copyDocument(ctx, doc)
	})
}

// documents finds what copyDocuments copies. Each of the lists comes from a
// listing of its own.
func (c *copying) documents(ctx context.Context) ([]documentCopy, error) {
	from, to := c.src.layout.keys(), c.dst.layout.keys()
	finders := []func(context.Context) ([]documentCopy, error){c.history}
	for _, dirs := range []documentCopy{{from.annotations, to.annotations}, {from.tags, to.tags}, {from.overlays, to.overlays}} {
		finders = append(finders, func(ctx context.Context) ([]documentCopy, error) { return c.members(ctx, dirs) })
	}
	lists := make([][]documentCopy, len(finders))
	workers := c.client.workersFor(c.src.store)
	err := transfer.Run(ctx, workers, finders, func(ctx context.Context, i int, find func(context.Context) ([]documentCopy, error)) (err error) {
		lists[i], err = find(ctx)
		return err
	})
	return append(slices.Concat(lists...), documentCopy{from.readme, to.readme}), err
}

// history gives the old READMEs.
func (c *copying) history(ctx context.Context) ([]documentCopy, error) {
	from, to := c.src.layout.keys(), c.dst.layout.keys()
	history, err := c.src.historyKeys(ctx)
	var list []documentCopy
	for key := range history {
		list = append(list, documentCopy{key, to.history(strings.TrimPrefix(key, from.history("")))})
	}
	return list, err
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

func (c *copying) copyDocument(ctx context.Context, doc documentCopy) error {
	missing := false
	_, _, err := settle(nil, func(*transfer.Try) (string, storage.Info, error) {
		body, info, err := c.src.store.Get(ctx, doc.from, storage.Range{})
		if err != nil {
			missing = errors.Is(err, storage.ErrNotFound)
			return "", info, err
		}
		defer body.Close()
		o := storage.PutOptions{Size: info.Size}
		checked := storage.NewCheckedBody(body, o)
		_, err = c.dst.store.Put(ctx, doc.to, checked, o)
		return checked.MD5(), info, err
	})
	if missing && doc.from == c.src.layout.keys().readme {
		// An old dataset without a README: the copy has an empty one.
		return writeDocument(ctx, c.dst.store, doc.to, nil, nil)
	}
	return err
}
