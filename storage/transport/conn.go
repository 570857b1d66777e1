package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// A watchedConn fails when it makes no progress for a while, in either
// direction, and keeps to a pace.
type watchedConn struct {
	net.Conn
	patience time.Duration
	pace     *Pace
	closing  sync.Once
	closed   chan struct{}

	mu   sync.Mutex
	turn time.Time // when the writer is to have its turn
}

func newWatchedConn(conn net.Conn, patience time.Duration, pace *Pace) *watchedConn {
	return &watchedConn{Conn: conn, patience: patience, pace: pace, closed: make(chan struct{})}
}

func dialWatched(dialer *net.Dialer, patience time.Duration, pace *Pace) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return newWatchedConn(conn, patience, pace), nil
	}
}

// writeStep is how many bytes must have left within the time that a connection
// may rest.
const writeStep = 64 << 10

// Read gives what has arrived when its turn has come. What arrives meanwhile
// waits in the kernel, and the sender with it.
func (c *watchedConn) Read(p []byte) (int, error) {
	if err := c.renewReader(time.Now()); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(c.pace.part(p))
	c.pace.wait(n, c.closed, func(time.Time) {})
	return n, c.explain(err)
}

// Write gives the reader, too, time anew: it waits for the answer to what is
// being sent.
func (c *watchedConn) Write(p []byte) (int, error) {
	written := 0
	for {
		part := c.pace.part(p[written:min(written+writeStep, len(p))])
		c.pace.wait(len(part), c.closed, func(turn time.Time) {
			_ = c.renewReader(turn) // fails for a closed connection, as does what follows
		})
		now := time.Now()
		if err := errors.Join(c.renewReader(now), c.SetWriteDeadline(now.Add(c.patience))); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(part)
		written += n
		if err != nil || written == len(p) {
			return written, c.explain(err)
		}
	}
}

// renewReader has the reader's patience begin at a time, or when the writer has
// its turn: until then nothing can be expected.
func (c *watchedConn) renewReader(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.turn) {
		c.turn = at
	}
	return c.SetReadDeadline(c.turn.Add(c.patience))
}

// Close ends what waits, for the network or for its turn.
func (c *watchedConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func (c *watchedConn) explain(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &stallError{c.patience, err}
	}
	return err
}

// A stallError is a timeout, which the SDK tries again.
type stallError struct {
	patience time.Duration
	err      error
}

func (e *stallError) Error() string { return fmt.Sprintf("no progress for %v", e.patience) }
func (e *stallError) Unwrap() error { return e.err }
func (e *stallError) Timeout() bool { return true }
