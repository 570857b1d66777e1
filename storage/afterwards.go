package storage

import (
	"context"
	"time"
)

// Afterwards gives a context for tidying up, should the work fail that ctx is for. It
// outlasts ctx, if that is called off, by the grace alone: somebody waits then.
// Whoever calls cancel has tidied up, or has nothing to tidy.
func Afterwards(ctx context.Context, grace time.Duration) (later context.Context, cancel context.CancelFunc) {
	later, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, end) })
	return later, func() {
		stop()
		end()
	}
}
