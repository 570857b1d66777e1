package config

import (
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
func lock(path string) (unlock func(), err error) {
	for start := time.Now(); time.Since(start) < lockPatience; time.Sleep(lockInterval) {
		unlock, err := tryLock(path)
		if unlock != nil || err != nil {
			return unlock, err
		}
	}
	return nil, fmt.Errorf("another process has been at it for %v; if there is none, remove %s", lockPatience, path)
}
