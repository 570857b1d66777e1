package s3

import (
	"context"
	"math/bits"
	"sync"

	"golang.org/x/sync/semaphore"
)

const defaultBufferBytes = 128 << 20

// Limits bounds the memory for bodies on their way to the stores that share it.
type Limits struct {
	bytes int64
	room  *semaphore.Weighted
	// pools keep buffers for reuse, by the exponent of their capacity.
	pools [64]sync.Pool
}

// NewLimits allows for so many bytes of buffers; 0 means 128 MiB. An object of
// more than a million times this many bytes may need more for a single part.
func NewLimits(bufferBytes int64) *Limits {
	if bufferBytes <= 0 {
		bufferBytes = defaultBufferBytes
	}
	return &Limits{bytes: bufferBytes, room: semaphore.NewWeighted(bufferBytes)}
}

// A buffer holds the bytes of one request.
type buffer struct {
	data   []byte
	weight int64
	limits *Limits
}

// buffer waits until there is room for so many bytes. Whoever has a buffer gives
// it back without waiting for another one: so nobody waits for ever.
func (l *Limits) buffer(ctx context.Context, size int64) (*buffer, error) {
	exponent := bits.Len64(uint64(max(size, 1) - 1))
	b := &buffer{weight: min(1<<exponent, l.bytes), limits: l}
	if err := l.room.Acquire(ctx, b.weight); err != nil {
		return nil, err
	}
	if used, ok := l.pools[exponent].Get().(*[]byte); ok {
		b.data = (*used)[:size]
	} else {
		b.data = make([]byte, size, 1<<exponent)
	}
	return b, nil
}

// release gives the buffer back. Nobody may touch its bytes any more.
func (b *buffer) release() {
	b.limits.pools[bits.Len64(uint64(cap(b.data)-1))].Put(&b.data)
	b.limits.room.Release(b.weight)
}
