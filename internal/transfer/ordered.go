package transfer

import (
	"context"
	"iter"
	"sync"
)

// maxWaiting is how many results for each worker may wait for one before them
// that takes longer, or for whoever takes them.
const maxWaiting = 4

// Ordered does the work for each of the jobs, at most workers at a time, and
// gives the results in the order of the jobs, each as soon as those before it
// have been given. Where a job or its work is an error, that stands in its place,
// and the others follow. A context that is done ends the results with its cause,
// so that results which end without it are whole.
//
// Jobs are asked for while the results are taken, and only so far ahead that few
// results wait. When no more are taken, the context that the jobs and their
// work were given is cancelled, and the loop ends once all of it has ended.
func Ordered[T, R any](
	ctx context.Context, workers int,
	jobs func(context.Context) iter.Seq2[T, error],
	work func(ctx context.Context, job T) (R, error),
) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		workCtx, cancel := context.WithCancel(ctx)
		o := ordered[T, R]{
			work: work,
			todo: make(chan task[T, R]),
			line: make(chan chan result[R], maxWaiting*max(1, workers)),
		}
		go o.run(workCtx, max(1, workers), jobs)
		defer func() {
			cancel()
			for range o.line { // until all has ended
			}
		}()
		for next := range o.line {
			r := <-next
			if ctx.Err() != nil {
				break
			}
			if !yield(r.value, r.err) {
				return
			}
		}
		if ctx.Err() != nil {
			var none R
			yield(none, context.Cause(ctx))
		}
	}
}

type ordered[T, R any] struct {
	work func(context.Context, T) (R, error)
	todo chan task[T, R]     // for the next worker who is free
	line chan chan result[R] // where the results will be, in order
}

type task[T, R any] struct {
	job  T
	next chan<- result[R]
}

type result[R any] struct {
	value R
	err   error
}

// run returns when all the results are in the line, or it was called off, and the
// workers have ended. The last it does is to close the line.
func (o ordered[T, R]) run(ctx context.Context, workers int, jobs func(context.Context) iter.Seq2[T, error]) {
	defer close(o.line)
	var group sync.WaitGroup
	defer group.Wait()
	defer close(o.todo)
	for range workers {
		// They stay for all jobs, since what calls deeply would have to make
		// room on the stack anew in a goroutine for each.
		group.Go(func() {
			for t := range o.todo {
				value, err := o.work(ctx, t.job)
				t.next <- result[R]{value, err}
			}
		})
	}
	for job, err := range jobs(ctx) {
		if ctx.Err() != nil {
			return
		}
		next := make(chan result[R], 1)
		select {
		case o.line <- next:
		case <-ctx.Done():
			return
		}
		if err != nil {
			next <- result[R]{err: err}
			continue
		}
		o.todo <- task[T, R]{job, next}
	}
}
