package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/dtool-go/dtool/internal/transfer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRunDoesEveryJobOnce(t *testing.T) {
	jobs := make([]int, 1000)
	done := make([]atomic.Int32, len(jobs))
	err := transfer.Run(t.Context(), 7, jobs, func(_ context.Context, i, _ int) error {
		done[i].Add(1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range done {
		if n := done[i].Load(); n != 1 {
			t.Errorf("job %d was done %d times", i, n)
		}
	}
}

// TestRunKeepsToItsBound lets each job wait until as many run as may, so that a
// lower bound would hang and a higher one is counted.
func TestRunKeepsToItsBound(t *testing.T) {
	const workers = 4
	var running, most atomic.Int32
	full := make(chan struct{})
	err := transfer.Run(t.Context(), workers, make([]int, 50), func(context.Context, int, int) error {
		n := running.Add(1)
		defer running.Add(-1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		if n == workers {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		<-full
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := most.Load(); n != workers {
		t.Errorf("%d jobs ran at once, want %d", n, workers)
	}
}

// TestRunWeightedKeepsToItsRoom lets the jobs that fill the room wait for each
// other, so that a smaller room would hang, and adds up what runs.
func TestRunWeightedKeepsToItsRoom(t *testing.T) {
	const room = 6
	weights := []int{4, 1, 1, 6, 2, 4, 100, 0, 3, 3}
	var running atomic.Int64
	together := make(chan struct{})
	err := transfer.RunWeighted(t.Context(), room, weights, func(w int) int { return w }, func(_ context.Context, i, w int) error {
		taken := int64(min(max(w, 1), room))
		if n := running.Add(taken); n > room {
			t.Errorf("with job %d the weights add up to %d", i, n)
		} else if i < 3 && n == room {
			close(together)
		}
		defer running.Add(-taken)
		if i < 3 {
			<-together
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRunStopsAtTheFirstFailure(t *testing.T) {
	bad := errors.New("bad")
	begun := 0
	err := transfer.Run(t.Context(), 1, make([]int, 100), func(_ context.Context, i, _ int) error {
		begun++
		if i == 3 {
			return bad
		}
		return nil
	})
	if !errors.Is(err, bad) {
		t.Errorf("the error is %v", err)
	}
	if begun > 5 {
		t.Errorf("%d jobs were begun after a failure of the fourth", begun)
	}
}

func TestRunTellsFailuresFromWhatTheyCalledOff(t *testing.T) {
	bad := errors.New("bad")
	waiting := make(chan struct{})
	err := transfer.Run(t.Context(), 2, []string{"waits", "fails"}, func(ctx context.Context, _ int, job string) error {
		if job == "fails" {
			<-waiting
			return bad
		}
		close(waiting)
		<-ctx.Done()
		return fmt.Errorf("called off: %w", ctx.Err())
	})
	if !errors.Is(err, bad) || errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestRunTellsEveryFailureUpToABound(t *testing.T) {
	all := make(chan struct{})
	var begun atomic.Int32
	const jobs = 30
	err := transfer.Run(t.Context(), jobs, make([]int, jobs), func(_ context.Context, i, _ int) error {
		if begun.Add(1) == jobs {
			close(all)
		}
		<-all
		return fmt.Errorf("job %d failed", i)
	})
	if n := strings.Count(err.Error(), "failed"); n != 10 {
		t.Errorf("%d failures are told: %v", n, err)
	}
}

func TestRunThatIsCalledOffSaysWhy(t *testing.T) {
	why := errors.New("stopped by a person")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := transfer.Run(ctx, 2, make([]int, 100), func(ctx context.Context, i, _ int) error {
		if i == 1 {
			cancel(why)
		}
		return ctx.Err()
	})
	if !errors.Is(err, why) {
		t.Errorf("the error is %v", err)
	}
}

func TestMeterCountsItemsAndBytes(t *testing.T) {
	var told []transfer.Count
	meter := transfer.NewMeter(2, 3<<20, func(c transfer.Count) { told = append(told, c) })
	for _, size := range []int{3 << 20, 0} {
		if _, err := io.Copy(io.Discard, meter.Try().Reader(strings.NewReader(strings.Repeat("x", size)))); err != nil {
			t.Fatal(err)
		}
		meter.ItemDone()
	}
	want := transfer.Count{Items: 2, TotalItems: 2, Bytes: 3 << 20, TotalBytes: 3 << 20}
	if first, last := told[0], told[len(told)-1]; first != (transfer.Count{TotalItems: 2, TotalBytes: 3 << 20}) || last != want {
		t.Errorf("the first count is %+v, the last %+v", first, last)
	}
	if n := len(told); n < 5 || n > 7 {
		t.Errorf("%d counts for 3 MiB", n)
	}
	if !slices.IsSortedFunc(told, func(a, b transfer.Count) int { return int(a.Bytes - b.Bytes) }) {
		t.Errorf("counts go back: %+v", told)
	}
}

func TestATryIsTakenBack(t *testing.T) {
	var last transfer.Count
	meter := transfer.NewMeter(1, 5, func(c transfer.Count) { last = c })
	first := meter.Try()
	if _, err := io.Copy(io.Discard, first.Reader(strings.NewReader("wrong"))); err != nil {
		t.Fatal(err)
	}
	first.Undo()
	if last.Bytes != 0 {
		t.Errorf("after a try that was taken back, %d bytes are told", last.Bytes)
	}
	if _, err := io.Copy(io.Discard, first.Reader(strings.NewReader("right"))); err != nil {
		t.Fatal(err)
	}
	if meter.ItemDone(); last != (transfer.Count{Items: 1, TotalItems: 1, Bytes: 5, TotalBytes: 5}) {
		t.Errorf("the last count is %+v", last)
	}
}

func TestNoMeterCountsNothing(t *testing.T) {
	meter := transfer.NewMeter(1, 1, nil)
	body := strings.NewReader("x")
	if r := meter.Try().Reader(body); r != io.Reader(body) {
		t.Error("a reader is wrapped for nothing")
	}
	meter.ItemDone()
}

// TestAFailureIsToldOnce has work that is made of work, and is called off for
// the failure of its neighbour.
func TestAFailureIsToldOnce(t *testing.T) {
	bad := errors.New("bad")
	begun := make(chan struct{})
	err := transfer.Together(t.Context(), func(context.Context) error {
		<-begun
		return bad
	}, func(ctx context.Context) error {
		return transfer.Run(ctx, 1, []int{0}, func(ctx context.Context, _, _ int) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
	})
	if err == nil || err.Error() != "bad" {
		t.Errorf("the error is %q", err)
	}
}
