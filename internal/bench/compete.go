package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// A line is one piece of work that several contestants do, dtool first.
type line struct {
	name   string // for -work
	work   string // for people
	rounds int
	cold   bool // takes so long that nobody runs once beforehand
	budget budget
	field  func(context.Context, *stage) ([]contestant, error)
}

// A budget is what dtool may need. What is zero has no limit.
type budget struct {
	ratio    float64 // of the time of the fastest of the others
	time     time.Duration
	requests int
	peak     size
}

// An entry is a contestant with all its runs, one each round.
type entry struct {
	contestant
	outcomes []outcome
}

func (e entry) times() []time.Duration {
	return column(e.outcomes, func(o outcome) time.Duration { return o.elapsed })
}

func (e entry) median() time.Duration { return median(e.times()) }

// A result is a line that was done, or why it was not.
type result struct {
	line
	entries []entry
	err     error
}

// errSkipped is why a line cannot be done here, which is no failure.
var errSkipped = errors.New("skipped")

// compete lets everybody do the work in each round, each time in another order.
func (s *stage) compete(ctx context.Context, l line, progress io.Writer) result {
	fmt.Fprintf(progress, "%s: ", l.name)
	entries, err := s.rounds(ctx, l)
	for _, e := range entries {
		if len(e.outcomes) > 0 {
			fmt.Fprintf(progress, " %s %s", e.name, shown(e.median()))
		}
	}
	if err != nil {
		fmt.Fprintf(progress, " %v", err)
	}
	fmt.Fprintln(progress)
	return result{l, entries, err}
}

func (s *stage) rounds(ctx context.Context, l line) ([]entry, error) {
	field, err := l.field(ctx, s)
	if err != nil {
		return nil, err
	}
	entries, err := s.warmUp(ctx, l, field)
	if err != nil {
		return entries, err
	}
	for round := range l.rounds {
		for i := range entries {
			e := &entries[(round+i)%len(entries)]
			o, err := s.attempt(ctx, e.contestant)
			if err != nil {
				return entries, err
			}
			e.outcomes = append(e.outcomes, o)
		}
	}
	return entries, s.clear(ctx)
}

// warmUp lets everybody run once and drops, of those of one name, all but the
// fastest: a contestant is to have the settings that serve it best.
func (s *stage) warmUp(ctx context.Context, l line, field []contestant) ([]entry, error) {
	var entries []entry
	var best time.Duration
	for _, c := range field {
		var took time.Duration // of those who do not run, the last of a name stays
		if !l.cold {
			o, err := s.attempt(ctx, c)
			if err != nil {
				return entries, err
			}
			took = o.elapsed
		}
		last := len(entries) - 1
		switch {
		case last < 0 || entries[last].name != c.name:
			entries = append(entries, entry{contestant: c})
			best = took
		case took <= best:
			entries[last].contestant = c
			best = took
		}
	}
	return entries, nil
}

// attempt lets one contestant run where nothing was before, and looks at the
// result when the clock has stopped.
func (s *stage) attempt(ctx context.Context, c contestant) (outcome, error) {
	if err := s.clear(ctx); err != nil {
		return outcome{}, err
	}
	if c.prepare != nil {
		if err := c.prepare(ctx); err != nil {
			return outcome{}, fmt.Errorf("prepare for %s: %w", c.name, err)
		}
	}
	since, err := s.server.Tally()
	if err != nil {
		return outcome{}, err
	}
	o, err := c.run(ctx)
	if err != nil {
		return o, err
	}
	if o.requests, err = since(); err != nil {
		return o, err
	}
	if c.check != nil {
		if err := c.check(o); err != nil {
			return o, fmt.Errorf("%s did it wrong: %w", c.name, err)
		}
	}
	return o, nil
}
