package dtool

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/storage"
)

// An Overlay is one value per item, by the item's identifier. One that others
// have written may lack identifiers of its dataset, or hold others, see Misfit.
type Overlay map[string]Value

// Misfit says in words how the overlay does not fit the items of its dataset, or
// gives "" where it does.
func (o Overlay) Misfit(m *Manifest) string {
	lacking, strange := 0, len(o)
	for _, item := range m.items {
		if _, ok := o[item.Identifier]; ok {
			strange--
		} else {
			lacking++
		}
	}
	switch {
	case lacking > 0 && strange > 0:
		return fmt.Sprintf("it lacks %d of %d items, and has identifiers of none (%d)", lacking, m.Len(), strange)
	case lacking > 0:
		return fmt.Sprintf("it lacks %d of %d items", lacking, m.Len())
	case strange > 0:
		return fmt.Sprintf("it has identifiers of no item (%d)", strange)
	}
	return ""
}

// Overlays gives the names of the dataset's overlays, sorted.
func (d *Dataset) Overlays(ctx context.Context) ([]string, error) {
	return d.names(ctx, d.layout.keys().overlays, ".json")
}

// Overlay gives an overlay by its name, or [ErrNoOverlay]. A JSON document that is
// no object has no value for any item.
func (d *Dataset) Overlay(ctx context.Context, name string) (Overlay, error) {
	key, err := memberKey(d.layout.keys().overlays, name, ".json")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoOverlay, err)
	}
	text, err := readDocument(ctx, d.store, key, maxManifest)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%s: %w: %s", d.uri, ErrNoOverlay, quoted(name))
	}
	if err != nil {
		return nil, err
	}
	overlay, err := parseOverlay(text)
	if err != nil {
		return nil, d.inDocument(key, err)
	}
	return overlay, nil
}

func parseOverlay(text []byte) (Overlay, error) {
	v, err := pyjson.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w: overlay: %w", ErrBadDocument, err)
	}
	overlay := Overlay{}
	object, ok := v.(*pyjson.Object)
	if !ok {
		return overlay, nil
	}
	for id, value := range object.All() {
		overlay[id] = Value{value}
	}
	return overlay, nil
}

// SetOverlay writes an overlay of a frozen dataset. It must hold a value for
// exactly the dataset's identifiers: [ErrNoItem] else.
func (d *Dataset) SetOverlay(ctx context.Context, name string, overlay Overlay) error {
	if err := CheckName(name); err != nil {
		return err
	}
	m, err := d.Manifest(ctx)
	if err != nil {
		return err
	}
	for id := range overlay {
		if _, err := m.Item(id); err != nil {
			return fmt.Errorf("overlay %s: %w", name, err)
		}
	}
	for _, item := range m.items {
		if _, ok := overlay[item.Identifier]; !ok {
			return fmt.Errorf("overlay %s: %w: it lacks a value for %s", name, ErrNoItem, item.Identifier)
		}
	}
	return d.writeOverlay(ctx, name, overlay)
}

func (p *place) writeOverlay(ctx context.Context, name string, overlay Overlay) error {
	object := pyjson.NewObject()
	for _, id := range slices.Sorted(maps.Keys(overlay)) {
		object.Set(id, overlay[id].v)
	}
	return writeBounded(ctx, p.store, p.layout.keys().overlays+name+".json", pyjson.Indent(object), maxManifest)
}
