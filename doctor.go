package dtool

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dtool-go/dtool/storage"
)

// DiagnoseOptions goes with [Client.Diagnose].
type DiagnoseOptions struct {
	// ReadOnly leaves out all that writes, for a place that is only read from.
	ReadOnly bool
}

// Diagnose finds out step by step what works at a base or a dataset, and gives each
// step as it is done. What is asked of a place is that no check has failed whose
// purpose is [storage.Reading] or [storage.Writing]: then datasets can be made there,
// copied to it, read and verified.
//
// It writes only below a key of its own, and the key that a new dataset would be
// registered under. Both are removed, also when ctx is called off, which ends it
// early. An error means that nothing could be looked at: the URI is none.
func (c *Client) Diagnose(ctx context.Context, uri string, o DiagnoseOptions) (iter.Seq[storage.Check], error) {
	ref, err := parseURI(uri)
	if err != nil {
		return nil, err
	}
	b, err := c.base(ctx, uri)
	if errors.Is(err, ErrInvalidURI) {
		return nil, err
	}
	if err == nil {
		if err := refuseAtOnce(ctx, ref, b); err != nil {
			return nil, err
		}
	}
	d := &doctor{client: c, uri: uri, ref: ref, base: b, o: o}
	isBase, unknown := c.IsBase(ctx, uri)
	d.isDataset = unknown == nil && !isBase || errors.Is(unknown, ErrBadDocument)
	return func(yield func(storage.Check) bool) {
		parts := []part{d.settings, d.website, d.store, d.datasets}
		if err != nil {
			parts = []part{d.settings, unopened(err)}
		}
		var before []storage.Check
		for _, part := range parts {
			for check := range part(ctx, before) {
				if before = append(before, check); !yield(check) {
					return
				}
			}
		}
	}, nil
}

// refuseAtOnce refuses what is no URI of a base, and cannot be one of a dataset.
func refuseAtOnce(ctx context.Context, ref reference, b base) error {
	if ref.isDirectory() || !ref.isWeb() && ref.path == "" || uuidPattern.MatchString(path.Base(ref.path)) && (ref.isWeb() || !strings.Contains(ref.path, "/")) {
		return nil
	}
	_, err := b.find(ctx) // makes no request for that
	return err
}

// A part of a diagnosis is told what was found before.
type part func(ctx context.Context, before []storage.Check) iter.Seq[storage.Check]

// A doctor looks at one base or dataset.
type doctor struct {
	client *Client
	uri    string
	ref    reference
	base   base
	o      DiagnoseOptions

	isDataset bool   // or was meant to be
	published *place // of a dataset that lies on a website
}

// unopened tells that there are no stores to be opened with such settings.
func unopened(err error) part {
	return func(context.Context, []storage.Check) iter.Seq[storage.Check] {
		check := storage.FailedCheck(err)
		check.Step, check.For = "store", storage.Reading
		return slices.Values([]storage.Check{check})
	}
}

// website finds out where the parts of a published dataset are.
func (d *doctor) website(ctx context.Context, before []storage.Check) iter.Seq[storage.Check] {
	if !d.ref.isWeb() {
		return storage.RunChecks(ctx, before, nil)
	}
	return storage.RunChecks(ctx, before, []storage.CheckStep{{
		Name: httpManifestName, For: storage.Reading, Limit: 20 * time.Second,
		Run: func(ctx context.Context) storage.Check {
			at, err := d.base.find(ctx)
			if err != nil {
				return storage.FailedCheck(err)
			}
			d.published = at
			return storage.Check{Status: storage.OK, Found: "tells where the parts of the dataset are"}
		},
	}})
}

// store has the store look at itself.
func (d *doctor) store(ctx context.Context, _ []storage.Check) iter.Seq[storage.Check] {
	scratch := scratchBegin + strings.ToLower(rand.Text()[:10])
	o := storage.DiagnoseOptions{Scratch: scratch, ReadOnly: d.o.ReadOnly}
	var store storage.Store
	switch b := d.base.(type) {
	case website:
		if d.published != nil {
			store = d.published.store
		}
	case bucket:
		store = b.store
		o.Scratch, o.Listed, o.Marker = b.prefix+scratch, registrationPrefix, registrationPrefix+uuid.NewString()
	case directory:
		store = b.store
		if at, err := b.find(ctx); err == nil && d.isDataset { // and whoever looks at it meanwhile is to see nothing odd
			store, o.Scratch = at.store, path.Join(path.Dir(diskTempDir), scratch)
		}
	}
	able, ok := store.(storage.Diagnoser)
	if !ok {
		return func(func(storage.Check) bool) {}
	}
	return able.Diagnose(ctx, o)
}
