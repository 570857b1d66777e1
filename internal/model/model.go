// Package model does random work with the library and knows what must come of it.
//
// A [World] is a few bases and the datasets in them, of which it has a model in
// memory. A [World.Step] draws an operation, carries it out while things go wrong, and
// then looks at what is there, past everything that goes wrong: what was
// acknowledged is there to the byte, what was frozen is what it was, and what failed has
// said so and left the old state or the new one. [World.Finish] completes what was left
// half-way, and looks at everything once more.
//
// What draws, and what goes wrong, comes from outside: the model test of the root package
// uses rapid and faulty stores, the soak a seed and a network that misbehaves. The
// package knows nothing of either, nor of kinds of stores but that directories name
// items by their relpaths.
package model

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// Draw gives a number from 0 up to, and without, n. All that is random comes from it;
// of two numbers the smaller one stands for the simpler choice.
type Draw func(label string, n int) int

// What findings are, with [errors.Is].
var (
	// ErrLost means that something acknowledged is not there.
	ErrLost = errors.New("lost")
	// ErrWrong means that something is there that must not be, or that the library
	// has said what is not so.
	ErrWrong = errors.New("wrong")
)

// Trouble makes things go wrong while an operation is under way.
type Trouble interface {
	// Begin begins with it. Bytes of items may be altered on their way only if lies
	// is set. It gives the context of the operation.
	Begin(ctx context.Context, draw Draw, lies bool) context.Context
	// End ends it, and tells what an operation may have failed of meanwhile.
	End() (excuses func(err error) bool)
}

// Config is what a World is made of.
type Config struct {
	Draw Draw
	// Connect makes a client as another process would have it, for the operations.
	Connect func() (*dtool.Client, error)
	// Witness reaches the same bases, and nothing goes wrong on its way.
	Witness *dtool.Client
	Trouble Trouble
	Bases   []Base
	Dir     string // for the files that datasets are made of
	// LargeSize is the size in bytes of a large file, of which there are few.
	LargeSize int
	// Many is how many items a dataset has now and then. 0 means that none has many.
	Many int
}

// A Base is where datasets lie.
type Base struct {
	URI string
	// Store is the base's own store, where nothing goes wrong.
	Store storage.Store
	// Files is another store, if not nil, in which the same bytes are to be read, without
	// anything of what is under test.
	Files storage.Store
	// Directory tells a directory from a bucket.
	Directory bool
}

// A World is bases, and what is known of the datasets in them.
type World struct {
	Config
	Counts

	client   *dtool.Client
	replicas []*replica
	names    int // given so far
	strays   map[string]int
	log      []string
	findings []error
}

// Counts is what was done.
type Counts struct {
	Operations int   // of the library, under trouble
	Failed     int   // of these
	Verified   int   // items that were compared with the model to the byte
	Bytes      int64 // in these
	Moved      int64 // bytes of items that were added or copied
}

// New makes a World. Its bases are empty.
func New(c Config) (*World, error) {
	client, err := c.Connect()
	return &World{Config: c, client: client, strays: map[string]int{}}, err
}

// Log gives a line for each operation so far.
func (w *World) Log() []string { return slices.Clone(w.log) }

// Datasets tells how many datasets there are, those that were begun among them.
func (w *World) Datasets() int { return len(w.replicas) }

// Step does one thing. The error is what was found to be lost or wrong.
func (w *World) Step(ctx context.Context) error {
	var possible []action
	for _, a := range actions() {
		if a.possible(w) {
			possible = append(possible, a)
		}
	}
	possible[w.Draw("operation", len(possible))].do(w, ctx)
	return errors.Join(w.findings...)
}

// An action is one kind of step.
type action struct {
	possible func(w *World) bool
	do       func(w *World, ctx context.Context)
}

func actions() []action {
	always := func(*World) bool { return true }
	hasProto := func(w *World) bool { return len(w.in(proto)) > 0 }
	hasFrozen := func(w *World) bool { return len(w.in(frozen)) > 0 }
	hasAny := func(w *World) bool { return len(w.in(proto, frozen)) > 0 }
	hasBegun := func(w *World) bool { return len(w.in(begun)) > 0 }
	hasItems := func(w *World) bool { return len(w.withItems()) > 0 }
	return []action{
		{always, (*World).createFrom},
		{always, (*World).create},
		{hasProto, (*World).add},
		{hasProto, (*World).add},
		{hasProto, (*World).addMetadata},
		{hasProto, (*World).addMetadata},
		{hasProto, (*World).freeze},
		{hasProto, (*World).freeze},
		{hasFrozen, (*World).copy},
		{hasFrozen, (*World).copy},
		{hasFrozen, (*World).copy},
		{hasFrozen, (*World).copy},
		{hasFrozen, (*World).copy},
		{hasFrozen, (*World).copy},
		{hasBegun, (*World).resume},
		{hasBegun, (*World).resume},
		{hasFrozen, (*World).verify},
		{hasItems, (*World).readItem},
		{hasItems, (*World).fetchItem},
		{hasAny, (*World).writeREADME},
		{hasAny, (*World).setTag},
		{hasAny, (*World).deleteTag},
		{hasAny, (*World).setAnnotation},
		{hasFrozen, (*World).setOverlay},
		{hasAny, (*World).rename},
		{always, (*World).list},
		{always, (*World).inventory},
		{always, (*World).reconnect},
		{hasItems, (*World).damage},
		{hasBegun, (*World).spoilBegun},
		{hasBegun, (*World).spoilBegun},
		{hasBegun, (*World).spoilBegun},
		{hasBegun, (*World).abandon},
	}
}

// attempt does one thing while things go wrong, and gives how it failed: of
// something that went wrong, or of what was expected of it.
func (w *World) attempt(ctx context.Context, what string, lies bool, do func(ctx context.Context) error, expected ...error) error {
	w.Operations++
	err := do(w.Trouble.Begin(ctx, w.Draw, lies))
	excuses := w.Trouble.End()
	w.logf("%s: %v", what, err)
	if err == nil {
		return nil
	}
	w.Failed++
	isExpected := slices.ContainsFunc(expected, func(target error) bool { return errors.Is(err, target) })
	if !isExpected && !excuses(err) {
		w.wrong("%s fails, and nothing that went wrong explains it: %w", what, err)
	}
	return err
}

func (w *World) logf(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

func (w *World) wrong(format string, args ...any) {
	w.findings = append(w.findings, fmt.Errorf("%w: %w", ErrWrong, fmt.Errorf(format, args...)))
}

func (w *World) lost(format string, args ...any) {
	w.findings = append(w.findings, fmt.Errorf("%w: %w", ErrLost, fmt.Errorf(format, args...)))
}

// reconnect goes on as another process.
func (w *World) reconnect(context.Context) {
	client, err := w.Connect()
	if err != nil {
		w.wrong("a new client: %w", err)
		return
	}
	w.client = client
	w.logf("another client")
}

func (w *World) drawBase() *Base { return &w.Bases[w.Draw("base", len(w.Bases))] }

// oneOf draws from a list that is not empty.
func oneOf[T any](w *World, label string, list []T) T { return list[w.Draw(label, len(list))] }

func (w *World) chance(label string, of int) bool { return w.Draw(label, of) == of-1 }
