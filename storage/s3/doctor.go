package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// What a diagnosis has of patience. It is less than that of other work, which waits
// until a store is itself again.
const (
	doctorAttempts   = 3
	doctorMaxBackoff = time.Second
	doctorStall      = 8 * time.Second
	doctorTidying    = 10 * time.Second
)

// Diagnose makes some 50 requests and sends 5 MiB. The object that it makes may be
// public for a moment, with nothing in it but random letters.
func (s *Store) Diagnose(ctx context.Context, o storage.DiagnoseOptions) iter.Seq[storage.Check] {
	return func(yield func(storage.Check) bool) {
		c := s.config
		c.Attempts, c.MaxBackoff, c.Stall = doctorAttempts, min(c.MaxBackoff, doctorMaxBackoff), min(c.Stall, doctorStall)
		hasty, err := open(ctx, s.bucket, c)
		if err != nil {
			if ctx.Err() == nil {
				check := storage.FailedCheck(err)
				check.Step, check.For = "endpoint", storage.Reading
				yield(check)
			}
			return
		}
		hasty.grace = s.grace
		d := &diagnosis{Store: hasty, o: o, text: rand.Text() + rand.Text(), made: map[string]bool{}, parted: map[string]bool{}, uploads: map[string]string{}}
		d.run(ctx, yield)
	}
}

// A diagnosis is what has been found so far of a bucket, and has been made there.
type diagnosis struct {
	*Store
	o    storage.DiagnoseOptions
	text string // content of objects

	knocked *http.Response    // the answer to a request that nothing was signed of
	first   *firstAnswer      // to the first request that was
	written storage.Info      // the object that was made, or the zero value
	made    map[string]bool   // keys that were written, or may have been
	parted  map[string]bool   // those of them that were begun to be sent in parts
	uploads map[string]string // keys, by the uploads that are unfinished
}

// run takes the steps, and tidies up whatever becomes of them.
func (d *diagnosis) run(ctx context.Context, yield func(storage.Check) bool) {
	later, cancel := storage.Afterwards(ctx, d.grace)
	defer cancel()
	storage.RunTidily(ctx, d.steps(), func() ([]string, error) {
		within, cancel := context.WithTimeout(later, doctorTidying)
		defer cancel()
		err := d.tidy(within, ctx.Err() != nil)
		if err != nil {
			d.log.WarnContext(ctx, "what was written for the diagnosis could not be removed", "left", d.left(), "error", err.Error())
		}
		return d.left(), err
	})(yield)
}

// steps gives what there is to find out, in an order in which each step can build on
// those before.
func (d *diagnosis) steps() []storage.CheckStep {
	steps := slices.Concat(d.reachSteps(), d.accessSteps())
	if d.o.ReadOnly {
		return append(steps, d.readSteps()...)
	}
	return slices.Concat(steps, d.writeSteps(), d.readSteps(), d.objectSteps(), d.partSteps(), d.publicSteps(), d.endSteps())
}

// key gives a key for something that is written.
func (d *diagnosis) key(name string) string { return d.o.Scratch + "/" + name }

// tidy removes what was written and is still there. Of work that was called off it
// looks a moment later for what the store has made of requests meanwhile.
func (d *diagnosis) tidy(ctx context.Context, calledOff bool) error {
	made := slices.Sorted(maps.Keys(d.made))
	err := d.tidyOnce(ctx)
	if !calledOff || len(made) == 0 {
		return err
	}
	const moment = 200 * time.Millisecond
	if transport.Sleep(ctx, moment) != nil {
		return err
	}
	for _, key := range made {
		d.made[key] = true
		if !d.parted[key] {
			continue
		}
		if id, err := d.lastUpload(ctx, key); err == nil && id != "" {
			d.uploads[id] = key
		}
	}
	return d.tidyOnce(ctx)
}

func (d *diagnosis) tidyOnce(ctx context.Context) error {
	var failed []error
	for id, key := range d.uploads {
		_, err := d.callOff(ctx, key, id)
		failed = append(failed, err)
	}
	if keys := slices.Sorted(maps.Keys(d.made)); len(keys) > 0 {
		failed = append(failed, d.remove(ctx, keys))
	}
	return errors.Join(failed...)
}

// remove removes objects together, or one by one where that is refused.
func (d *diagnosis) remove(ctx context.Context, keys []string) error {
	err := d.Delete(ctx, keys...)
	for _, key := range keys {
		if err == nil || d.deleteOne(ctx, key) == nil {
			delete(d.made, key)
		}
	}
	if len(d.made) == 0 {
		return nil
	}
	return err
}

// left names what is still there.
func (d *diagnosis) left() []string {
	return append(slices.Sorted(maps.Keys(d.made)), d.unfinished()...)
}

func (d *diagnosis) unfinished() []string {
	var keys []string
	for _, key := range d.uploads {
		keys = append(keys, key+" (parts of an upload)")
	}
	slices.Sort(keys)
	return keys
}

// forget is for objects that a step has named since they could not be removed. They are
// not tried again, unless the step ran out of time and nobody hears what it has to say.
func (d *diagnosis) forget(ctx context.Context, keys ...string) {
	if ctx.Err() != nil {
		return
	}
	for _, key := range keys {
		delete(d.made, key)
	}
}

// What a step came to, in one line.

func note(format string, args ...any) storage.Check {
	return storage.Check{Status: storage.Note, Found: fmt.Sprintf(format, args...)}
}

func warning(found, hint string) storage.Check {
	return storage.Check{Status: storage.Warning, Found: found, Hint: hint}
}

func bad(found, hint string) storage.Check {
	return storage.Check{Status: storage.Failed, Found: found, Hint: hint}
}

// blemish is a warning where an error stands in the way of nothing that must be.
func blemish(err error, hint string) storage.Check {
	check := storage.FailedCheck(err)
	check.Status = storage.Warning
	if hint != "" {
		check.Hint = hint
	}
	return check
}

var _ storage.Diagnoser = (*Store)(nil)
