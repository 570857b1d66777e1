package model

import (
	"context"
	"fmt"

	"github.com/dtool-go/dtool"
)

// edit opens a dataset and changes one of its documents.
func (w *World) edit(ctx context.Context, r *replica, doc, value string, do func(ctx context.Context, d *dtool.Dataset) error) error {
	err := w.attempt(ctx, fmt.Sprintf("%s of %s becomes %.60q", doc, r.uri, value), false, func(ctx context.Context) error {
		d, err := w.client.Open(ctx, r.uri)
		if err != nil {
			return err
		}
		return do(ctx, d)
	})
	r.docs[doc] = r.docs[doc].after(value, err)
	return err
}

func (w *World) drawDataset() *replica { return oneOf(w, "dataset", w.in(proto, frozen)) }

func (w *World) writeREADME(ctx context.Context) {
	r := w.drawDataset()
	text := fmt.Sprintf("---\nproject: %d\n", w.Draw("README", 50))
	old := r.docs[readmeDoc()].now()
	err := w.edit(ctx, r, readmeDoc(), text, func(ctx context.Context, d *dtool.Dataset) error {
		return d.WriteREADME(ctx, []byte(text))
	})
	r.readmes[text] = true
	if err == nil && old != text && r.stage.now() == frozen {
		r.replaced[old] = true
	}
	w.settle(ctx, r)
}

func (w *World) drawTag() string { return oneOf(w, "tag", []string{"one", "two.three", "four_5"}) }

func (w *World) setTag(ctx context.Context) {
	r, tag := w.drawDataset(), w.drawTag()
	_ = w.edit(ctx, r, tagDoc(tag), "", func(ctx context.Context, d *dtool.Dataset) error {
		return d.SetTag(ctx, tag)
	})
	w.settle(ctx, r)
}

func (w *World) deleteTag(ctx context.Context) {
	r, tag := w.drawDataset(), w.drawTag()
	_ = w.edit(ctx, r, tagDoc(tag), absent, func(ctx context.Context, d *dtool.Dataset) error {
		return d.DeleteTag(ctx, tag)
	})
	w.settle(ctx, r)
}

func (w *World) setAnnotation(ctx context.Context) {
	r, name, value := w.drawDataset(), oneOf(w, "annotation", []string{"colour", "a.b"}), w.drawValue()
	_ = w.edit(ctx, r, annotationDoc(name), string(value.JSON()), func(ctx context.Context, d *dtool.Dataset) error {
		return d.SetAnnotation(ctx, name, value)
	})
	w.settle(ctx, r)
}

func (w *World) setOverlay(ctx context.Context) {
	r, name, value := oneOf(w, "dataset", w.in(frozen)), oneOf(w, "overlay", []string{"quality", "size"}), w.drawValue()
	overlay := dtool.Overlay{}
	for relpath := range r.items {
		overlay[dtool.Identifier(relpath)] = value
	}
	_ = w.edit(ctx, r, overlayDoc(name), overlayText(overlay), func(ctx context.Context, d *dtool.Dataset) error {
		return d.SetOverlay(ctx, name, overlay)
	})
	w.settle(ctx, r)
}

func (w *World) rename(ctx context.Context) {
	r, name := w.drawDataset(), w.newName()
	err := w.attempt(ctx, fmt.Sprintf("rename %s to %s", r.uri, name), false, func(ctx context.Context) error {
		d, err := w.client.Open(ctx, r.uri)
		if err != nil {
			return err
		}
		return d.Rename(ctx, name)
	})
	r.name = r.name.after(name, err)
	w.settle(ctx, r)
}
