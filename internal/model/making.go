package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/dtool-go/dtool"
)

func (w *World) create(ctx context.Context) {
	base, name := w.drawBase(), w.newName()
	var p *dtool.Proto
	err := w.attempt(ctx, fmt.Sprintf("create %s in %s", name, base.URI), false, func(ctx context.Context) (err error) {
		p, err = w.client.Create(ctx, name, base.URI, dtool.CreateOptions{})
		return err
	})
	if err != nil {
		w.notMade(ctx, base, err)
		return
	}
	r := newReplica(base, p.URI(), name, proto, newSet(p.UUID()))
	w.made(ctx, r)
}

func (w *World) createFrom(ctx context.Context) {
	base, name, files := w.drawBase(), w.newName(), w.drawFiles(0, 5)
	dir, err := w.newFiles(files)
	if err != nil {
		w.wrong("making files: %w", err)
		return
	}
	defer os.RemoveAll(dir)
	var d *dtool.Dataset
	err = w.attempt(ctx, fmt.Sprintf("create %s in %s of %d files", name, base.URI, len(files)), false, func(ctx context.Context) (err error) {
		d, err = w.client.CreateFrom(ctx, dir, name, base.URI, dtool.CreateFromOptions{})
		return err
	})
	if err != nil {
		w.notMade(ctx, base, err)
		return
	}
	r := newReplica(base, d.URI(), name, frozen, newSet(d.UUID()))
	r.items = files
	w.Moved += r.size()
	w.made(ctx, r)
}

func (w *World) made(ctx context.Context, r *replica) {
	w.replicas = append(w.replicas, r)
	w.settle(ctx, r)
}

// notMade looks for what a failure to make a dataset has left behind without saying
// so.
func (w *World) notMade(ctx context.Context, base *Base, err error) {
	if errors.Is(err, dtool.ErrLeftBehind) {
		w.strays[base.URI]++
	}
	w.settleBase(ctx, base)
}

// settleBase looks at what a base holds.
func (w *World) settleBase(ctx context.Context, base *Base) {
	var uris []string
	for d, err := range w.Witness.List(ctx, base.URI) {
		if err != nil {
			w.wrong("listing %s: %w", base.URI, err)
			continue
		}
		uris = append(uris, d.URI())
	}
	w.compareListing(base, uris, func(r *replica) bool { return r.stage.now() != begun })
}

// compareListing compares what a listing gave with the datasets that a base holds.
// Those for which certain does not hold may be in it.
func (w *World) compareListing(base *Base, uris []string, certain func(*replica) bool) {
	unknown := 0
	for _, uri := range uris {
		if w.at(uri) == nil {
			unknown++
		}
	}
	if unknown > w.strays[base.URI] {
		w.wrong("%s holds %d datasets that nobody made, and %d were said to be left behind: %q", base.URI, unknown, w.strays[base.URI], uris)
	}
	for _, r := range w.replicas {
		if r.base == base && certain(r) && !slices.Contains(uris, r.uri) {
			w.lost("%s is not among the datasets of %s: %q", r.uri, base.URI, uris)
		}
	}
}

// add opens a proto dataset and adds files to it.
func (w *World) add(ctx context.Context) {
	r, files := oneOf(w, "dataset", w.in(proto)), w.drawFiles(1, 3)
	dir, err := w.newFiles(files)
	if err != nil {
		w.wrong("making files: %w", err)
		return
	}
	defer os.RemoveAll(dir)
	what := fmt.Sprintf("add %q to %s", slices.Sorted(maps.Keys(files)), r.uri)
	err = w.attempt(ctx, what, false, func(ctx context.Context) error {
		p, err := w.client.OpenProto(ctx, r.uri)
		if err != nil {
			return err
		}
		return p.Add(ctx, []dtool.Source{{Path: dir}}, dtool.AddOptions{})
	})
	for relpath, content := range files {
		if err == nil {
			w.Moved += int64(len(content))
		}
		r.added[relpath] = r.added[relpath].after(content, err)
	}
	w.settle(ctx, r)
}

// addMetadata sets a value for an item, or for one that is not there.
func (w *World) addMetadata(ctx context.Context) {
	r := oneOf(w, "dataset", w.in(proto))
	key, value := oneOf(w, "key", []string{"size", "a.b"}), w.drawValue()
	relpath := oneOf(w, "relpath", relpaths())
	if items := r.addedNow(); len(items) > 0 && !w.chance("any relpath", 5) {
		relpath = oneOf(w, "item", items)
	}
	var missing []error
	if r.added[relpath].now() == absent {
		missing = append(missing, dtool.ErrNoItem)
	}
	err := w.attempt(ctx, fmt.Sprintf("add metadata %s to %s of %s", key, relpath, r.uri), false, func(ctx context.Context) error {
		p, err := w.client.OpenProto(ctx, r.uri)
		if err != nil {
			return err
		}
		return p.AddMetadata(ctx, relpath, key, value)
	}, missing...)
	switch doc := fragmentDoc(dtool.Identifier(relpath), key); {
	case missing == nil:
		r.docs[doc] = r.docs[doc].after(string(value.JSON()), err)
	case err == nil:
		w.wrong("%s: metadata were added to %s, which is no item", r.uri, relpath)
	}
	w.settle(ctx, r)
}

// addedNow gives the relpaths of the items of a proto dataset.
func (r *replica) addedNow() []string {
	items := slices.Sorted(maps.Keys(r.added))
	return slices.DeleteFunc(items, func(relpath string) bool { return r.added[relpath].now() == absent })
}

func (w *World) drawValue() dtool.Value {
	v, err := dtool.NewValue(w.Draw("value", 100))
	if err != nil {
		w.wrong("a number is no value: %w", err)
	}
	return v
}

func (w *World) freeze(ctx context.Context) {
	r := oneOf(w, "dataset", w.in(proto))
	err := w.attempt(ctx, "freeze "+r.uri, false, func(ctx context.Context) error {
		p, err := w.client.OpenProto(ctx, r.uri)
		if err != nil {
			return err
		}
		_, err = p.Freeze(ctx, dtool.FreezeOptions{})
		return err
	})
	r.stage = r.stage.after(frozen, err)
	for name, text := range w.overlaysOf(r) {
		r.docs[overlayDoc(name)] = r.docs[overlayDoc(name)].after(text, err)
	}
	for doc := range r.docs {
		if _, _, isFragment := fragmentOf(doc); isFragment {
			r.docs[doc] = r.docs[doc].after(absent, err)
		}
	}
	w.settle(ctx, r)
}

// overlaysOf gives the overlays that freezing makes of the metadata of items.
func (w *World) overlaysOf(r *replica) map[string]string {
	values := map[string]map[string]string{}
	for doc, c := range r.docs {
		if id, name, isFragment := fragmentOf(doc); isFragment && c.now() != absent {
			if values[name] == nil {
				values[name] = map[string]string{}
			}
			values[name][id] = c.now()
		}
	}
	texts := map[string]string{}
	for name, byID := range values {
		overlay := dtool.Overlay{}
		for relpath, c := range r.added {
			id := dtool.Identifier(relpath)
			if c.now() == absent {
				continue
			}
			overlay[id] = dtool.Value{}
			if text, ok := byID[id]; ok {
				v, err := dtool.ParseValue([]byte(text))
				if err != nil {
					w.wrong("%s: %w", r.uri, err)
				}
				overlay[id] = v
			}
		}
		texts[name] = overlayText(overlay)
	}
	return texts
}
