package s3_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

// A shelf is a server with one object, which answers requests for ranges in
// whatever order they come.
type shelf struct {
	server  *httptest.Server
	content []byte
	// before may answer a request in the shelf's place. The range is empty for the
	// whole object.
	before func(w http.ResponseWriter, r *http.Request, asked string) bool

	mu    sync.Mutex
	asked []string
}

func newShelf(t *testing.T, size int) *shelf {
	t.Helper()
	isolate(t)
	s := &shelf{content: make([]byte, size)}
	_, _ = rand.NewChaCha8([32]byte{}).Read(s.content) // it never fails
	s.server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
	})
	return s
}

func (s *shelf) answer(w http.ResponseWriter, r *http.Request) {
	asked := strings.TrimPrefix(r.Header.Get("Range"), "bytes=")
	s.mu.Lock()
	s.asked = append(s.asked, asked)
	s.mu.Unlock()
	w.Header().Set("ETag", `"e1"`)
	if s.before != nil && s.before(w, r, asked) {
		return
	}
	http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(s.content))
}

// ranges gives the ranges that were asked for in the order of their bytes, and an
// empty one for the whole object.
func (s *shelf) ranges() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := func(r string) int {
		n, _ := strconv.Atoi(strings.Split(r, "-")[0])
		return n
	}
	return slices.SortedFunc(slices.Values(s.asked), func(a, b string) int { return from(a) - from(b) })
}

// open gives a store for hurried readers, with parts of 160 bytes: so ranges are
// of 20.
func (s *shelf) open(t *testing.T, change ...func(*s3.Config)) (*s3.Store, *s3.Limits) {
	t.Helper()
	c := s3.Config{
		Endpoint: s.server.URL, AccessKeyID: "AKID", SecretAccessKey: "x",
		PartSize: 160, Attempts: 3, MaxBackoff: time.Millisecond, Limits: s3.NewLimits(s3.LimitOptions{}),
	}
	for _, f := range change {
		f(&c)
	}
	store, err := s3.Open(t.Context(), "bucket", c)
	if err != nil {
		t.Fatal(err)
	}
	store.HurryReaders()
	return store, c.Limits
}

// begin opens the object or a part of it, and reads ten bytes.
func (s *shelf) begin(ctx context.Context, t *testing.T, store storage.Store, r storage.Range) (body io.ReadCloser, first []byte) {
	t.Helper()
	body, _, err := store.Get(ctx, "dir/key", r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { body.Close() })
	first = make([]byte, 10)
	if _, err := io.ReadFull(body, first); err != nil {
		t.Fatal(err)
	}
	return body, first
}

func TestWhatAReaderGets(t *testing.T) {
	for name, test := range map[string]struct {
		size  int
		r     storage.Range
		limit int64 // bytes for buffers
		want  []string
	}{
		"of a small object":         {160, storage.Range{}, 0, []string{""}},
		"of a little more":          {161, storage.Range{}, 0, []string{"", "40-59", "60-79", "80-99", "100-119", "120-139", "140-159", "160-160"}},
		"of a part":                 {300, storage.Range{Offset: 5}, 0, []string{"5-"}},
		"of a large object":         {235, storage.Range{}, 0, []string{"", "40-59", "60-79", "80-99", "100-119", "120-139", "140-159", "160-179", "180-199", "200-219", "220-234"}},
		"without room for a buffer": {300, storage.Range{}, 40, []string{""}},
		"with room for one":         {500, storage.Range{}, 128, []string{"", "40-59", "60-219", "220-239", "240-399", "400-419", "420-499"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t, test.size)
			s.before = func(_ http.ResponseWriter, r *http.Request, asked string) bool {
				if test.r == (storage.Range{}) && asked != "" && r.Header.Get("If-Match") != `"e1"` {
					t.Errorf("the range %s may be of another object", asked)
				}
				return false
			}
			store, limits := s.open(t, func(c *s3.Config) {
				c.Limits = s3.NewLimits(s3.LimitOptions{BufferBytes: test.limit})
			})
			body, first := s.begin(t.Context(), t, store, test.r)
			rest, err := io.ReadAll(body)
			if err != nil || !bytes.Equal(append(first, rest...), s.content[test.r.Offset:]) {
				t.Fatalf("read %d bytes, not those of the object: %v", len(first)+len(rest), err)
			}
			if got := s.ranges(); !slices.Equal(got, test.want) {
				t.Errorf("asked for %q, want %q", got, test.want)
			}
			if err := body.Close(); err != nil || !limits.Idle() {
				t.Errorf("something is left of it: %v", err)
			}
		})
	}
}

func TestRangesThatBreakOffAreContinued(t *testing.T) {
	s := newShelf(t, 1000)
	s.before = func(w http.ResponseWriter, _ *http.Request, asked string) bool {
		var from, to int
		if n, _ := fmt.Sscanf(asked, "%d-%d", &from, &to); n != 2 || to-from < 10 {
			return false
		}
		cut(206, string(s.content[from:from+13]), to-from+1, fmt.Sprintf("Content-Range: bytes %d-%d/1000", from, to))(w, &http.Request{Body: http.NoBody})
		return true
	}
	store, _ := s.open(t)
	got, err := get(t.Context(), store, storage.Range{})
	if err != nil || got != string(s.content) {
		t.Errorf("read %d bytes, not those of the object: %v", len(got), err)
	}
}

// TestRangesThatFail gives what came before, and then what went wrong.
func TestRangesThatFail(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		kind   error
	}{
		"the object was replaced":        {refusal(412, "PreconditionFailed", "No."), storage.ErrCorrupted},
		"replaced, and the store silent": {part(60, strings.Repeat("x", 20), 300, `ETag: "e2"`), storage.ErrCorrupted},
		"it is gone":                     {refusal(404, "NoSuchKey", "No."), storage.ErrNotFound},
		"it is forbidden by now":         {refusal(403, "AccessDenied", "No."), storage.ErrForbidden},
		"nobody answers":                 {hangUp, storage.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t, 300)
			s.before = func(w http.ResponseWriter, r *http.Request, asked string) bool {
				if asked == "60-79" {
					test.answer(w, r)
				}
				return asked == "60-79"
			}
			store, limits := s.open(t)
			body, _ := s.begin(t.Context(), t, store, storage.Range{})
			rest, err := io.ReadAll(body)
			if !bytes.Equal(rest, s.content[10:60]) || !errors.Is(err, test.kind) {
				t.Errorf("read %d bytes, then %v, want 50 and %v", len(rest), err, test.kind)
			}
			if err := body.Close(); err != nil || !limits.Idle() {
				t.Errorf("something is left of it: %v", err)
			}
		})
	}
}

// TestReadingAheadIsGivenUp ends a reader while ranges are under way that never
// come.
func TestReadingAheadIsGivenUp(t *testing.T) {
	for name, end := range map[string]func(cancel context.CancelFunc, body io.Closer){
		"closed":    func(_ context.CancelFunc, body io.Closer) { _ = body.Close() },
		"cancelled": func(cancel context.CancelFunc, _ io.Closer) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t, 300)
			waiting := make(chan struct{}, 100)
			s.before = func(_ http.ResponseWriter, r *http.Request, asked string) bool {
				if asked != "" {
					waiting <- struct{}{}
					<-r.Context().Done()
				}
				return asked != ""
			}
			store, limits := s.open(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			body, _ := s.begin(ctx, t, store, storage.Range{})
			for range 10 {
				<-waiting
			}
			end(cancel, body)
			if n, err := io.Copy(io.Discard, body); err == nil || n > 30 {
				t.Errorf("read %d bytes more, %v", n, err)
			}
			body.Close()
			if !limits.Idle() {
				t.Error("something is left of it")
			}
		})
	}
}

// TestRangesOfARealServer compares what comes in ranges with what was put, and
// counts them.
func TestRangesOfARealServer(t *testing.T) {
	isolate(t)
	server := s3test.Start(t)
	store := openAt(t, server, server.NewBucket(t))
	store.HurryReaders()
	content := strings.Repeat("All that is gold does not glitter", 11<<20/33)
	if err := put(t.Context(), store, content); err != nil {
		t.Fatal(err)
	}
	read := func() {
		if got, err := get(t.Context(), store, storage.Range{}); err != nil || got != content {
			t.Errorf("read %d bytes, not those that were put: %v", len(got), err)
		}
	}
	if server.External() {
		read()
		return
	}
	if got := server.Count(t, read)["GetObject"]; got != 18 { // 11 MiB in ranges of 0.625 MiB
		t.Errorf("it takes %d requests, want 18", got)
	}
}

// TestCopiesThroughTightLimits streams many large objects from store to store
// at once, in ranges and parts, with room for a few buffers and turns alone: were
// there a circle of those who wait for each other, they would find it.
func TestCopiesThroughTightLimits(t *testing.T) {
	isolate(t)
	server := s3test.Start(t)
	limits := s3.NewLimits(s3.LimitOptions{BufferBytes: 16 << 20, Requests: 3})
	open := func(bucket string) *s3.Store {
		store, err := s3.Open(t.Context(), bucket, s3.Config{
			Endpoint: server.Endpoint, AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey,
			PartSize: 5 << 20, Limits: limits,
		})
		if err != nil {
			t.Fatal(err)
		}
		store.HurryReaders()
		return store
	}
	from, to := open(server.NewBucket(t)), open(server.NewBucket(t))
	content := strings.Repeat("0123456789abcdef", 7<<20/16)
	if err := put(t.Context(), from, content); err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", md5.Sum([]byte(content)))
	keys := []string{"dir/key"}
	var copies sync.WaitGroup
	for i := range 32 {
		key := fmt.Sprint("copy/", i)
		keys = append(keys, key)
		copies.Go(func() {
			body, info, err := from.Get(t.Context(), "dir/key", storage.Range{})
			if err != nil {
				t.Error(err)
				return
			}
			defer body.Close()
			if _, err := to.Put(t.Context(), key, body, storage.PutOptions{Size: info.Size, MD5: sum}); err != nil {
				t.Error(err)
			}
		})
	}
	copies.Wait()
	if err := errors.Join(from.Delete(t.Context(), keys...), to.Delete(t.Context(), keys...)); err != nil {
		t.Error(err)
	}
	if !limits.Idle() {
		t.Error("something is left of them")
	}
}
