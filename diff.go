package dtool

import (
	"context"
	"errors"
	"fmt"

	"github.com/dtool-go/dtool/storage"
)

// DiffOptions goes with [Dataset.Diff].
type DiffOptions struct {
	// Full hashes the items of the left dataset anew and compares them with the
	// manifest of the right one. Without it, identifiers and sizes are compared.
	Full bool
	Observer
}

// A DiffReport tells how two datasets differ: in their identifiers, or, if
// those are the same, in sizes, or, if those are the same too, in content. At
// most one of the three is not empty.
type DiffReport struct {
	Identifiers []IdentifierDiff
	Sizes       []SizeDiff
	Content     []HashDiff
}

// An IdentifierDiff is an item that only one of two datasets has.
type IdentifierDiff struct {
	Identifier  string
	Left, Right bool
}

// A SizeDiff is an item of different sizes, in bytes.
type SizeDiff struct {
	Identifier  string
	Left, Right int64
}

// A HashDiff is an item of different hashes.
type HashDiff struct {
	Identifier, Left, Right string
}

// Diff compares a frozen dataset with another.
func (d *Dataset) Diff(ctx context.Context, ref *Dataset, o DiffOptions) (*DiffReport, error) {
	left, err := d.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	right, err := ref.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	report := &DiffReport{}
	for _, item := range left.items {
		other, err := right.Item(item.Identifier)
		if err != nil {
			report.Identifiers = append(report.Identifiers, IdentifierDiff{item.Identifier, true, false})
		} else if other.Size != item.Size {
			report.Sizes = append(report.Sizes, SizeDiff{item.Identifier, item.Size, other.Size})
		}
	}
	for _, item := range right.items {
		if _, err := left.Item(item.Identifier); err != nil {
			report.Identifiers = append(report.Identifiers, IdentifierDiff{item.Identifier, false, true})
		}
	}
	if report.Identifiers != nil {
		report.Sizes = nil
	}
	if o.Full && report.Identifiers == nil && report.Sizes == nil {
		if report.Content, err = d.diffContent(ctx, left, right, o.oneAtATime()); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// diffContent hashes the items of the left dataset with the right one's function.
func (d *Dataset) diffContent(ctx context.Context, left, right *Manifest, o Observer) ([]HashDiff, error) {
	if newHash(right.hashFunction) == nil {
		return nil, fmt.Errorf("%w: the manifest's hash function %s is unknown", ErrBadDocument, quoted(right.hashFunction))
	}
	meter := o.meter("Hashing", left.Len(), left.TotalSize())
	altered := make([]*storage.Mismatch, left.Len())
	work := itemWork{d.client, "hashing", meter, []storage.Store{d.store}}
	err := doForItems(ctx, work, left.items, itself, func(ctx context.Context, i int, item Item) error {
		key, err := d.layout.itemKey(item.Relpath)
		if err != nil {
			return err
		}
		other, err := right.Item(item.Identifier)
		if err != nil {
			return err
		}
		err = right.checkItem(ctx, d.store, key, other, meter)
		if mismatch, ok := errors.AsType[*storage.Mismatch](err); ok && mismatch.What == "hash" {
			altered[i] = mismatch
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var diffs []HashDiff
	for i, item := range left.items {
		other, err := right.Item(item.Identifier)
		if err != nil {
			return nil, err
		}
		switch {
		case right.unverifiable(other) != "":
			o.Warn(fmt.Sprintf("item %s cannot be compared: %s", quoted(item.Relpath), right.unverifiable(other)))
		case altered[i] != nil:
			diffs = append(diffs, HashDiff{item.Identifier, altered[i].Found, other.Hash})
		}
	}
	return diffs, nil
}
