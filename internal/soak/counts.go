package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dtool-go/dtool/internal/model"
)

// counts is what the soak ends with. Its methods are safe for concurrent use.
type counts struct {
	mu       sync.Mutex
	done     model.Counts
	datasets int // looked at in the end of a round
	faults   map[string]int
	requests int
	retries  int // requests beyond the first for the same thing
	lost     int
	wrong    int
	took     time.Duration
}

func newCounts() *counts { return &counts{faults: map[string]int{}} }

func (c *counts) fault(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults[kind]++
}

// add adds what a world has done since it was last added.
func (c *counts) add(now, before model.Counts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done.Operations += now.Operations - before.Operations
	c.done.Failed += now.Failed - before.Failed
	c.done.Verified += now.Verified - before.Verified
	c.done.Bytes += now.Bytes - before.Bytes
	c.done.Moved += now.Moved - before.Moved
}

func (c *counts) finished(datasets int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.datasets += datasets
}

func (c *counts) found(lost, wrong int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost += lost
	c.wrong += wrong
}

func (c *counts) injected() int {
	sum := 0
	for _, n := range c.faults {
		sum += n
	}
	return sum
}

func (c *counts) line() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d operations, %d failed; %d faults, %d retries; %d items verified; lost %d, wrong %d",
		c.done.Operations, c.done.Failed, c.injected(), c.retries, c.done.Verified, c.lost, c.wrong)
}

// String gives all counts, a line each.
func (c *counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	line := func(what string, n any, more string) { fmt.Fprintf(&b, "%-18s %v%s\n", what, n, more) }
	line("time", c.took.Round(time.Second), "")
	line("operations", c.done.Operations, fmt.Sprintf(", of which %d failed and said so", c.done.Failed))
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(c.faults)) {
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, c.faults[kind]))
	}
	line("faults injected", c.injected(), ": "+strings.Join(kinds, ", "))
	line("requests", c.requests, "")
	line("retries", c.retries, "")
	line("datasets checked", c.datasets, "")
	line("items verified", c.done.Verified, fmt.Sprintf(" (%d MB)", c.done.Bytes/1e6))
	line("bytes moved", c.done.Moved, "")
	line("lost", c.lost, "")
	line("wrong", c.wrong, "")
	return b.String()
}

// requestLog counts the requests that the S3 store logs.
type requestLog struct{ counts *counts }

func (requestLog) Enabled(context.Context, slog.Level) bool { return true }

func (l requestLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "S3 request" {
		return nil
	}
	l.counts.mu.Lock()
	defer l.counts.mu.Unlock()
	l.counts.requests++
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "try" {
			l.counts.retries++
		}
		return true
	})
	return nil
}

func (l requestLog) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l requestLog) WithGroup(string) slog.Handler { return l }
