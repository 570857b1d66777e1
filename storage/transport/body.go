package transport

import (
	"context"
	"errors"
	"io"
	"time"
)

// A Body is a part of an object as it comes from the network. One that breaks off is
// continued where it stopped.
type Body struct {
	ctx       context.Context //nolint:containedctx // the body is read within the request
	source    Source
	body      io.ReadCloser // nil before and between requests
	next, end int64         // bytes from the start of the object
	fruitless int           // how often in a row it broke off without a byte
	since     time.Time     // when that began
	err       error
}

// A Source is what a Body comes from.
type Source interface {
	// Continue opens the bytes of the object from one up to another, of what is still
	// the same object. Its errors are final.
	Continue(ctx context.Context, next, end int64) (io.ReadCloser, error)

	// Broken is told of a body that broke off. It waits for as long as is good before
	// the next try, or gives the error that ends the body.
	Broken(ctx context.Context, b Break) error
}

// A Break is where and why a body broke off.
type Break struct {
	Next, End int64         // the byte that is missing, and where the body was to end
	Fruitless int           // how often in a row that happened without a byte
	Waited    time.Duration // since the first of these
	Cause     error
}

// NewBody reads the bytes from one up to another. The first of them come from body, if
// that is not nil.
func NewBody(ctx context.Context, source Source, body io.ReadCloser, next, end int64) *Body {
	return &Body{ctx: ctx, source: source, body: body, next: next, end: end}
}

func (b *Body) Read(p []byte) (int, error) {
	if len(p) == 0 || b.err != nil {
		return 0, b.err
	}
	for b.next < b.end {
		if err := b.ctx.Err(); err != nil { // there may yet be bytes in a buffer
			b.err = b.broken(err)
			return 0, b.err
		}
		if b.body == nil {
			if b.body, b.err = b.source.Continue(b.ctx, b.next, b.end); b.err != nil {
				return 0, b.err
			}
		}
		n, err := b.body.Read(p[:min(int64(len(p)), b.end-b.next)])
		b.next += int64(n)
		if n > 0 {
			b.fruitless = 0
		}
		if err != nil && b.next < b.end {
			if b.err = b.broken(err); b.err != nil {
				return n, b.err
			}
		}
		if n > 0 {
			return n, nil
		}
	}
	b.err = io.EOF
	return 0, io.EOF
}

// Next gives where the body is, in bytes from the start of the object.
func (b *Body) Next() int64 { return b.next }

// End gives where it ends.
func (b *Body) End() int64 { return b.end }

// Shorten has it end earlier. It must not be beyond that already.
func (b *Body) Shorten(end int64) { b.end = end }

func (b *Body) broken(cause error) error {
	if b.body != nil {
		b.body.Close()
		b.body = nil
	}
	if cause == io.EOF {
		cause = io.ErrUnexpectedEOF
	}
	b.fruitless++
	if b.fruitless == 1 {
		b.since = time.Now()
	}
	return b.source.Broken(b.ctx, Break{b.next, b.end, b.fruitless, time.Since(b.since), cause})
}

// Close gives the connection back, or ends it if there is more to come on it.
func (b *Body) Close() error {
	if b.err == nil {
		b.err = ErrClosed
	}
	if b.body == nil {
		return nil
	}
	body := b.body
	b.body = nil
	return body.Close()
}

// ErrClosed is the error of reading what was closed.
var ErrClosed = errors.New("read of a closed body")
