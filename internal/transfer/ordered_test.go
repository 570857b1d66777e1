package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/internal/transfer"
)

// numbers gives the numbers from 0 on, and counts how many were asked for.
func numbers(n int, asked *atomic.Int32) func(context.Context) iter.Seq2[int, error] {
	return func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				asked.Add(1)
				if !yield(i, nil) {
					return
				}
			}
		}
	}
}

// told gives results and errors as texts, in their order.
func told(results iter.Seq2[int, error]) []string {
	var list []string
	for n, err := range results {
		if err != nil {
			list = append(list, err.Error())
		} else {
			list = append(list, fmt.Sprint(n))
		}
	}
	return list
}

func TestOrderedGivesResultsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		next := 0
		for n, err := range transfer.Ordered(t.Context(), 7, numbers(1000, &asked), func(_ context.Context, n int) (int, error) {
			<-time.After(time.Duration(n*7919%13) * time.Second)
			return n, nil
		}) {
			if err != nil || n != next {
				t.Fatalf("result %d is %d, %v", next, n, err)
			}
			next++
		}
		if next != 1000 {
			t.Errorf("%d results", next)
		}
	})
}

func TestOrderedGivesEachResultAsSoonAsItCan(t *testing.T) {
	var asked atomic.Int32
	more := make(chan struct{})
	for n, err := range transfer.Ordered(t.Context(), 2, numbers(2, &asked), func(_ context.Context, n int) (int, error) {
		if n == 1 {
			<-more
		}
		return n, nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			close(more) // or else the second never ends
		}
	}
}

// TestOrderedKeepsToItsBound has each job tell how many run when the first of
// them ends.
func TestOrderedKeepsToItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, running atomic.Int32
		most := 0
		for n, err := range transfer.Ordered(t.Context(), 4, numbers(50, &asked), func(context.Context, int) (int, error) {
			running.Add(1)
			defer running.Add(-1)
			<-time.After(time.Second)
			return int(running.Load()), nil
		}) {
			if err != nil {
				t.Fatal(err)
			}
			most = max(most, n)
		}
		if most != 4 {
			t.Errorf("%d jobs ran at once, want 4", most)
		}
	})
}

// TestOrderedWaitsForWhoTakesTheResults lets everything go on until all of it
// waits for a consumer who has taken one result.
func TestOrderedWaitsForWhoTakesTheResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, done atomic.Int32
		for _, err := range transfer.Ordered(t.Context(), 4, numbers(1000, &asked), func(_ context.Context, n int) (int, error) {
			done.Add(1)
			return n, nil
		}) {
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			break
		}
		if asked.Load() > 30 || done.Load() > 30 {
			t.Errorf("for one result %d jobs were asked for, and %d were done", asked.Load(), done.Load())
		}
	})
}

func TestOrderedCallsOffWhatNobodyTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, running atomic.Int32
		for _, err := range transfer.Ordered(t.Context(), 4, numbers(1000, &asked), func(ctx context.Context, n int) (int, error) {
			running.Add(1)
			defer running.Add(-1)
			if n > 0 {
				<-ctx.Done()
			}
			return n, ctx.Err()
		}) {
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			break
		}
		if n := running.Load(); n != 0 {
			t.Errorf("%d jobs still run", n)
		}
		if n := asked.Load(); n > 30 {
			t.Errorf("%d jobs were asked for", n)
		}
	})
}

// TestOrderedCallsOffJobsThatAreAskedFor breaks off while the next job is waited for.
func TestOrderedCallsOffJobsThatAreAskedFor(t *testing.T) {
	jobs := func(ctx context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			if yield(0, nil) {
				<-ctx.Done()
			}
		}
	}
	for _, err := range transfer.Ordered(t.Context(), 4, jobs, func(context.Context, int) (int, error) { return 0, nil }) {
		if err != nil {
			t.Error(err)
		}
		break
	}
}

func TestOrderedKeepsErrorsInTheirPlaces(t *testing.T) {
	jobs := func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			_ = yield(0, nil) && yield(1, nil) && yield(2, nil) && yield(0, errors.New("no more can be listed"))
		}
	}
	got := told(transfer.Ordered(t.Context(), 2, jobs, func(_ context.Context, n int) (int, error) {
		if n == 1 {
			return 0, errors.New("1 is broken")
		}
		return n, nil
	}))
	if diff := cmp.Diff([]string{"0", "1 is broken", "2", "no more can be listed"}, got); diff != "" {
		t.Errorf("the results differ (-want +got):\n%s", diff)
	}
}

func TestOrderedThatIsCalledOffEndsWithTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		ctx, cancel := context.WithCancelCause(t.Context())
		got := told(transfer.Ordered(ctx, 2, numbers(1000, &asked), func(ctx context.Context, n int) (int, error) {
			if n == 3 {
				synctest.Wait() // until all before are taken
				cancel(errors.New("stopped by a person"))
			}
			return n, ctx.Err()
		}))
		if last := got[len(got)-1]; last != "stopped by a person" || len(got) > 4 {
			t.Errorf("the results are %q", got)
		}
	})
}

func TestOrderedOfNothingGivesNothing(t *testing.T) {
	var asked atomic.Int32
	if got := told(transfer.Ordered(t.Context(), 0, numbers(0, &asked), func(_ context.Context, n int) (int, error) { return n, nil })); got != nil {
		t.Errorf("the results are %q", got)
	}
}
