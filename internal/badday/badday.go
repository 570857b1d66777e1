// Package badday gives tests of whole commands an S3 store that has bad days: what
// is to become of requests on their way to a real server, and a way to open its
// buckets with little patience.
//
// It knows HTTP, and what S3 stores and the proxies before them are known to
// answer. It knows nothing of datasets.
package badday

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
)

// A Fault serves a request in place of the server, which is next. It may ask the
// server or not, and panic with [http.ErrAbortHandler] to break the connection.
type Fault func(w http.ResponseWriter, r *http.Request, next http.Handler)

// A Plan decides what becomes of each request, which asks for an operation on a
// key. Nil lets it pass. A Plan is never called twice at the same time.
type Plan func(op, key string, r *http.Request) Fault

// A Day is how a store behaves, from one moment to the next. The zero value is a
// good one. It is safe for concurrent use.
type Day struct {
	mu       sync.Mutex
	plan     Plan
	requests []string
	faults   int
}

// Front gives the server as it is on such a day. What still waits when the test
// ends is let go.
func (d *Day) Front(t testing.TB, server *s3test.Server) *s3test.Server {
	t.Helper()
	return server.Front(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if fault := d.decide(r); fault != nil {
				ctx, cancel := context.WithCancel(r.Context())
				defer cancel()
				defer context.AfterFunc(t.Context(), cancel)()
				fault(w, r.WithContext(ctx), next)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
}

func (d *Day) decide(r *http.Request) Fault {
	op, key := s3test.Operation(r)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests = append(d.requests, op)
	if d.plan == nil {
		return nil
	}
	fault := d.plan(op, key, r)
	if fault != nil {
		d.faults++
	}
	return fault
}

// Becomes changes what the day is like. A nil plan makes it a good one. What was
// counted is forgotten.
func (d *Day) Becomes(plan Plan) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plan, d.requests, d.faults = plan, nil, 0
}

// Requests gives the operations that were asked for since the day became what it
// is, in order, and how many of them met a fault.
func (d *Day) Requests() (ops []string, faults int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append(ops, d.requests...), d.faults
}

// Always has every request for an operation meet the fault, or every request at all
// if the operation is empty.
func Always(op string, fault Fault) Plan {
	return func(asked, _ string, _ *http.Request) Fault {
		if op != "" && asked != op {
			return nil
		}
		return fault
	}
}

// First has the first n requests for an operation meet the fault.
func First(n int, op string, fault Fault) Plan {
	always := Always(op, fault)
	return func(asked, key string, r *http.Request) Fault {
		if n == 0 {
			return nil
		}
		met := always(asked, key, r)
		if met != nil {
			n--
		}
		return met
	}
}

// EachOnce has every request meet the fault when it is made for the first time,
// and pass when it is made again, for the whole or for a range.
func EachOnce(fault Fault) Plan {
	seen := map[string]bool{}
	return func(op, _ string, r *http.Request) Fault {
		request := op + " " + r.Method + " " + r.URL.String()
		if seen[request] {
			return nil
		}
		seen[request] = true
		return fault
	}
}
