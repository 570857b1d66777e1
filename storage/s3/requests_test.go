package s3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
	"github.com/dtool-go/dtool/storage/transport"
)

// TestRequestsAreFew counts what a real server is asked: no request more than the
// work needs, and none that wants a right of its own.
func TestRequestsAreFew(t *testing.T) {
	isolate(t)
	server := s3test.Start(t)
	if server.External() {
		t.Log("the requests to a server elsewhere cannot be counted")
		return
	}
	store := openAt(t, server, server.NewBucket(t))
	var keys []string
	for i := range 1500 {
		keys = append(keys, fmt.Sprintf("gone/%04d", i))
	}
	for name, test := range map[string]struct {
		do   func() error
		want map[string]int
	}{
		"a small object": {func() error { return put(t.Context(), store, "content") }, map[string]int{"PutObject": 1}},
		"a large object": {func() error { return put(t.Context(), store, strings.Repeat("x", 11<<20)) }, map[string]int{
			"CreateMultipartUpload": 1, "UploadPart": 3, "CompleteMultipartUpload": 1,
		}},
		"a listing": {func() error {
			_, err := list(t.Context(), store, "no/such/", storage.Deep)
			return err
		}, map[string]int{"ListObjectsV2": 1}},
		"many deletions": {func() error { return store.Delete(t.Context(), keys...) }, map[string]int{"DeleteObjects": 2}},
		"nothing to do":  {func() error { return store.Delete(t.Context()) }, map[string]int{}},
	} {
		got := server.Count(t, func() {
			if err := test.do(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		if !maps.Equal(got, test.want) {
			t.Errorf("%s takes %v, want %v", name, got, test.want)
		}
	}
}

// TestRequestsAtOnceAreBounded has many wait for their turn, a body that is being
// read apart.
func TestRequestsAtOnceAreBounded(t *testing.T) {
	const most = 3
	s := newShelf(t, 50)
	limits := s3.NewLimits(s3.LimitOptions{Requests: most})
	var under, highest atomic.Int32
	full := make(chan struct{})
	s.before = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Method != http.MethodHead {
			return false
		}
		n := under.Add(1)
		defer under.Add(-1)
		if highest.Store(max(n, highest.Load())); n == most {
			if limits.Idle() {
				t.Error("requests are under way that had no turn")
			}
			close(full)
		}
		<-full // or not all are here yet
		return false
	}
	store, _ := s.open(t, func(c *s3.Config) { c.Limits = limits })
	body, _ := s.begin(t.Context(), t, store, storage.Range{})
	defer body.Close()
	if !limits.Idle() {
		t.Error("a body that is read takes a turn")
	}
	var stats sync.WaitGroup
	for range 10 {
		stats.Go(func() {
			if _, err := store.Stat(t.Context(), "dir/key"); err != nil {
				t.Error(err)
			}
		})
	}
	stats.Wait()
	if got := highest.Load(); got != most {
		t.Errorf("%d requests were under way at once, want %d", got, most)
	}
}

// TestSlowUploadIsGivenUp cancels a Put that its bandwidth would keep busy for
// half an hour.
func TestSlowUploadIsGivenUp(t *testing.T) {
	s := newShelf(t, 0)
	ctx, cancel := context.WithCancel(t.Context())
	s.before = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		cancel()
		_, _ = io.Copy(io.Discard, r.Body) // ends with the connection
		return true
	}
	store, limits := s.open(t, func(c *s3.Config) {
		c.Limits, c.PartSize = s3.NewLimits(s3.LimitOptions{Pace: transport.NewPace(4 << 10)}), 16<<20
	})
	if err := put(ctx, store, strings.Repeat("x", 8<<20)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if !limits.Idle() {
		t.Error("something is left of it")
	}
}
