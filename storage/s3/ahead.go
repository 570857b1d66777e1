package s3

import (
	"context"
	"io"
	"time"

	"github.com/dtool-go/dtool/storage/transport"
)

// An object is the body of a large object. It begins as one stream, which costs
// least: where the store is near, what arrives is still in the processor's
// cache when it is read, and no further connection would make it faster. Over a
// long line one connection carries no more than its window in each round trip.
// So a reader that is kept waiting has ranges fetched ahead of it, several at
// once, into buffers, as long as there is room for them; they come behind what
// the stream still brings.
type object struct {
	source
	first  *transport.Body // the one that is read until the object is wide
	queue  []io.ReadCloser // what is still to be read, in order
	queued int64           // where the queue ends, in bytes from the start
	end    int64
	wide   bool // ranges are fetched ahead
	err    error

	got    int64         // bytes read lately
	waited time.Duration // for these

	ctx    context.Context //nolint:containedctx // the bodies are read within the request
	cancel context.CancelFunc
}

// maxAhead is how many ranges of one object are under way or wait for their
// reader: an eighth of a part each, so that together they are as large as the
// default room for them. For the same memory, more and smaller ranges fill a
// long line better, and take more requests.
const maxAhead = 10

func newObject(ctx context.Context, from source, first *transport.Body) *object {
	o := &object{source: from, first: first, queue: []io.ReadCloser{first}, queued: first.End(), end: first.End()}
	o.ctx, o.cancel = context.WithCancel(ctx)
	return o
}

func (o *object) Read(p []byte) (int, error) {
	for len(p) > 0 && o.err == nil {
		begun := time.Now()
		n, err := o.queue[0].Read(p)
		o.note(n, time.Since(begun))
		if err == io.EOF {
			err = o.advance()
		}
		o.err = err
		if n > 0 {
			if err == nil {
				o.reachAhead()
			}
			return n, nil
		}
	}
	return 0, o.err
}

// advance goes to what comes next in the queue. For want of buffers that is
// a stream again.
func (o *object) advance() error {
	_ = o.queue[0].Close() // all that was wanted of it is there
	o.queue = o.queue[1:]
	if len(o.queue) > 0 {
		return nil
	}
	if o.queued == o.end {
		return io.EOF
	}
	to := min(o.queued+o.store.partSize, o.end)
	o.queue = append(o.queue, o.stream(to))
	return nil
}

// stream gives the bytes from the end of the queue on, which it moves.
func (o *object) stream(to int64) *transport.Body {
	from := o.queued
	o.queued = to
	return transport.NewBody(o.ctx, o.source, nil, from, to)
}

// note keeps account of how the reader is served.
func (o *object) note(n int, waited time.Duration) {
	if o.got > o.store.partSize {
		o.got, o.waited = 0, 0
	}
	o.got += int64(n)
	o.waited += waited
}

// keptWaiting tells whether a reader has waited so long for so many bytes that
// further connections are worth their while. The wait is more than a busy
// machine makes, and the rate is one that a single connection reaches in a local
// network.
func keptWaiting(got int64, waited time.Duration) bool {
	const fast = 128 << 20 // bytes per second
	return waited >= 100*time.Millisecond && float64(got) < fast*waited.Seconds()
}

// reachAhead has as many ranges fetched as may be now.
func (o *object) reachAhead() {
	if !o.wide && !o.widen() {
		return
	}
	for len(o.queue) <= maxAhead && o.fetchNext() {
	}
}

// widen begins to fetch ranges, if that is worth its while and there is room for
// one. It cuts the stream short, whose connection is then lost; so from then on
// a stream, too, is asked for no more than it is to bring.
func (o *object) widen() bool {
	split := (o.first.Next() + o.rangeSize()*3/2) / o.rangeSize() * o.rangeSize() // a range or so is left to it
	if split >= o.end || !o.store.keptWaiting(o.got, o.waited) {
		return false
	}
	o.queued = split
	if o.wide = o.fetchNext(); o.wide {
		o.first.Shorten(split)
	} else {
		o.queued = o.end
	}
	return o.wide
}

// fetchNext has the range behind the queue fetched, unless there is none or no
// room for it.
func (o *object) fetchNext() bool {
	size := min(o.rangeSize(), o.end-o.queued)
	if size == 0 {
		return false
	}
	buf := o.store.limits.bufferAhead(size)
	if buf == nil {
		return false
	}
	o.queue = append(o.queue, o.fetchPiece(o.stream(o.queued+size), buf))
	return true
}

func (o *object) rangeSize() int64 { return max(o.store.partSize/8, 1) }

// Close gives up what is under way, and returns when nothing is any more.
func (o *object) Close() error {
	o.cancel()
	if o.err == nil {
		o.err = transport.ErrClosed
	}
	var first error
	for _, source := range o.queue {
		if err := source.Close(); first == nil {
			first = err
		}
	}
	o.queue = nil
	return first
}

// A piece is a range of an object that is fetched into a buffer.
type piece struct {
	buf    *buffer
	unread []byte
	err    error
	done   chan struct{} // closed when the buffer is full, or err is set
}

// fetchPiece fills a buffer with the bytes of a stream, in a goroutine that ends
// with the stream's context at the latest.
func (o *object) fetchPiece(from *transport.Body, buf *buffer) *piece {
	p := &piece{buf: buf, unread: buf.data, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.err = o.fill(from, buf.data)
	}()
	return p
}

// fill reads a stream as one request that has its turn.
func (o *object) fill(from *transport.Body, data []byte) error {
	end, err := o.store.limits.request(o.ctx)
	if err != nil {
		return o.store.error("GetObject", o.key, nil, err)
	}
	defer end()
	_, err = io.ReadFull(from, data)
	_ = from.Close() // all that was wanted of it is there, or err says what is not
	return err
}

func (p *piece) Read(b []byte) (int, error) {
	<-p.done
	if p.err != nil {
		return 0, p.err
	}
	if len(p.unread) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.unread)
	p.unread = p.unread[n:]
	return n, nil
}

// Close gives the buffer back.
func (p *piece) Close() error {
	<-p.done
	p.buf.release()
	return nil
}
