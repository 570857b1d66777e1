package dtool

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// A copyPlan says which items a copy moves, in the order of their relpaths. The
// others are at the destination already.
type copyPlan struct {
	copy []Item
	kept int
}

// plan compares the destination with the manifest. An item is kept if what is
// there has its size and its content.
func (c *copying) plan(ctx context.Context, state copyState) (copyPlan, error) {
	if state == copyAbsent {
		return copyPlan{copy: c.manifest.items}, nil
	}
	there, strange, err := c.dst.dataByKey(ctx)
	if err != nil {
		return copyPlan{}, err
	}
	keys, err := c.keysAt(there, strange)
	if err != nil {
		return copyPlan{}, err
	}
	keep := make([]bool, c.manifest.Len())
	err = transfer.Run(ctx, c.client.workersFor(c.dst.store), c.manifest.items, func(ctx context.Context, i int, item Item) error {
		var err error
		if info, ok := there[keys[i]]; ok && info.Size == item.Size {
			keep[i], err = c.holds(ctx, info, item)
		}
		return err
	})
	if err != nil {
		return copyPlan{}, err
	}
	plan := copyPlan{}
	for i, item := range c.manifest.items {
		if keep[i] {
			plan.kept++
		} else {
			plan.copy = append(plan.copy, item)
		}
	}
	return plan, nil
}

// keysAt gives the keys of the items at the destination. It refuses one where
// something else lies among them: that would be in the copy, and not in its
// manifest.
func (c *copying) keysAt(there map[string]storage.Info, strange []storage.Info) ([]string, error) {
	keys := make([]string, c.manifest.Len())
	expected := make(map[string]bool, len(keys))
	for i, item := range c.manifest.items {
		key, err := c.dst.layout.itemKey(item.Relpath)
		if err != nil {
			return nil, err
		}
		keys[i], expected[key] = key, true
	}
	for _, info := range slices.Concat(slices.Collect(maps.Values(there)), strange) {
		if !expected[info.Key] {
			return nil, fmt.Errorf("%s: %w, and holds %s, which is no item of %s", c.dst.uri, ErrExists, quoted(info.Key), c.src.uri)
		}
	}
	return keys, nil
}

// holds tells whether an object at the destination has the content of an item:
// by the MD5 recorded beside it where there is one, and by its bytes where there
// is none or they are to be read all the same. What cannot be told is not so.
func (c *copying) holds(ctx context.Context, info storage.Info, item Item) (bool, error) {
	if md5 := c.manifest.md5Of(item); c.dst.layout.recordsMD5() {
		found, err := c.dst.layout.listed(ctx, c.dst.store, info)
		switch {
		case isForeign(err), md5 == "":
			return false, nil
		case err != nil || found.md5 != md5 || !c.verify:
			return err == nil && found.md5 == md5, err
		}
	}
	if c.manifest.unverifiable(item) != "" {
		return false, nil
	}
	err := c.manifest.checkItem(ctx, c.dst.store, info.Key, item, nil)
	if isMismatch(err) {
		return false, nil
	}
	return err == nil, err
}

// dataByKey lists what lies among the items of a dataset, and apart from that
// what is strange there: neither an item nor a directory, linked or not.
func (p *place) dataByKey(ctx context.Context) (items map[string]storage.Info, strange []storage.Info, err error) {
	items = map[string]storage.Info{}
	for info, err := range p.store.List(ctx, p.layout.keys().data, storage.Deep) {
		switch {
		case err != nil:
			return nil, nil, err
		case info.IsPlace(), info.Irregular == storage.LinkToDirectory:
		case info.Irregular != "":
			strange = append(strange, info)
		default:
			items[info.Key] = info
		}
	}
	return items, strange, nil
}

// mustFit refuses relpaths that a layout cannot hold, or of which two would lie
// in one place there, or one below the other.
func mustFit(l layout, relpaths iter.Seq[string]) error {
	taken := map[string]string{}
	for relpath := range relpaths {
		key, err := l.itemKey(relpath)
		if err != nil {
			return err
		}
		switch other, ok := taken[key]; {
		case ok && other == relpath:
			return fmt.Errorf("%w: more than one item would be %s", ErrInvalidItem, quoted(relpath))
		case ok:
			return fmt.Errorf("%w: %s and %s would lie in one place", ErrInvalidItem, quoted(other), quoted(relpath))
		}
		taken[key] = relpath
		if _, err := l.itemMetadata(relpath, ""); err != nil {
			return err
		}
	}
	for key, relpath := range taken {
		for above := path.Dir(key); above != "." && above != "/"; above = path.Dir(above) {
			if other, ok := taken[above]; ok {
				return fmt.Errorf("%w: %s would be a file and the directory of %s", ErrInvalidItem, quoted(other), quoted(relpath))
			}
		}
	}
	return nil
}

// mustLieIn refuses a manifest with an item that points outside its place.
func (m *Manifest) mustLieIn(l layout) error {
	for _, item := range m.items {
		if _, err := l.itemKey(item.Relpath); err != nil {
			return err
		}
	}
	return nil
}

// sameItems compares the items of two manifests but for their times, which the
// Python tools do not copy.
func (m *Manifest) sameItems(other *Manifest) bool {
	return m.hashFunction == other.hashFunction && slices.EqualFunc(m.items, other.items, func(a, b Item) bool {
		return a.Identifier == b.Identifier && a.Size == b.Size && a.Hash == b.Hash
	})
}
