// Package transfer runs many pieces of work a few at a time, and counts how far
// they are.
//
// It knows nothing of what the pieces do: neither datasets nor stores.
package transfer

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// maxErrors is how many failures are told apart; what fails a thousand times
// fails for one reason.
const maxErrors = 10

// Run does the work for each of the jobs, at most workers at a time, in their
// order as far as that bound allows. The first failure cancels the context of
// the others, and no further work is begun. Run returns when all that was begun
// has ended, with the failures joined; those that are but the cancellation's
// are left out.
func Run[T any](ctx context.Context, workers int, jobs []T, work func(ctx context.Context, index int, job T) error) error {
	return RunWeighted(ctx, workers, jobs, func(T) int { return 1 }, work)
}

// RunWeighted is Run for jobs of which some stand for several: at any time, the
// weights of those under way add up to room at most. A job that weighs more than
// that runs alone.
func RunWeighted[T any](ctx context.Context, room int, jobs []T, weight func(T) int, work func(ctx context.Context, index int, job T) error) error {
	var failures failures
	room = max(1, room)
	free := semaphore.NewWeighted(int64(room))
	group, workCtx := errgroup.WithContext(ctx)
	type task struct {
		index  int
		weight int64
	}
	todo := make(chan task)
	// Workers stay for many jobs, since what calls deeply would have to make room
	// on the stack anew in a goroutine for each.
	worker := func() error {
		for t := range todo {
			err := work(workCtx, t.index, jobs[t.index])
			failures.add(err, context.Cause(workCtx))
			if err != nil {
				return err // and nothing is to begin in its place
			}
			free.Release(t.weight)
		}
		return nil
	}
	for i, job := range jobs {
		t := task{i, int64(min(max(1, weight(job)), room))}
		if free.Acquire(workCtx, t.weight) != nil || workCtx.Err() != nil {
			break
		}
		if i < room {
			group.Go(worker)
		}
		select {
		case todo <- t:
		case <-workCtx.Done():
		}
	}
	close(todo)
	first := group.Wait()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return failures.join(first)
}

// Together does several things at once, and ends as Run does.
func Together(ctx context.Context, things ...func(context.Context) error) error {
	return Run(ctx, len(things), things, func(ctx context.Context, _ int, do func(context.Context) error) error {
		return do(ctx)
	})
}

type failures struct {
	mu   sync.Mutex
	list []error
}

// add keeps a failure, unless it only tells that the work was called off, for a
// cause that is nil if it was not.
func (f *failures) add(err, cause error) {
	if err == nil || cause != nil && (errors.Is(err, context.Canceled) || errors.Is(err, cause)) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) < maxErrors {
		f.list = append(f.list, err)
	}
}

func (f *failures) join(first error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch len(f.list) {
	case 0:
		return first
	case 1:
		return f.list[0]
	}
	return errors.Join(f.list...)
}
