package model

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// damage spoils an item behind the library's back. Verification must find it, and
// nothing else, and a copy that is resumed must mend it; where there is nothing to copy
// from, it is put right behind the back, too.
func (w *World) damage(ctx context.Context) {
	r, relpath := w.drawItem()
	how := oneOf(w, "damage", []string{"removed", "cut", "altered"})
	if r.items[relpath] == "" {
		how = "removed"
	}
	w.logf("%s of %s is %s", relpath, r.uri, how)
	info, err := r.base.Store.Stat(ctx, r.itemKey(relpath))
	if err == nil {
		err = r.spoil(ctx, relpath, how, info)
	}
	if err != nil {
		w.wrong("%s of %s cannot be spoilt: %w", relpath, r.uri, err)
		return
	}
	w.mustFindDamage(ctx, r, relpath)
	if sources := w.sourcesOf(r); len(sources) > 0 {
		src := oneOf(w, "source", sources)
		from, err := w.Witness.OpenFrozen(ctx, src.uri)
		if err == nil {
			_, err = w.Witness.Copy(ctx, from, r.base.URI, dtool.CopyOptions{Resume: true, Verify: true})
		}
		if err != nil {
			w.wrong("%s cannot be mended from %s: %w", r.uri, src.uri, err)
		}
		w.logf("mended from %s: %v", src.uri, err)
	} else if err := r.store(ctx, relpath, r.items[relpath], info); err != nil {
		w.wrong("%s of %s cannot be put right: %w", relpath, r.uri, err)
	}
	w.settle(ctx, r)
}

func (r *replica) spoil(ctx context.Context, relpath, how string, info storage.Info) error {
	content := r.items[relpath]
	switch how {
	case "removed":
		return r.base.Store.Delete(ctx, r.itemKey(relpath))
	case "cut":
		content = content[:len(content)-1]
	default:
		content = string(content[0]^1) + content[1:]
	}
	return r.store(ctx, relpath, content, info)
}

// store writes an item past the library, with what was recorded beside it.
func (r *replica) store(ctx context.Context, relpath, content string, info storage.Info) error {
	_, err := r.base.Store.Put(ctx, r.itemKey(relpath), strings.NewReader(content), storage.PutOptions{
		Size: int64(len(content)), Metadata: info.Metadata, ModTime: info.ModTime,
	})
	return err
}

// spoilBegun puts other bytes of the same size into the place of an item of a copy that
// was begun, and what a bucket records of them beside them. Whoever resumes the copy must
// find them.
func (w *World) spoilBegun(ctx context.Context) {
	r := oneOf(w, "dataset", w.in(begun))
	for _, relpath := range slices.Sorted(maps.Keys(r.items)) {
		info, err := r.base.Store.Stat(ctx, r.itemKey(relpath))
		if err != nil || info.Size == 0 {
			continue // it has not come that far
		}
		content := strings.Repeat("#", int(info.Size))
		if _, ok := info.Metadata["checksum"]; ok {
			sum := md5.Sum([]byte(content))
			info.Metadata["checksum"] = hex.EncodeToString(sum[:])
		}
		w.logf("%s of %s has other bytes", relpath, r.uri)
		if err := r.store(ctx, relpath, content, info); err != nil {
			w.wrong("%s of %s cannot be spoilt: %w", relpath, r.uri, err)
		}
		return
	}
}

func (w *World) mustFindDamage(ctx context.Context, r *replica, relpath string) {
	d, err := w.Witness.OpenFrozen(ctx, r.uri)
	if err != nil {
		w.wrong("%s cannot be opened: %w", r.uri, err)
		return
	}
	report, err := d.Verify(ctx, dtool.VerifyOptions{Full: true})
	if err != nil {
		w.wrong("%s cannot be verified: %w", r.uri, err)
		return
	}
	var found []string
	for _, f := range slices.Concat(report.Unknown, report.Missing, report.AlteredSize, report.AlteredHash, report.Unverifiable) {
		found = append(found, f.Relpath)
	}
	if !slices.Equal(found, []string{relpath}) {
		w.wrong("verification of %s finds %q, and %s was spoilt", r.uri, found, relpath)
	}
}
