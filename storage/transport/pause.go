package transport

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// MaxPause is the longest pause between two tries, where nobody wishes for
	// another.
	MaxPause = 20 * time.Second
	// Tries is how often something is tried in all, where nobody wishes for another
	// number. With the pauses between them they outlast the restart of a server.
	Tries = 7

	firstPause = 250 * time.Millisecond // the longest before the second try
)

// Pause gives the pause after so many tries that failed: twice as long each time, up
// to the longest one, and between a half and all of that, so that not all come back
// at once.
func Pause(tries int, longest time.Duration) time.Duration {
	const doublings = 20 // which is beyond any longest pause
	pause := min(firstPause<<min(tries-1, doublings), longest)
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // nobody gains by foreseeing it
}

// Sleep waits, unless the context ends before: then it gives the cause of that.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
