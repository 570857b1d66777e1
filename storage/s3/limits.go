package s3

import (
	"context"

	"golang.org/x/sync/semaphore"

	"github.com/dtool-go/dtool/storage/transport"
)

const (
	defaultBufferBytes = 80 << 20
	defaultRequests    = 32
)

// Limits is one bound on memory, requests and bandwidth for all stores that
// share it.
//
// Nobody waits for ever for what it bounds, since what one may hold while one
// waits goes in one direction only:
//
//  1. Who has the turn of a request waits for the network alone: what it sends
//     is in a buffer already, and what it receives has its place.
//  2. Who has a buffer for an upload waits for the body that is to fill it, and
//     then for the turn of a request. It waits for no second buffer.
//  3. A body that is read waits for the network, or for a buffer of its own that
//     is being filled, which is a request as in 1. A buffer for reading ahead is
//     taken only if there is room at once. It may be held for long, while its
//     reader waits for a buffer for an upload, say; so all of them together may
//     take a quarter of the room at most, and no upload asks for more than the
//     rest.
//
// A body that comes straight from the network to whoever reads it takes neither
// a buffer nor the turn of a request: how many of them there are is up to those
// who open them.
type Limits struct {
	bytes    int64 // for buffers of all kinds
	room     *semaphore.Weighted
	ahead    *semaphore.Weighted // the part of the room that is for reading ahead
	requests *semaphore.Weighted
	most     int // requests
	pace     *transport.Pace
	spares   spares
}

// LimitOptions says how much the stores that share a [Limits] may use. What is
// zero has its default.
type LimitOptions struct {
	// BufferBytes is for bodies on their way. Default 80 MiB: what is kept for use
	// again adds a quarter at most, and garbage collection lets memory grow to twice
	// that. An object of more than 7,500 times this many bytes needs more for a
	// single part.
	BufferBytes int64
	// Requests is how many requests are under way at once, but for the bodies that
	// callers are reading. Default 32.
	Requests int
	// Pace is for all connections and both directions together. Nil sets no bound.
	Pace *transport.Pace
}

// NewLimits makes a bound to be shared.
func NewLimits(o LimitOptions) *Limits {
	orDefault(&o.BufferBytes, defaultBufferBytes)
	orDefault(&o.Requests, defaultRequests)
	return &Limits{
		bytes:    o.BufferBytes,
		room:     semaphore.NewWeighted(o.BufferBytes),
		ahead:    semaphore.NewWeighted(o.BufferBytes / 4),
		requests: semaphore.NewWeighted(int64(o.Requests)),
		most:     o.Requests,
		pace:     o.Pace,
		spares:   spares{limit: o.BufferBytes + o.BufferBytes/4},
	}
}

// request waits for the turn of a request that completes by itself, and gives
// what ends it.
func (l *Limits) request(ctx context.Context) (end func(), err error) {
	if err := l.requests.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { l.requests.Release(1) }, nil
}

// A buffer holds the bytes of one request.
type buffer struct {
	data    []byte
	release func() // gives it back: nobody may touch its bytes any more
}

// buffer waits until there is room for so many bytes on their way to a store.
func (l *Limits) buffer(ctx context.Context, size int64) (*buffer, error) {
	weight := min(capacityFor(size), l.bytes-l.bytes/4)
	if err := l.room.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	return l.newBuffer(size, func() { l.room.Release(weight) }), nil
}

// bufferAhead gives a buffer for bytes that are read before they are asked for,
// or nil if there is no room for them now.
func (l *Limits) bufferAhead(size int64) *buffer {
	weight := capacityFor(size)
	if !l.ahead.TryAcquire(weight) {
		return nil
	}
	if !l.room.TryAcquire(weight) {
		l.ahead.Release(weight)
		return nil
	}
	return l.newBuffer(size, func() {
		l.room.Release(weight)
		l.ahead.Release(weight)
	})
}

func (l *Limits) newBuffer(size int64, leave func()) *buffer {
	data := l.spares.take(size)
	return &buffer{data: data, release: func() {
		l.spares.give(data)
		leave()
	}}
}
