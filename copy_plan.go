package dtool

import (
	"context"
	"fmt"
	"slices"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// A copyPlan says which items a copy moves, in the order of their relpaths. The others are at the destination already.
type copyPlan struct {
	copy []Item
	kept int
}

// plan compares the destination with the manifest. An item is kept if what is there has its size and its content.
func (c *copying) plan(ctx context.Context, state copyState) (copyPlan, error) {
	if state == copyAbsent {
		return copyPlan{copy: c.manifest.items}, nil
	}
	there, err := c.dst.dataByKey(ctx)
	if err != nil {
		return copyPlan{}, err
	}
	keep := make([]bool, c.manifest.Len())
	err = transfer.Run(ctx, c.client.workersFor(c.dst.store), c.manifest.items, func(ctx context.Context, i int, item Item) error {
		key, err := c.dst.layout.itemKey(item.Relpath)
		if err != nil {
			return err
		}
		if info, ok := there[key]; ok && info.Size == item.Size {
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

// holds tells whether an object at the destination has the content of an item:
// by the MD5 recorded beside it where there is one, by its bytes where the
// layout records none. What cannot be told is not so.
func (c *copying) holds(ctx context.Context, info storage.Info, item Item) (bool, error) {
	if c.dst.layout.recordsMD5() {
		md5 := c.manifest.md5Of(item)
		found, err := c.dst.layout.listed(ctx, c.dst.store, info)
		if isForeign(err) || md5 == "" {
			return false, nil
		}
		return err == nil && found.md5 == md5, err
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

// dataByKey lists what lies among the items of a dataset.
func (p *place) dataByKey(ctx context.Context) (map[string]storage.Info, error) {
	infos := map[string]storage.Info{}
	for info, err := range p.store.List(ctx, p.layout.keys().data, storage.Deep) {
		if err != nil {
			return nil, err
		}
		if !info.IsPlace() && info.Irregular == "" {
			infos[info.Key] = info
		}
	}
	return infos, nil
}

// mustFit refuses a manifest with an item that a layout cannot hold, or with
// two that would lie in one place there.
func (m *Manifest) mustFit(l layout) error {
	taken := make(map[string]string, len(m.items))
	for _, item := range m.items {
		key, err := l.itemKey(item.Relpath)
		if err != nil {
			return err
		}
		if other, ok := taken[key]; ok {
			return fmt.Errorf("%w: %s and %s would lie in one place", ErrInvalidItem, quoted(other), quoted(item.Relpath))
		}
		taken[key] = item.Relpath
		if _, err := l.itemMetadata(item.Relpath, m.md5Of(item)); err != nil {
			return err
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

func (m *Manifest) sameItems(other *Manifest) bool {
	return m.hashFunction == other.hashFunction && slices.Equal(m.items, other.items)
}
