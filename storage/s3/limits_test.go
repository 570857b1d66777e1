package s3

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

func TestPartsGrowWithTheObject(t *testing.T) {
	const mib, gib, tib = int64(1) << 20, int64(1) << 30, int64(1) << 40
	for _, test := range []struct {
		size, limit, want int64
	}{
		{17 * mib, 128 * mib, 16 * mib},
		{16000 * mib, 128 * mib, 16 * mib},
		{16000*mib + 1, 128 * mib, 32 * mib},
		{50 * gib, 128 * mib, 64 * mib},
		{600 * gib, 128 * mib, 64 * mib}, // more parts rather than more memory
		{600 * gib, 8 * gib, 1 * gib},
		{1 * tib, 128 * mib, 128 * mib}, // for there are never more than 10,000
		{5 * tib, 128 * mib, 1 * gib},
	} {
		s := &Store{partSize: defaultPartSize, limits: NewLimits(LimitOptions{BufferBytes: test.limit})}
		if got := s.partSizeFor(test.size); got != test.want {
			t.Errorf("an object of %d bytes has parts of %d, want %d", test.size, got, test.want)
		}
	}
}

func TestBuffersAreBounded(t *testing.T) {
	limits := NewLimits(LimitOptions{BufferBytes: 1 << 20})
	var held []*buffer
	for _, size := range []int64{1 << 19, 1 << 18, 1<<17 + 1} { // the last takes up 1 << 18
		b, err := limits.buffer(t.Context(), size)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(b.data)) != size {
			t.Errorf("asked for %d bytes, got %d", size, len(b.data))
		}
		held = append(held, b)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := limits.buffer(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with no room left, a buffer is given: %v", err)
	}
	for _, b := range held {
		b.release()
	}
	if _, err := limits.buffer(t.Context(), 3<<20); err != nil {
		t.Errorf("a part that is larger than all the room is not served: %v", err)
	}
}

// TestBuffersAreServedInTurn has more takers than there is room for.
func TestBuffersAreServedInTurn(t *testing.T) {
	limits := NewLimits(LimitOptions{BufferBytes: 1 << 20})
	var takers sync.WaitGroup
	for i := range 200 {
		takers.Go(func() {
			b, err := limits.buffer(t.Context(), int64(1)<<(10+i%12))
			if err != nil {
				t.Error(err)
				return
			}
			clear(b.data) // which the race detector watches
			b.release()
		})
	}
	takers.Wait()
}

// TestSpareBuffersAreBounded looks at what is kept for use again.
func TestSpareBuffersAreBounded(t *testing.T) {
	s := spares{limit: 1 << 20}
	var taken [][]byte
	for _, size := range []int64{1 << 19, 1 << 18, 1 << 17} {
		taken = append(taken, s.take(size))
	}
	first := &taken[1][0]
	for _, used := range taken[1:] {
		s.give(used)
	}
	again := s.take(1<<18 - 1)
	if &again[0] != first {
		t.Error("a slice of the size lies idle, and a fresh one is made")
	}
	big := s.take(1 << 18) // which leaves no room for what is idle
	if s.kept != 0 || s.inUse != 1<<20 {
		t.Errorf("%d bytes are in use and %d are kept", s.inUse, s.kept)
	}
	for _, used := range [][]byte{again, big, taken[0]} {
		s.give(used)
	}
	if s.kept != 0 || s.inUse != 0 {
		t.Errorf("when all are given back, %d bytes are in use and %d are kept", s.inUse, s.kept)
	}
}

// TestReadingAheadLeavesRoomForUploads takes all that reading ahead may have.
func TestReadingAheadLeavesRoomForUploads(t *testing.T) {
	limits := NewLimits(LimitOptions{BufferBytes: 1 << 20})
	var ahead []*buffer
	for b := limits.bufferAhead(1 << 15); b != nil; b = limits.bufferAhead(1 << 15) {
		ahead = append(ahead, b)
	}
	if len(ahead) != 8 {
		t.Errorf("reading ahead gets %d buffers, want 8: a quarter of the room", len(ahead))
	}
	upload, err := limits.buffer(t.Context(), 5<<20) // as much as can be asked for
	if err != nil {
		t.Fatal(err)
	}
	ahead[0].release()
	if limits.bufferAhead(1<<15) == nil {
		t.Error("what was given back is not to be had")
	}
	for _, b := range ahead[1:] {
		b.release()
	}
	if limits.bufferAhead(1<<20) != nil {
		t.Error("reading ahead gets more than its part")
	}
	upload.release()
}

func TestReadingAheadTakesNoRoomThatIsNotFree(t *testing.T) {
	limits := NewLimits(LimitOptions{BufferBytes: 1 << 20})
	for range 4 {
		if _, err := limits.buffer(t.Context(), 1<<18); err != nil {
			t.Fatal(err)
		}
	}
	if limits.bufferAhead(1) != nil {
		t.Error("there is no room, and yet a buffer")
	}
	if !limits.ahead.TryAcquire(1 << 18) {
		t.Error("what was not to be had is taken")
	}
}
