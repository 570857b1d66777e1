package config

import (
	"context"
	"fmt"
	"time"
)

// How long the lock of another process is waited for, and how often it is tried. Nobody
// keeps it for longer than a small file takes to be written.
const (
	lockPatience = 10 * time.Second
	lockInterval = 5 * time.Millisecond
)

// lock waits until no other process holds the lock file, and holds it then. The
// file goes with it.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lockPatience,
		fmt.Errorf("another process has been at it for %v; if there is none, remove %s", lockPatience, path))
	defer cancel()
	tick := time.NewTicker(lockInterval)
	defer tick.Stop()
	for {
		unlock, err := tryLock(path)
		if unlock != nil || err != nil {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
	}
}
