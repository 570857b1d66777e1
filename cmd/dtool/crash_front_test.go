//go:build unix

package main

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
)

// A phase is a part of a request's life.
type phase string

const (
	before   phase = "before"    // the server has heard nothing of it
	inBody   phase = "in"        // half of its body is on the way
	after    phase = "after"     // the server has done it, and nobody knows
	inAnswer phase = "answering" // half of the body of the answer is on the way
)

// A barrier is before a server, and holds one request back when it has come to a
// phase: the others go on, unless all that come later are to be held, too.
type barrier struct {
	*s3test.Server
	moment
	silent bool // hold all that come later, before

	reached chan struct{} // closed when the request is held
	once    sync.Once
	release chan struct{} // closed by open

	mu     sync.Mutex
	rests  *sync.Cond      // told when no request is under way
	under  int             // how many are
	opened bool            // nothing more is let through
	last   map[string]int  // the requests under way that make something, by key
	missed map[string]bool // the keys of what was to be made when the program got its signal, or later
	struck bool            // the program gets its signal
	begun  int             // requests
	ofOp   int             // of the operation
	phases map[int][]phase // that the requests could be held in, by number
	ops    map[int]string
}

func newBarrier(t *testing.T, server *s3test.Server, m moment) *barrier {
	b := &barrier{
		moment: m, reached: make(chan struct{}), release: make(chan struct{}),
		missed: map[string]bool{}, last: map[string]int{}, phases: map[int][]phase{}, ops: map[int]string{},
	}
	b.rests = sync.NewCond(&b.mu)
	b.Server = server.Front(t, b.meddle)
	return b
}

// open lets go of what is held, which is then broken off, and returns when the server
// is at rest. Whatever comes later of a program that is no more is broken off, too.
func (b *barrier) open() {
	close(b.release)
	b.rest()
}

// rest returns when all requests are through, and lets no more of them in.
func (b *barrier) rest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened = true
	for b.under > 0 {
		b.rests.Wait()
	}
}

func (b *barrier) enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.opened {
		return false
	}
	b.under++
	return true
}

func (b *barrier) leave(r *http.Request) {
	_, key := s3test.Operation(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.last, key)
	b.under--
	b.rests.Broadcast()
}

// wait tells that the request is held, and returns when the barrier is opened.
func (b *barrier) wait() {
	b.once.Do(func() {
		b.mu.Lock()
		b.struck = true
		for key := range b.last {
			b.missed[key] = true
		}
		b.mu.Unlock()
		close(b.reached)
	})
	<-b.release
}

// hold waits, and breaks the connection.
func (b *barrier) hold() {
	b.wait()
	panic(http.ErrAbortHandler)
}

func (b *barrier) meddle(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !b.enter() {
			panic(http.ErrAbortHandler)
		}
		defer b.leave(r)
		n, held, late := b.note(r)
		if held && b.phase == before || b.silent && late {
			b.hold()
		}
		if held && b.phase == inBody && r.ContentLength > 0 {
			r.Body = &heldBody{r.Body, b, r.ContentLength / 2}
		}
		// What the server has begun it does, whether or not the program lives.
		out := &answer{ResponseWriter: w, barrier: b, held: held}
		next.ServeHTTP(out, r.WithContext(context.WithoutCancel(r.Context())))
		if held && (b.phase == after || b.phase == inBody) {
			b.hold()
		}
		if out.size > 1 {
			b.mu.Lock()
			b.phases[n] = append(b.phases[n], inAnswer)
			b.mu.Unlock()
		}
		if held { // there was no body to hold it in
			b.hold()
		}
	})
}

// note counts a request, and tells whether it is the one, or a later one.
func (b *barrier) note(r *http.Request) (n int, held, late bool) {
	op, key := s3test.Operation(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun++
	n = b.begun
	if op == "PutObject" || op == "CreateMultipartUpload" {
		if b.last[key] = n; b.struck {
			b.missed[key] = true
		}
	}
	b.ops[n] = op
	b.phases[n] = []phase{before, after}
	if r.ContentLength > 1 {
		b.phases[n] = append(b.phases[n], inBody)
	}
	counted := n
	if b.op != "" {
		if op == b.op {
			b.ofOp++
		}
		counted = b.ofOp
	}
	if b.onDisk || b.n == 0 {
		return n, false, false
	}
	return n, counted == b.n && (b.op == "" || op == b.op), counted >= b.n
}

// A heldBody is the body of a request that is passed on by half.
type heldBody struct {
	io.ReadCloser
	barrier *barrier
	left    int64
}

func (h *heldBody) Read(p []byte) (int, error) {
	if h.left == 0 {
		h.barrier.wait()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := h.ReadCloser.Read(p[:min(int64(len(p)), h.left)])
	h.left -= int64(n)
	return n, err
}

// An answer is one that the program gets, or half of it, or none.
type answer struct {
	http.ResponseWriter
	barrier *barrier
	held    bool
	size    int
}

func (a *answer) WriteHeader(status int) {
	if a.held && a.barrier.phase != inAnswer {
		return
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.size += len(p)
	switch {
	case !a.held:
		return a.ResponseWriter.Write(p)
	case a.barrier.phase != inAnswer:
		return len(p), nil
	}
	_, _ = a.ResponseWriter.Write(p[:len(p)/2])
	a.Flush()
	a.barrier.wait()
	return 0, http.ErrAbortHandler
}

func (a *answer) Flush() {
	if f, ok := a.ResponseWriter.(http.Flusher); ok && (!a.held || a.barrier.phase == inAnswer) {
		f.Flush()
	}
}
