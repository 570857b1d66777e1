package s3

import (
	"net/http"
	"time"

	"github.com/dtool-go/dtool/storage/transport"
)

// What an answer may have in headers and in all.
const (
	MaxHeader = transport.MaxHeader
	MaxAnswer = maxAnswer
)

// Through has the requests of a store answered without a network.
func (c Config) Through(t http.RoundTripper) Config {
	c.transport = t
	return c
}

// HurryReaders has every reader of a large object take for a slow line what it
// reads from.
func (s *Store) HurryReaders() {
	s.keptWaiting = func(int64, time.Duration) bool { return true }
}

// Wait sets how long the store tidies up when its work is called off.
func (s *Store) Wait(grace time.Duration) { s.grace = grace }

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
