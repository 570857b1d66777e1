package dtool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// A CopyPlan says what a copy moves.
type CopyPlan struct {
	URI   string        // of the copy
	Items []PlannedItem // that are moved, in the order of their relpaths
	Kept  int           // items that are at the destination already
	// Complete tells that the copy is whole already, so that nothing is written.
	Complete bool
}

// A PlannedItem is an item that a copy moves.
type PlannedItem struct {
	Item
	Why CopyReason
}

func (p PlannedItem) item() Item { return p.Item }

// A CopyReason says why an item is moved.
type CopyReason string

// What is at the destination in place of an item, or that nothing is.
const (
	NotThere     CopyReason = "not there"
	OtherSize    CopyReason = "of another size there"
	OtherContent CopyReason = "of other content there"
	Unrecorded   CopyReason = "there without a checksum to compare"
)

// Bytes gives the size of the items that are moved.
func (p *CopyPlan) Bytes() int64 {
	var bytes int64
	for _, item := range p.Items {
		bytes = plus(bytes, item.Size)
	}
	return bytes
}

// makePlan compares the destination with the manifest.
func (c *copying) makePlan(ctx context.Context) (*CopyPlan, error) {
	found := &foundItems{keys: make([]string, c.manifest.Len())} // where there is nothing
	if c.state != copyAbsent {
		var err error
		if found, err = c.atDestination(ctx); err != nil {
			return nil, err
		}
	}
	return c.planFor(ctx, found)
}

// planFor makes the plan from what was found at the destination. An item is kept if what
// is there has its size and its content.
func (c *copying) planFor(ctx context.Context, found *foundItems) (*CopyPlan, error) {
	reasons := make([]CopyReason, c.manifest.Len())
	if err := c.compare(ctx, found, reasons); err != nil {
		return nil, err
	}
	plan := &CopyPlan{URI: c.dst.uri}
	for i, item := range c.manifest.items {
		if reasons[i] == "" {
			plan.Kept++
		} else {
			plan.Items = append(plan.Items, PlannedItem{item, reasons[i]})
		}
	}
	plan.Complete = c.state == copyFrozen && !c.manifestLost && len(plan.Items) == 0 && !c.dst.unregistered
	return plan, nil
}

// compare finds the reason for each item to be moved, which is empty for what
// can be kept.
func (c *copying) compare(ctx context.Context, found *foundItems, reasons []CopyReason) error {
	return transfer.Run(ctx, c.client.workersFor(c.dst.store), c.manifest.items, func(ctx context.Context, i int, item Item) error {
		info, ok := found.there[found.keys[i]]
		var err error
		switch {
		case !ok:
			reasons[i] = NotThere
		case info.Size != item.Size:
			reasons[i] = OtherSize
		default:
			reasons[i], err = c.compareContent(ctx, info, item)
		}
		return err
	})
}

// atDestination finds what is at the destination. It refuses a place where something
// else lies among the items: that would be in the copy, and not in its manifest.
func (c *copying) atDestination(ctx context.Context) (*foundItems, error) {
	found, err := c.dst.findItems(ctx, c.manifest)
	if err != nil {
		return nil, err
	}
	if len(found.foreign) > 0 {
		return nil, fmt.Errorf("%s: %w, and holds %s, which is no item of %s", c.dst.uri, ErrExists, quoted(found.foreign[0]), c.src.uri)
	}
	return found, nil
}

// foundItems is what lies among the items of a dataset.
type foundItems struct {
	keys    []string                // of the items of the manifest, in its order
	there   map[string]storage.Info // what a listing gave, by key
	foreign []string                // keys of what is none of these items, in order
}

// findItems lists what lies among the items, and tells whose key is that of no item of
// the manifest.
func (p *place) findItems(ctx context.Context, m *Manifest) (*foundItems, error) {
	there, strange, err := p.dataByKey(ctx)
	if err != nil {
		return nil, err
	}
	found := &foundItems{there: there}
	if found.keys, err = p.itemKeys(relpaths(m.items)); err != nil {
		return nil, err
	}
	expected := make(map[string]bool, len(found.keys))
	for _, key := range found.keys {
		expected[key] = true
	}
	for _, info := range slices.Concat(slices.Collect(maps.Values(there)), strange) {
		if !expected[info.Key] {
			found.foreign = append(found.foreign, info.Key)
		}
	}
	slices.Sort(found.foreign)
	return found, nil
}

// compareContent compares an object at the destination with an item: by the MD5
// recorded beside it where there is one, and by its bytes where none is ever
// recorded, where the store tells another, or where they are to be read all the same.
func (c *copying) compareContent(ctx context.Context, info storage.Info, item Item) (CopyReason, error) {
	if md5 := c.manifest.md5Of(item); c.dst.layout.recordsMD5() {
		found, err := c.dst.layout.listed(ctx, c.dst.store, info)
		switch {
		case errors.Is(err, storage.ErrForbidden) && md5 != "" && info.ETag == md5 && !c.verify:
			return "", nil // the listing has answered
		case isForeign(err), err == nil && (md5 == "" || found.md5 == ""):
			return Unrecorded, nil
		case err != nil:
			return "", err
		case found.md5 != md5:
			return OtherContent, nil
		case !c.verify && !found.doubtful():
			return "", nil
		}
	}
	if c.manifest.unverifiable(item) != "" {
		return Unrecorded, nil
	}
	err := c.manifest.checkItem(ctx, c.dst.store, info.Key, item, nil)
	if isMismatch(err) {
		return OtherContent, nil
	}
	return "", err
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
