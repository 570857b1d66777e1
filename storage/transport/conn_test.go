package transport

import (
	"errors"
	"net"
	"testing"
	"time"
)

func TestConnectionThatRestsFails(t *testing.T) {
	for name, use := range map[string]func(net.Conn) (int, error){
		"nobody writes": func(c net.Conn) (int, error) { return c.Read(make([]byte, 1)) },
		"nobody reads":  func(c net.Conn) (int, error) { return c.Write(make([]byte, 1)) },
	} {
		near, _ := pipe(t)
		_, err := use(newWatchedConn(near, time.Millisecond, nil))
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || err.Error() != "no progress for 1ms" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func pipe(t *testing.T) (near, far net.Conn) {
	near, far = net.Pipe()
	t.Cleanup(func() {
		_, _ = near.Close(), far.Close() // they never fail
	})
	return near, far
}

// TestConnectionThatMovesIsLeftAlone has an earlier rest forgotten by the next
// use.
func TestConnectionThatMovesIsLeftAlone(t *testing.T) {
	near, far := pipe(t)
	if err := near.SetDeadline(time.Unix(1, 0)); err != nil { // long past
		t.Fatal(err)
	}
	conn := newWatchedConn(near, time.Minute, nil)
	sent := make([]byte, 3*writeStep+1)
	go func() {
		buf := make([]byte, len(sent))
		for n := 0; n < len(sent); {
			m, err := far.Read(buf)
			if err != nil {
				t.Error(err)
				return
			}
			n += m
		}
		_, _ = far.Write([]byte("ok"))
	}()
	if n, err := conn.Write(sent); n != len(sent) || err != nil {
		t.Fatalf("wrote %d, %v", n, err)
	}
	if err := near.SetDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 2)); n != 2 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
}
