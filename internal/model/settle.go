package model

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// settle looks at a dataset past everything that goes wrong, compares what is there with
// what can be there, and knows it from then on.
func (w *World) settle(ctx context.Context, r *replica) {
	d, err := w.Witness.Open(ctx, r.uri)
	switch {
	case errors.Is(err, dtool.ErrNotDataset) && r.stage.may(begun):
		r.stage = cell{begun}
		return
	case errors.Is(err, dtool.ErrNotDataset):
		w.lost("%s is not there: %w", r.uri, err)
		return
	case err != nil:
		w.wrong("%s cannot be opened: %w", r.uri, err)
		return
	}
	w.settleStage(r, d)
	if d.UUID() != r.uuid {
		w.wrong("%s has the UUID %s, not %s", r.uri, d.UUID(), r.uuid)
	}
	w.settleCell(r, "its name", &r.name, d.Name())
	w.settleDocuments(ctx, r, d)
	if d.Frozen() {
		w.settleFrozen(ctx, r, d)
	} else if r.stage.now() == proto {
		w.settleAdded(ctx, r)
	}
}

func (w *World) settleStage(r *replica, d *dtool.Dataset) {
	stage := frozen
	if !d.Frozen() {
		stage = proto
		if !r.stage.may(proto) {
			stage = begun
		}
	}
	w.settleCell(r, "its stage", &r.stage, stage)
}

func (w *World) settleCell(r *replica, what string, c *cell, found string) {
	switch {
	case c.may(found):
	case found == absent:
		w.lost("%s: %s is gone, and can be one of %.300q", r.uri, what, *c)
	default:
		w.wrong("%s: %s is %.300q, and can be one of %.300q", r.uri, what, found, *c)
	}
	*c = cell{found}
}

func (w *World) settleDocuments(ctx context.Context, r *replica, d *dtool.Dataset) {
	found, err := r.documents(ctx, d)
	if err != nil {
		w.wrong("%s: its documents cannot be read: %w", r.uri, err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(union(found, r.docs))) {
		value, ok := found[name]
		if !ok {
			value = absent
		}
		c := r.docs[name]
		w.settleCell(r, name, &c, value)
		r.docs[name] = c
	}
	w.settleHistory(ctx, r, d)
}

// settleHistory looks at the READMEs that were replaced.
func (w *World) settleHistory(ctx context.Context, r *replica, d *dtool.Dataset) {
	history, err := d.READMEHistory(ctx)
	if err != nil {
		w.wrong("%s: the history of its README cannot be read: %w", r.uri, err)
	}
	kept := map[string]bool{}
	for _, version := range history {
		kept[string(version.Text)] = true
	}
	for text := range kept {
		if !r.readmes[text] {
			w.wrong("%s: the history holds a README that nobody wrote: %q", r.uri, text)
		}
	}
	for text := range r.replaced {
		if !kept[text] {
			w.lost("%s: the history lacks the README %q", r.uri, text)
		}
	}
}

func union(found map[string]string, known map[string]cell) map[string]bool {
	names := map[string]bool{}
	for name := range found {
		names[name] = true
	}
	for name := range known {
		names[name] = true
	}
	return names
}

// settleAdded looks at the items of a proto dataset.
func (w *World) settleAdded(ctx context.Context, r *replica) {
	keys := map[string]bool{}
	for info, err := range r.base.Store.List(ctx, r.root()+"data/", storage.Deep) {
		if err != nil {
			w.wrong("%s: its items cannot be listed: %w", r.uri, err)
			return
		}
		keys[info.Key] = true
	}
	for _, relpath := range slices.Sorted(maps.Keys(r.added)) {
		content := absent
		if key := r.itemKey(relpath); keys[key] {
			var err error
			if content, err = r.read(ctx, key); err != nil {
				w.wrong("%s: item %s cannot be read: %w", r.uri, relpath, err)
			}
			delete(keys, key)
		}
		c := r.added[relpath]
		w.settleCell(r, "item "+relpath, &c, content)
		r.added[relpath] = c
	}
	for key := range keys {
		w.wrong("%s: it holds %s, which nobody added", r.uri, key)
	}
}

// settleFrozen looks at what must never change.
func (w *World) settleFrozen(ctx context.Context, r *replica, d *dtool.Dataset) {
	if r.items == nil {
		w.freezeModel(r)
	}
	manifest, err := r.read(ctx, r.document("manifest.json"))
	if err != nil {
		w.lost("%s: its manifest cannot be read: %w", r.uri, err)
		return
	}
	at, _ := d.FrozenAtSeconds()
	if r.manifest == "" {
		r.manifest, r.frozenAt = manifest, at
	}
	if manifest != r.manifest || at != r.frozenAt {
		w.wrong("%s: what was frozen has changed: frozen at %f, not %f; the manifest is now\n%s\nand was\n%s", r.uri, at, r.frozenAt, manifest, r.manifest)
	}
	w.compareManifest(ctx, r, d)
	w.compareItems(ctx, r)
}

// freezeModel does to the model what freezing does.
func (w *World) freezeModel(r *replica) {
	r.items = map[string]string{}
	for relpath, c := range r.added {
		if len(c) > 1 {
			w.wrong("%s was frozen while it was not known what its item %s is", r.uri, relpath)
		}
		if c.now() != absent {
			r.items[relpath] = c.now()
		}
	}
}

// compareManifest compares what the manifest says with the items of the model.
func (w *World) compareManifest(ctx context.Context, r *replica, d *dtool.Dataset) {
	m, err := d.Manifest(ctx)
	if err != nil {
		w.wrong("%s: its manifest: %w", r.uri, err)
		return
	}
	listed := map[string]bool{}
	for _, item := range m.Items() {
		listed[item.Relpath] = true
		content, ok := r.items[item.Relpath]
		sum := md5.Sum([]byte(content))
		switch {
		case !ok:
			w.wrong("%s: the manifest lists %s, which is no item", r.uri, item.Relpath)
		case item.Size != int64(len(content)) || item.Hash != hex.EncodeToString(sum[:]):
			w.wrong("%s: the manifest says of %s %d bytes and MD5 %s, and it has %d and %x", r.uri, item.Relpath, item.Size, item.Hash, len(content), sum)
		}
	}
	for relpath := range r.items {
		if !listed[relpath] {
			w.lost("%s: the manifest lacks %s", r.uri, relpath)
		}
	}
}

// compareItems compares the bytes of all items, past the library.
func (w *World) compareItems(ctx context.Context, r *replica) {
	keys := map[string]bool{}
	for _, relpath := range slices.Sorted(maps.Keys(r.items)) {
		key := r.itemKey(relpath)
		keys[key] = true
		content, err := r.read(ctx, key)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			w.lost("%s: item %s is gone", r.uri, relpath)
		case err != nil:
			w.wrong("%s: item %s cannot be read: %w", r.uri, relpath, err)
		case content != r.items[relpath]:
			w.wrong("%s: item %s has other bytes: %.100q, not %.100q", r.uri, relpath, content, r.items[relpath])
		}
		w.Verified++
		w.Bytes += int64(len(content))
	}
	for info, err := range r.base.Store.List(ctx, r.root()+"data/", storage.Deep) {
		if err != nil {
			w.wrong("%s: its items cannot be listed: %w", r.uri, err)
			return
		}
		if !keys[info.Key] {
			w.wrong("%s: it holds %s, which is no item", r.uri, info.Key)
		}
	}
}

// read reads an object past the library.
func (r *replica) read(ctx context.Context, key string) (string, error) {
	store := r.base.Files
	if store == nil {
		store = r.base.Store
	}
	body, _, err := store.Get(ctx, key, storage.Range{})
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(body)
	return string(text), errors.Join(err, body.Close())
}
