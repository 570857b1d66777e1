package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dtool-go/dtool/internal/model"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

// weather is what goes wrong on a worker's way to the server, and changes all the time while
// an operation is under way.
type weather struct {
	*worker
	cancel context.CancelFunc
	ended  chan error // of the change
	broken error      // what went wrong with making things go wrong
}

// longest is how long an operation may take, whatever happens.
const longest = 2 * time.Minute

func (w *weather) Begin(ctx context.Context, draw model.Draw, _ bool) context.Context {
	calm := draw("calm", 4) == 0
	random := rand.New(rand.NewPCG(uint64(draw("weather", 1<<30)), 0))
	ctx, cancel := context.WithTimeout(ctx, longest)
	changing, still := context.WithCancel(ctx)
	w.cancel = func() {
		still()
		cancel()
	}
	w.ended = make(chan error, 1)
	w.up.RUnlock()
	if calm {
		w.ended <- nil
		return ctx
	}
	go func() { w.ended <- w.change(changing, random) }()
	return ctx
}

// End ends what goes wrong, and every connection, so that nothing comes to the server any
// more that the operation has given up.
func (w *weather) End() func(error) bool {
	w.cancel()
	ctx := context.Background()
	w.broken = errors.Join(w.broken, <-w.ended, w.far.Cut(ctx), w.far.Mend(ctx))
	w.up.RLock()
	return func(failure error) bool {
		for _, kind := range []error{storage.ErrUnreachable, storage.ErrThrottled, context.DeadlineExceeded} {
			if errors.Is(failure, kind) {
				return true
			}
		}
		return false
	}
}

// change changes what is wrong every now and then, from the first moment on, and clears it away.
func (w *weather) change(ctx context.Context, random *rand.Rand) error {
	away := context.WithoutCancel(ctx)
	var there []string
	for n := 0; ; n++ {
		var err error
		switch {
		case random.IntN(8) == 0:
			err = w.cutForAWhile(ctx, random)
		case len(there) < 3 && random.IntN(3) > 0:
			toxic := drawToxic(random)
			toxic.Name = fmt.Sprint(toxic.Type, "-", n)
			err = w.far.Add(away, toxic)
			there = append(there, toxic.Name)
			w.counts.fault(toxic.Type)
		case len(there) > 0:
			err = w.far.Remove(away, there[0])
			there = there[1:]
		}
		if err != nil {
			return err
		}
		if !pause(ctx, random, 600*time.Millisecond) {
			break
		}
	}
	for _, name := range there {
		if err := w.far.Remove(away, name); err != nil {
			return err
		}
	}
	return nil
}

func (w *weather) cutForAWhile(ctx context.Context, random *rand.Rand) error {
	away := context.WithoutCancel(ctx)
	w.counts.fault("cut")
	if err := w.far.Cut(away); err != nil {
		return err
	}
	pause(ctx, random, 1500*time.Millisecond)
	return w.far.Mend(away)
}

// pause waits a while, and tells whether it is not over yet.
func pause(ctx context.Context, random *rand.Rand, most time.Duration) bool {
	timer := time.NewTimer(time.Duration(random.Int64N(int64(most))))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// drawToxic draws what is wrong and how much.
func drawToxic(random *rand.Rand) s3test.Toxic {
	upTo := func(most int) int { return random.IntN(most + 1) }
	toxics := []s3test.Toxic{
		{Type: "latency", Attributes: map[string]any{"latency": upTo(100), "jitter": upTo(100)}}, // ms
		{Type: "bandwidth", Attributes: map[string]any{"rate": 500 + upTo(20_000)}},              // kB/s
		{Type: "reset_peer", Attributes: map[string]any{"timeout": upTo(200)}},                   // ms
		{Type: "slow_close", Attributes: map[string]any{"delay": upTo(500)}},                     // ms
		{Type: "timeout", Attributes: map[string]any{"timeout": upTo(3) * 500}},                  // ms; 0 is for ever
		{Type: "slicer", Attributes: map[string]any{"average_size": 50 + upTo(5000), "size_variation": 40, "delay": upTo(500)}},
		{Type: "limit_data", Attributes: map[string]any{"bytes": upTo(200_000)}},
	}
	t := toxics[random.IntN(len(toxics))]
	t.Stream = []string{"upstream", "downstream"}[random.IntN(2)]
	t.Toxicity = []float64{0.2, 0.5, 1}[random.IntN(3)]
	return t
}
