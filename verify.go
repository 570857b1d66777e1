package dtool

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// VerifyOptions goes with [Dataset.Verify].
type VerifyOptions struct {
	// Full reads every byte of every item. Without it, only presence and sizes
	// are compared.
	Full bool
	Observer
}

// A VerifyReport tells how a dataset differs from its manifest. The items are
// in the order of their relpaths.
type VerifyReport struct {
	Unknown     []Item // among the items, and not in the manifest; of an object that is no item, Relpath is empty
	Missing     []Item
	AlteredSize []Item
	AlteredHash []Item
	// Unverifiable holds the items of a full verification whose bytes the manifest
	// says nothing of, so that they are neither good nor altered.
	Unverifiable []Item
}

// Good tells whether no difference was found. Unverifiable items are none.
func (r *VerifyReport) Good() bool {
	return len(r.Unknown)+len(r.Missing)+len(r.AlteredSize)+len(r.AlteredHash) == 0
}

// Verify compares a frozen dataset with its manifest. A difference is no error
// but part of the report; an error means that the comparison could not be made.
func (d *Dataset) Verify(ctx context.Context, o VerifyOptions) (*VerifyReport, error) {
	o.Observer = o.oneAtATime()
	m, err := d.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	there, strange, err := d.dataByKey(ctx)
	if err != nil {
		return nil, err
	}
	report := &VerifyReport{}
	var whole []Item
	for _, item := range m.items {
		key, err := d.layout.itemKey(item.Relpath)
		if err != nil {
			return nil, d.inDocument(d.layout.keys().manifest, err)
		}
		info, ok := there[key]
		delete(there, key)
		switch {
		case !ok:
			report.Missing = append(report.Missing, item)
		case info.Size != item.Size:
			report.AlteredSize = append(report.AlteredSize, item)
		default:
			whole = append(whole, item)
		}
	}
	if report.Unknown, err = d.unknownItems(ctx, there); err != nil {
		return nil, err
	}
	for _, info := range strange {
		relpath := strings.TrimPrefix(info.Key, d.layout.keys().data)
		report.Unknown = append(report.Unknown, Item{Identifier: Identifier(relpath), Relpath: relpath})
	}
	if o.Full {
		if err := d.verifyContent(ctx, m, whole, report, o.Observer); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// unknownItems tells what the objects are that the manifest does not know.
func (d *Dataset) unknownItems(ctx context.Context, extra map[string]storage.Info) ([]Item, error) {
	keys := slices.Sorted(maps.Keys(extra))
	items := make([]Item, len(keys))
	err := transfer.Run(ctx, d.client.workersFor(d.store), keys, func(ctx context.Context, i int, key string) error {
		found, err := d.layout.listed(ctx, d.store, extra[key])
		items[i] = Item{Identifier: Identifier(found.relpath), Relpath: found.relpath, Size: extra[key].Size, Hash: found.md5}
		if isForeign(err) {
			items[i].Identifier, err = strings.TrimPrefix(key, d.layout.keys().data), nil
		}
		return err
	})
	return items, err
}

func (d *Dataset) verifyContent(ctx context.Context, m *Manifest, items []Item, report *VerifyReport, o Observer) error {
	altered := make([]bool, len(items))
	meter := o.meter("Verifying", len(items), totalSize(items))
	err := transfer.Run(ctx, d.client.workersFor(d.store), items, func(ctx context.Context, i int, item Item) error {
		key, err := d.layout.itemKey(item.Relpath)
		if err != nil {
			return err
		}
		err = m.checkItem(ctx, d.store, key, item, meter)
		if altered[i] = isMismatch(err); err != nil && !altered[i] {
			return &ItemError{"verifying", item.Identifier, item.Relpath, err}
		}
		meter.ItemDone()
		return nil
	})
	for i, item := range items {
		why := m.unverifiable(item)
		switch {
		case altered[i]:
			report.AlteredHash = append(report.AlteredHash, item)
		case why != "":
			report.Unverifiable = append(report.Unverifiable, item)
			o.Warn(fmt.Sprintf("item %s was read but cannot be checked: %s", quoted(item.Relpath), why))
		}
	}
	return err
}

// checkItem reads an item to its end. Bytes that are not those of the manifest
// are a [storage.Mismatch].
func (m *Manifest) checkItem(ctx context.Context, store storage.Store, key string, item Item, meter *transfer.Meter) error {
	body, _, err := store.Get(ctx, key, storage.Range{})
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, m.checked(meter.Reader(body), item))
	return err
}
