package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dtool-go/dtool/internal/s3test"
)

// A town is what all workers share.
type town struct {
	server *s3test.Server
	dir    string
	counts *counts

	saying sync.Mutex
	out    io.Writer

	// up is held for reading while the server must be up: whoever looks at what is
	// there, past everything that goes wrong. Who works under trouble does not hold it.
	up sync.RWMutex
}

// soak works until the time is over. What was found is in the totals; an error means that the
// soak itself could not go on.
func soak(ctx context.Context, o options, out io.Writer) (*counts, error) {
	started := time.Now()
	t := &town{counts: newCounts(), out: out}
	defer func() { t.counts.took = time.Since(started) }()
	var err error
	if t.dir, err = os.MkdirTemp("", "soak-"); err != nil {
		return t.counts, err
	}
	t.say("working for %v with %d workers, seed %d, in %s\n", o.duration, o.workers, o.seed, t.dir)
	if t.server, err = s3test.Run(ctx, filepath.Join(t.dir, "server")); err != nil {
		return t.counts, err
	}
	defer func() { t.server.Stop() }()

	over, cancel := context.WithTimeout(ctx, o.duration)
	defer cancel()
	err = t.work(ctx, over, o)
	if t.counts.lost+t.counts.wrong == 0 && err == nil {
		err = os.RemoveAll(t.dir)
	}
	return t.counts, err
}

// work has all workers work until it is over, and whatever else goes on meanwhile. What they
// have begun they finish in the other context.
func (t *town) work(ctx, over context.Context, o options) error {
	working, done := context.WithCancel(ctx)
	var aside errgroup.Group
	aside.Go(func() error {
		t.tellProgress(working)
		return nil
	})
	aside.Go(func() error { return t.restartServer(working, o) })
	workers, ctx := errgroup.WithContext(ctx)
	for i := range o.workers {
		workers.Go(func() error {
			w := &worker{town: t, dir: filepath.Join(t.dir, strconv.Itoa(i)), random: rand.New(rand.NewPCG(o.seed, uint64(i)))}
			return w.work(ctx, over)
		})
	}
	err := workers.Wait()
	done()
	return errors.Join(err, aside.Wait())
}

// say tells the person who waits.
func (t *town) say(format string, args ...any) {
	t.saying.Lock()
	defer t.saying.Unlock()
	fmt.Fprintf(t.out, format, args...)
}

func (t *town) tellProgress(ctx context.Context) {
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			t.say("%s\n", t.counts.line())
		}
	}
}

// restartServer kills the server now and then, and starts it again.
func (t *town) restartServer(ctx context.Context, o options) error {
	random := rand.New(rand.NewPCG(o.seed, 1<<32))
	const often = 20 * time.Second
	for {
		pause := min(often, o.duration/4)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause + time.Duration(random.Int64N(int64(pause)))):
		}
		t.up.Lock()
		err := t.server.Restart(context.WithoutCancel(ctx))
		t.up.Unlock()
		if err != nil {
			return fmt.Errorf("starting the server again: %w", err)
		}
		t.counts.fault("server killed")
	}
}
