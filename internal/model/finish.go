package model

import (
	"context"
	"errors"
	"strings"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// Finish completes the copies that were begun, now that nothing goes wrong any more,
// and looks at everything once more: all that was acknowledged is there, each frozen
// dataset is good, and nothing else is left.
func (w *World) Finish(ctx context.Context) error {
	for _, r := range w.in(begun) {
		w.complete(ctx, r)
	}
	for _, r := range w.replicas {
		w.settle(ctx, r)
	}
	for _, r := range w.in(frozen) {
		w.mustBeGood(ctx, r)
	}
	for i := range w.Bases {
		w.settleBase(ctx, &w.Bases[i])
		w.mustBeClean(ctx, &w.Bases[i])
	}
	return errors.Join(w.findings...)
}

// complete resumes a copy. The dataset that it is made of has been renamed, perhaps,
// and then a directory of the old name is gone on with under that name.
func (w *World) complete(ctx context.Context, r *replica) {
	for _, src := range w.in(frozen) {
		if src.set != r.set {
			continue
		}
		from, err := w.Witness.OpenFrozen(ctx, src.uri)
		if name := strings.TrimSuffix(r.root(), "/"); err == nil && r.base.Directory && name != src.name.now() {
			err = from.Rename(ctx, name)
			src.name = src.name.after(name, err)
		}
		if err == nil {
			_, err = w.Witness.Copy(ctx, from, r.base.URI, dtool.CopyOptions{Resume: true})
		}
		w.logf("complete %s from %s: %v", r.uri, src.uri, err)
		if err != nil {
			w.wrong("%s cannot be completed from %s: %w", r.uri, src.uri, err)
		}
		w.copied(src, r, err)
		return
	}
}

func (w *World) mustBeGood(ctx context.Context, r *replica) {
	d, err := w.Witness.OpenFrozen(ctx, r.uri)
	var report *dtool.VerifyReport
	if err == nil {
		report, err = d.Verify(ctx, dtool.VerifyOptions{Full: true})
	}
	switch {
	case err != nil:
		w.wrong("%s cannot be verified: %w", r.uri, err)
	case !report.Good():
		w.wrong("%s is not good: %+v", r.uri, report.Findings)
	}
}

// mustBeClean looks for what does not belong to a dataset. What CreateFrom or Create
// said that it left behind is left, and a registration may be that tells of nothing.
func (w *World) mustBeClean(ctx context.Context, base *Base) {
	strange := map[string]bool{}
	for info, err := range base.Store.List(ctx, "", storage.Deep) {
		if err != nil {
			w.wrong("%s cannot be listed: %w", base.URI, err)
			return
		}
		top, rest, below := strings.Cut(info.Key, "/")
		if !below && strings.HasPrefix(top, "dtool-") && !base.Directory {
			continue
		}
		if w.at(base.URI+"/"+top) == nil {
			strange[top] = true
		}
		if strings.Contains("/"+rest, "/.dtool/tmp/") {
			w.wrong("%s: a temporary file is left: %s", base.URI, info.Key)
		}
	}
	if len(strange) > w.strays[base.URI] {
		w.wrong("%s: %v were left, and %d said so", base.URI, strange, w.strays[base.URI])
	}
}
