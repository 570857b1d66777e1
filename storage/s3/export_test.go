package s3

import "time"

// HurryReaders has every reader of a large object take for a slow line what it
// reads from.
func (s *Store) HurryReaders() {
	s.keptWaiting = func(int64, time.Duration) bool { return true }
}

// Idle tells whether nobody has a buffer or the turn of a request.
func (l *Limits) Idle() bool {
	idle := l.room.TryAcquire(l.bytes)
	if idle {
		l.room.Release(l.bytes)
	}
	quiet := l.requests.TryAcquire(int64(l.most))
	if quiet {
		l.requests.Release(int64(l.most))
	}
	return idle && quiet
}
