package model

import (
	"context"
	"fmt"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// copy copies a dataset to wherever it is not, or is already.
func (w *World) copy(ctx context.Context) {
	src, base := oneOf(w, "dataset", w.in(frozen)), w.drawBase()
	resume := w.chance("resume", 2)
	w.copyTo(ctx, src, base, dtool.CopyOptions{Resume: resume, Verify: w.chance("verify", 3)})
}

// resume goes on with a copy that was begun, from any of the others.
func (w *World) resume(ctx context.Context) {
	dst := oneOf(w, "dataset", w.in(begun))
	if sources := w.sourcesOf(dst); len(sources) > 0 {
		w.copyTo(ctx, oneOf(w, "source", sources), dst.base, dtool.CopyOptions{Resume: true, Verify: w.chance("verify", 3)})
	}
}

// sourcesOf gives the datasets whose copy lies at the place of another one.
func (w *World) sourcesOf(dst *replica) []*replica {
	var sources []*replica
	for _, r := range w.in(frozen) {
		if r != dst && r.set == dst.set && r.uriIn(dst.base, r.name.now()) == dst.uri {
			sources = append(sources, r)
		}
	}
	return sources
}

func (w *World) copyTo(ctx context.Context, src *replica, base *Base, o dtool.CopyOptions) {
	uri := src.uriIn(base, src.name.now())
	dst := w.at(uri)
	if dst == src {
		return
	}
	isNew := dst == nil
	if isNew {
		dst = newReplica(base, uri, src.name.now(), begun, src.set)
	}
	var expected []error
	mustRefuse := false
	if !isNew && !o.Resume {
		expected = append(expected, storage.ErrExists)
		_, err := w.Witness.Open(ctx, uri)
		mustRefuse = err == nil // what began early may have left nothing
	}
	err := w.attempt(ctx, fmt.Sprintf("copy %s to %s, resume %v, verify %v", src.uri, base.URI, o.Resume, o.Verify), true, func(ctx context.Context) error {
		from, err := w.client.OpenFrozen(ctx, src.uri)
		if err != nil {
			return err
		}
		result, err := w.client.Copy(ctx, from, base.URI, o)
		if err == nil {
			w.Moved += result.Bytes
			w.checkResult(src, uri, result)
		}
		return err
	}, expected...)
	switch {
	case err == nil && mustRefuse:
		w.wrong("a copy onto %s was made without being told to resume", uri)
	case mustRefuse:
	case dst.stage.now() == begun:
		w.copied(src, dst, err)
	}
	if isNew {
		w.replicas = append(w.replicas, dst)
	}
	w.settle(ctx, dst)
	w.settle(ctx, src)
}

func (w *World) checkResult(src *replica, uri string, result *dtool.CopyResult) {
	if result.Dataset.URI() != uri || result.Copied+result.Kept != len(src.items) {
		w.wrong("the copy of %s with %d items is said to be %s with %d items copied and %d kept",
			src.uri, len(src.items), result.Dataset.URI(), result.Copied, result.Kept)
	}
}

// copied does to the model what a copy does that makes a frozen dataset.
func (w *World) copied(src, dst *replica, err error) {
	dst.stage = dst.stage.after(frozen, err)
	dst.name = dst.name.after(src.name.now(), err)
	for name, value := range src.docs {
		if value.now() == absent {
			continue // what the copy has from another one, or from before, stays
		}
		dst.docs[name] = dst.docs[name].after(value.now(), err)
	}
	if err == nil {
		for text := range src.replaced {
			dst.replaced[text] = true
		}
	}
}

// abandon removes a copy that was begun, as a person would who has no more use for
// it.
func (w *World) abandon(ctx context.Context) {
	r := oneOf(w, "dataset", w.in(begun))
	if err := r.remove(ctx); err != nil {
		w.wrong("removing %s: %w", r.uri, err)
	}
	for i, other := range w.replicas {
		if other == r {
			w.replicas = append(w.replicas[:i:i], w.replicas[i+1:]...)
			break
		}
	}
	w.logf("remove %s", r.uri)
}

func (r *replica) remove(ctx context.Context) error {
	if dirs, ok := r.base.Store.(storage.DirMaker); ok && r.base.Directory {
		return dirs.RemoveDir(ctx, r.root()[:len(r.root())-1])
	}
	keys := []string{"dtool-" + r.uuid}
	for info, err := range r.base.Store.List(ctx, r.root(), storage.Deep) {
		if err != nil {
			return err
		}
		keys = append(keys, info.Key)
	}
	return r.base.Store.Delete(ctx, keys...)
}
