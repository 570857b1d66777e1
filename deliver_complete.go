package dtool

import (
	"bytes"
	"context"
	"fmt"
	"maps"

	"github.com/dtool-go/dtool/storage"
)

// CompleteOptions goes with [Client.CompleteDelivery].
type CompleteOptions struct{ Observer }

// A DeliveryReport tells what has come of a delivery.
type DeliveryReport struct {
	URI     string
	Dataset *Dataset      // frozen; nil unless all is right
	Items   int           // of the manifest
	Wrong   []PlannedItem // that are not there, or not what the manifest says, and why
	Foreign []string      // the keys of what lies among the items and is none, in order
	// AlreadyComplete tells that the dataset was frozen before, and nothing was looked at.
	AlreadyComplete bool
}

// CompleteDelivery freezes a dataset whose items were delivered, if every one of them is
// there with its size, handle and checksum, and nothing else; every byte is read and
// compared with the manifest for that. Otherwise the report tells what is wrong, and
// nothing has changed; what is not all there is not read. It is [ErrNoDelivery] where no
// delivery was prepared. One that is complete already is no error.
//
// A copy that was interrupted when only items were missing is such a delivery, too.
func (c *Client) CompleteDelivery(ctx context.Context, uri string, o CompleteOptions) (*DeliveryReport, error) {
	cp, err := c.openDelivery(ctx, uri, o.Observer)
	if err != nil {
		return nil, err
	}
	report := &DeliveryReport{URI: cp.dst.uri}
	if cp.state == copyFrozen {
		m, err := cp.src.Manifest(ctx)
		if err != nil {
			return nil, err
		}
		report.Dataset, report.Items, report.AlreadyComplete = cp.src, m.Len(), true
		return report, nil
	}
	report.Items = cp.manifest.Len()
	found, err := cp.inspect(ctx, report)
	if err != nil || !report.good() {
		return report, err
	}
	if err := cp.freeze(ctx, found); err != nil {
		return nil, err
	}
	report.Dataset = cp.src
	return report, nil
}

func (r *DeliveryReport) good() bool { return len(r.Wrong)+len(r.Foreign) == 0 }

// inspect compares what was delivered with the manifest, and reads it if that is all right.
func (c *copying) inspect(ctx context.Context, report *DeliveryReport) (*foundItems, error) {
	found, err := c.dst.findItems(ctx, c.manifest)
	if err != nil {
		return nil, err
	}
	plan, err := c.planFor(ctx, found)
	if err != nil {
		return nil, err
	}
	report.Wrong, report.Foreign = plan.Items, found.foreign
	if !report.good() {
		return found, nil
	}
	var read VerifyReport
	if err := c.src.verifyContent(ctx, c.manifest, c.manifest.items, &read, c.observer); err != nil {
		return nil, err
	}
	for _, altered := range read.AlteredHash {
		item, err := c.manifest.Item(altered.Identifier)
		if err != nil {
			return nil, err
		}
		report.Wrong = append(report.Wrong, PlannedItem{item, OtherContent})
	}
	return found, nil
}

// freeze makes the delivery a frozen dataset, unless its items or its manifest are not what
// they were when they were inspected.
func (c *copying) freeze(ctx context.Context, inspected *foundItems) error {
	now, err := c.dst.findItems(ctx, c.manifest)
	if err != nil {
		return err
	}
	same := func(a, b storage.Info) bool { return a.Size == b.Size && a.ETag == b.ETag }
	if !maps.EqualFunc(inspected.there, now.there, same) || len(now.foreign) > 0 {
		return fmt.Errorf("%s: %w: its items were changed while they were read", c.dst.uri, storage.ErrCorrupted)
	}
	m, err := c.dst.readManifest(ctx)
	switch {
	case err != nil:
		return err
	case !bytes.Equal(m.text, c.manifest.text):
		return fmt.Errorf("%s: %w: its manifest was changed while its items were read", c.dst.uri, storage.ErrCorrupted)
	}
	a, err := c.dst.readAdmin(ctx)
	if err != nil {
		return err
	}
	return c.src.setAdmin(ctx, a.with("type", typeFrozen))
}
