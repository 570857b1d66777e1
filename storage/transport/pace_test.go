package transport

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// paced gives both ends of connections that keep to one pace.
func paced(t *testing.T, n int, bytesPerSecond int64, patience time.Duration) (near, far []net.Conn) {
	pace := NewPace(bytesPerSecond)
	for range n {
		a, b := pipe(t)
		near, far = append(near, newWatchedConn(a, patience, pace)), append(far, b)
	}
	return near, far
}

// TestConnectionsShareOnePace moves 80,000 bytes up and down at 8,000 a second, by
// a clock of its own.
func TestConnectionsShareOnePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := paced(t, 8, 8000, time.Minute)
		begun := time.Now()
		var ends sync.WaitGroup
		for i, conn := range near {
			from, to := conn, far[i]
			if i%2 == 0 {
				from, to = to, from
			}
			ends.Go(func() {
				if n, err := from.Write(make([]byte, 10_000)); n != 10_000 || err != nil {
					t.Errorf("wrote %d bytes, %v", n, err)
				}
			})
			ends.Go(func() {
				if n, err := io.ReadFull(to, make([]byte, 10_000)); n != 10_000 || err != nil {
					t.Errorf("read %d bytes, %v", n, err)
				}
			})
		}
		ends.Wait()
		if took := time.Since(begun).Seconds(); took < 9 || took > 10.1 {
			t.Errorf("it took %.2f s, want 10", took)
		}
	})
}

// TestWaitingForATurnIsNoRest has connections wait for longer than one may rest,
// while each of them is read for an answer that comes after all is sent.
func TestWaitingForATurnIsNoRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := paced(t, 16, 512, 3*time.Second)
		var ends sync.WaitGroup
		for i, conn := range near {
			ends.Go(func() {
				if _, err := conn.Write(make([]byte, 1000)); err != nil {
					t.Error(err)
				}
			})
			ends.Go(func() {
				_, _ = io.ReadFull(far[i], make([]byte, 1000))
				_, _ = far[i].Write([]byte("ok"))
			})
		}
		synctest.Wait() // the writers know by now when they have their turn
		for _, conn := range near {
			ends.Go(func() {
				if n, err := conn.Read(make([]byte, 2)); n != 2 || err != nil {
					t.Errorf("read %d bytes, %v", n, err)
				}
			})
		}
		ends.Wait()
	})
}

func TestClosedConnectionWaitsForNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := paced(t, 2, 1, time.Minute)
		go func() { _, _ = io.Copy(io.Discard, far[0]) }()
		failed := make(chan error)
		go func() {
			_, err := near[0].Write(make([]byte, 1<<20)) // would take days
			failed <- err
		}()
		synctest.Wait()
		begun := time.Now()
		_ = near[0].Close() // it never fails
		if err := <-failed; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(begun); waited > 0 {
			t.Errorf("it went on waiting for %v", waited)
		}
	})
}

func TestNoPaceIsNone(t *testing.T) {
	if p := NewPace(0); len(p.part(make([]byte, 1<<20))) != 1<<20 {
		t.Error("without a bound on bandwidth there is one")
	}
	if p := NewPace(1 << 40); len(p.part(make([]byte, 1<<20))) != maxStep {
		t.Error("a step is larger than what may leave while a connection rests")
	}
}
