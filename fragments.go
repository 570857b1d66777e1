package dtool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// overlaysOfFragments gathers the fragments of item metadata by key. An item
// without a fragment for a key gets null.
func (p *Proto) overlaysOfFragments(ctx context.Context, m *Manifest, o Observer) (map[string]Overlay, []string, error) {
	infos, err := p.fragments(ctx)
	if err != nil {
		return nil, nil, err
	}
	overlays := map[string]Overlay{}
	values := make([]Value, len(infos))
	var read atomic.Int64
	err = transfer.Run(ctx, p.client.workersFor(p.store), infos, func(ctx context.Context, i int, key string) error {
		text, err := readDocument(ctx, p.store, key, maxFragment)
		if err != nil {
			return err
		}
		if read.Add(int64(len(text))) > p.client.maxFragments {
			return p.inDocument(key, fmt.Errorf("%w: all metadata of items together have more than %d bytes", ErrBadDocument, p.client.maxFragments))
		}
		if values[i], err = ParseValue(text); err != nil {
			return p.inDocument(key, err)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for i, key := range infos {
		id, name, _ := p.fragmentOf(key)
		if _, err := m.Item(id); errors.Is(err, ErrNoItem) {
			o.Warn(fmt.Sprintf("the metadata %s is dropped: there is no item %s", quoted(name), id))
			continue
		}
		if overlays[name] == nil {
			if (len(overlays)+1)*m.Len() > p.client.maxValues {
				return nil, nil, p.inDocument(key, fmt.Errorf("%w: all overlays together would have more than %d values", ErrBadDocument, p.client.maxValues))
			}
			overlays[name] = Overlay{}
			for _, item := range m.items {
				overlays[name][item.Identifier] = Value{}
			}
		}
		overlays[name][id] = values[i]
	}
	return overlays, infos, nil
}

func (p *place) fragments(ctx context.Context) ([]string, error) {
	var keys []string
	for info, err := range p.store.List(ctx, p.layout.keys().fragments, storage.Shallow) {
		if err != nil {
			return nil, err
		}
		if _, _, ok := p.fragmentOf(info.Key); ok {
			keys = append(keys, info.Key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// fragmentOf takes the key of a fragment apart: the identifier goes up to the
// first dot, the name of the metadata from there to the final .json.
func (p *place) fragmentOf(key string) (identifier, name string, ok bool) {
	base, isJSON := strings.CutSuffix(strings.TrimPrefix(key, p.layout.keys().fragments), ".json")
	identifier, name, hasDot := strings.Cut(base, ".")
	return identifier, name, isJSON && hasDot && name != "" && !strings.Contains(name, "/")
}

// FinishFreeze removes from a frozen dataset what a freeze has left that was interrupted
// after its last write: metadata of items that are in overlays by now, and unfinished
// files. Metadata that are in no overlay stay.
func (d *Dataset) FinishFreeze(ctx context.Context) error {
	if err := d.mustBeFrozen(ctx); err != nil {
		return err
	}
	fragments, err := d.fragments(ctx)
	if err != nil {
		return err
	}
	inOverlay := make([]bool, len(fragments))
	err = transfer.Run(ctx, d.client.workersFor(d.store), fragments, func(ctx context.Context, i int, key string) (err error) {
		inOverlay[i], err = d.isInOverlay(ctx, key)
		return err
	})
	if err != nil {
		return err
	}
	var done []string
	for i, key := range fragments {
		if inOverlay[i] {
			done = append(done, key)
		}
	}
	return d.tidy(ctx, done)
}

// isInOverlay tells whether the overlay of a fragment's name has its value.
func (d *Dataset) isInOverlay(ctx context.Context, key string) (bool, error) {
	text, err := readDocument(ctx, d.store, key, maxFragment)
	if err != nil {
		return false, err
	}
	value, err := ParseValue(text)
	if err != nil {
		return false, d.inDocument(key, err)
	}
	id, name, _ := d.fragmentOf(key)
	overlay, err := d.Overlay(ctx, name)
	if errors.Is(err, ErrNoOverlay) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	there, ok := overlay[id]
	return ok && bytes.Equal(there.JSON(), value.JSON()), nil
}
