package s3

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
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
		s := &Store{partSize: defaultPartSize, limits: NewLimits(test.limit)}
		if got := s.partSizeFor(test.size); got != test.want {
			t.Errorf("an object of %d bytes has parts of %d, want %d", test.size, got, test.want)
		}
	}
}

func TestBuffersAreBounded(t *testing.T) {
	limits := NewLimits(1 << 20)
	var held, most atomic.Int64
	var all sync.WaitGroup
	for i := range 200 {
		size := int64(1) << (10 + i%12) // up to twice of what is allowed
		all.Go(func() {
			b, err := limits.buffer(t.Context(), size)
			if err != nil {
				t.Error(err)
				return
			}
			if int64(len(b.data)) != size {
				t.Errorf("asked for %d bytes, got %d", size, len(b.data))
			}
			now := held.Add(min(size, limits.bytes))
			for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
			}
			held.Add(-min(size, limits.bytes))
			b.release()
		})
	}
	all.Wait()
	if most.Load() > limits.bytes {
		t.Errorf("%d bytes at once, where %d are allowed", most.Load(), limits.bytes)
	}
}

func TestWaitForABufferEndsWithTheContext(t *testing.T) {
	limits := NewLimits(1 << 20)
	b, err := limits.buffer(t.Context(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := limits.buffer(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	b.release()
	if _, err := limits.buffer(t.Context(), 1); err != nil {
		t.Error(err)
	}
}
