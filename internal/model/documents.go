package model

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// The names of documents in replica.docs.
func readmeDoc() string                  { return "README" }
func tagDoc(name string) string          { return "tag " + name }
func annotationDoc(name string) string   { return "annotation " + name }
func overlayDoc(name string) string      { return "overlay " + name }
func fragmentDoc(id, name string) string { return "metadata " + id + "." + name }

// fragmentOf takes the name of a fragment's document apart.
func fragmentOf(doc string) (id, name string, ok bool) {
	rest, isFragment := strings.CutPrefix(doc, "metadata ")
	id, name, _ = strings.Cut(rest, ".")
	return id, name, isFragment
}

// documents reads what belongs to a dataset beside its items, by the names that the
// model has for it.
func (r *replica) documents(ctx context.Context, d *dtool.Dataset) (map[string]string, error) {
	found := map[string]string{}
	for _, read := range []func(context.Context, *dtool.Dataset, map[string]string) error{
		readTexts, readAnnotations, readOverlays, r.readFragments,
	} {
		if err := read(ctx, d, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// readTexts reads what takes no request for each: the README and the tags.
func readTexts(ctx context.Context, d *dtool.Dataset, found map[string]string) error {
	readme, err := d.README(ctx)
	if err != nil {
		return err
	}
	found[readmeDoc()] = string(readme)
	tags, err := d.Tags(ctx)
	for _, tag := range tags {
		found[tagDoc(tag)] = ""
	}
	return err
}

func readAnnotations(ctx context.Context, d *dtool.Dataset, found map[string]string) error {
	names, err := d.Annotations(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		value, err := d.Annotation(ctx, name)
		if err != nil {
			return err
		}
		found[annotationDoc(name)] = string(value.JSON())
	}
	return nil
}

func readOverlays(ctx context.Context, d *dtool.Dataset, found map[string]string) error {
	names, err := d.Overlays(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		overlay, err := d.Overlay(ctx, name)
		if err != nil {
			return err
		}
		found[overlayDoc(name)] = overlayText(overlay)
	}
	return nil
}

// overlayText gives an overlay as the model compares it.
func overlayText(overlay dtool.Overlay) string {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(overlay)) {
		fmt.Fprintf(&b, "%s: %s\n", id, overlay[id].JSON())
	}
	return b.String()
}

// readFragments reads the metadata that a proto dataset has of its items.
func (r *replica) readFragments(ctx context.Context, d *dtool.Dataset, found map[string]string) error {
	if d.Frozen() {
		return nil
	}
	for info, err := range r.base.Store.List(ctx, r.fragments(), storage.Shallow) {
		if err != nil {
			return err
		}
		text, err := r.read(ctx, info.Key)
		if err != nil {
			return err
		}
		id, name, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(info.Key, r.fragments()), ".json"), ".")
		found[fragmentDoc(id, name)] = text
	}
	return nil
}
