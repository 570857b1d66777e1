package dtool

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"path"
	"slices"
	"strings"

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
	d := &doctor{client: c, uri: uri, ref: ref, o: o}
	isBase, unknown := c.IsBase(ctx, uri)
	d.isDataset = unknown == nil && !isBase || errors.Is(unknown, ErrBadDocument)
	parts := []part{d.settings}
	if err == nil {
		parts = append(parts, b.examined(d)...)
	} else {
		parts = append(parts, unopened(err))
	}
	return func(yield func(storage.Check) bool) {
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
	o      DiagnoseOptions

	isDataset bool     // or was meant to be
	dataset   *Dataset // once it was opened
}

// unopened tells that there are no stores to be opened with such settings.
func unopened(err error) part {
	return func(context.Context, []storage.Check) iter.Seq[storage.Check] {
		check := storage.FailedCheck(err)
		check.Step, check.For = "store", storage.Reading
		return slices.Values([]storage.Check{check})
	}
}

// scratch is what the keys begin with that a diagnosis writes.
func (d *doctor) scratch() string { return scratchBegin + strings.ToLower(rand.Text()[:10]) }

// look has a store look at itself.
func (d *doctor) look(store storage.Store, o storage.DiagnoseOptions) part {
	return func(ctx context.Context, _ []storage.Check) iter.Seq[storage.Check] {
		able, ok := store.(storage.Diagnoser)
		if !ok {
			return func(func(storage.Check) bool) {}
		}
		o.ReadOnly = d.o.ReadOnly
		return able.Diagnose(ctx, o)
	}
}

// readable makes a part of steps that can tell nothing unless all works so far that
// reading takes.
func readable(steps ...storage.CheckStep) part {
	return func(ctx context.Context, before []storage.Check) iter.Seq[storage.Check] {
		failed := slices.IndexFunc(before, func(c storage.Check) bool { return c.For == storage.Reading && c.Status == storage.Failed })
		steps := slices.Clone(steps)
		for i := range steps {
			if failed >= 0 {
				steps[i].Needs = append([]string{before[failed].Step}, steps[i].Needs...)
			}
		}
		return storage.RunChecks(ctx, before, steps)
	}
}
