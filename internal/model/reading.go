package model

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// verify has the library compare a dataset with its manifest.
func (w *World) verify(ctx context.Context) {
	r, full := oneOf(w, "dataset", w.in(frozen)), w.chance("full", 2)
	var report *dtool.VerifyReport
	err := w.attempt(ctx, fmt.Sprintf("verify %s, in full %v", r.uri, full), full, func(ctx context.Context) error {
		d, err := w.client.OpenFrozen(ctx, r.uri)
		if err != nil {
			return err
		}
		report, err = d.Verify(ctx, dtool.VerifyOptions{Full: full})
		if err == nil && !report.Good() {
			return errNotGood
		}
		return err
	})
	// That it is good is true by what settling found before.
	if err == nil && (report.Full != full || report.Whole.Items != len(r.items)) {
		w.wrong("verification of %s says that it saw %+v", r.uri, report)
	}
	w.settle(ctx, r)
}

// errNotGood is that a good dataset is said not to be good, which may come of bytes
// that were altered on their way, and of nothing else.
var errNotGood = fmt.Errorf("%w: it is said not to be good", storage.ErrCorrupted)

// drawItem draws a dataset and one of its items.
func (w *World) drawItem() (*replica, string) {
	r := oneOf(w, "dataset", w.withItems())
	return r, oneOf(w, "item", slices.Sorted(maps.Keys(r.items)))
}

// readItem reads an item as a stream.
func (w *World) readItem(ctx context.Context) {
	r, relpath := w.drawItem()
	w.attemptToRead(ctx, "read", r, relpath, func(ctx context.Context, d *dtool.Dataset) (string, error) {
		body, err := d.OpenItem(ctx, dtool.Identifier(relpath))
		if err != nil {
			return "", err
		}
		content, err := io.ReadAll(body)
		return string(content), errors.Join(err, body.Close())
	})
}

// fetchItem has an item in a local file.
func (w *World) fetchItem(ctx context.Context) {
	r, relpath := w.drawItem()
	w.attemptToRead(ctx, "fetch", r, relpath, func(ctx context.Context, d *dtool.Dataset) (string, error) {
		file, err := d.ItemPath(ctx, dtool.Identifier(relpath))
		if err != nil {
			return "", err
		}
		content, err := os.ReadFile(file)
		return string(content), err
	})
}

func (w *World) attemptToRead(ctx context.Context, what string, r *replica, relpath string, do func(ctx context.Context, d *dtool.Dataset) (string, error)) {
	var content string
	err := w.attempt(ctx, fmt.Sprintf("%s %s of %s", what, relpath, r.uri), true, func(ctx context.Context) error {
		d, err := w.client.OpenFrozen(ctx, r.uri)
		if err == nil {
			content, err = do(ctx, d)
		}
		return err
	})
	if err == nil && content != r.items[relpath] {
		w.wrong("%s %s of %s gives %.100q, not %.100q", what, relpath, r.uri, content, r.items[relpath])
	}
}

func (w *World) list(ctx context.Context) {
	base := w.drawBase()
	var uris []string
	err := w.attempt(ctx, "list "+base.URI, false, func(ctx context.Context) error {
		for d, err := range w.client.List(ctx, base.URI) {
			if err != nil {
				return err
			}
			uris = append(uris, d.URI())
		}
		return nil
	})
	if err == nil {
		w.compareListing(base, uris, func(r *replica) bool { return r.stage.now() != begun })
	}
}

func (w *World) inventory(ctx context.Context) {
	base := w.drawBase()
	var uris []string
	err := w.attempt(ctx, "inventory of "+base.URI, false, func(ctx context.Context) error {
		for h, err := range w.client.Inventory(ctx, base.URI) {
			if err != nil {
				return err
			}
			uris = append(uris, h.URI())
			if r := w.at(h.URI()); r != nil && (h.Items != len(r.items) || h.Size != r.size()) {
				w.wrong("the inventory says that %s has %d items of %d bytes, and it has %d of %d", h.URI(), h.Items, h.Size, len(r.items), r.size())
			}
		}
		return nil
	})
	if err == nil {
		w.compareListing(base, uris, func(r *replica) bool { return r.stage.now() == frozen })
	}
}

func (r *replica) size() int64 {
	var size int64
	for _, content := range r.items {
		size += int64(len(content))
	}
	return size
}
