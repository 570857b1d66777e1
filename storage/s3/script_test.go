package s3_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage/s3"
)

// A script is a server that answers one request after the other as it is told.
// It fails the test for a request too many and for one that never came.
type script struct {
	t       *testing.T
	server  *httptest.Server
	mu      sync.Mutex
	answers []http.HandlerFunc
	seen    []*http.Request
}

func play(t *testing.T, answers ...http.HandlerFunc) *script {
	t.Helper()
	isolate(t)
	s := &script{t: t, answers: answers}
	s.server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
		if len(s.answers) > 0 {
			t.Errorf("%d answers were never asked for", len(s.answers))
		}
	})
	return s
}

func (s *script) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r)
	if len(s.answers) == 0 {
		s.mu.Unlock()
		s.t.Errorf("%s %s is a request too many", r.Method, r.URL)
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	s.mu.Unlock()
	next(w, r)
}

// request gives the n-th request, counted from 0.
func (s *script) request(n int) *http.Request {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if n >= len(s.seen) {
		s.t.Fatalf("there were only %d requests", len(s.seen))
	}
	return s.seen[n]
}

// store opens the server as a bucket, with little patience.
func (s *script) store(change ...func(*s3.Config)) *s3.Store {
	s.t.Helper()
	c := s3.Config{
		Endpoint: s.server.URL, AccessKeyID: "AKID", SecretAccessKey: "the-secret",
		PartSize: 8, Attempts: 3, MaxBackoff: time.Millisecond,
	}
	for _, f := range change {
		f(&c)
	}
	store, err := s3.Open(s.t.Context(), "bucket", c)
	if err != nil {
		s.t.Fatal(err)
	}
	return store
}

func logTo(w io.Writer) func(*s3.Config) {
	return func(c *s3.Config) {
		c.Log = slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

// answer gives status, headers ("Name: value") and body after the request's body was read.
func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/xml")
		w.Header().Set("X-Amz-Request-Id", "REQ42")
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refusal(status int, code, message string, headers ...string) http.HandlerFunc {
	return answer(status, fmt.Sprintf("<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message></Error>", code, message), headers...)
}

func page(status int) http.HandlerFunc {
	return answer(status, "<html><body><h1>Welcome to the proxy</h1></body></html>", "Content-Type: text/html; charset=utf-8")
}

const lastModified = "Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT"

// described is the headers of an object, for HEAD.
func described(size int, headers ...string) http.HandlerFunc {
	return answer(200, "", append([]string{`ETag: "e1"`, lastModified, fmt.Sprintf("Content-Length: %d", size)}, headers...)...)
}

func content(body string, headers ...string) http.HandlerFunc {
	return answer(200, body, append([]string{`ETag: "e1"`, lastModified}, headers...)...)
}

// part answers a request for a range that begins at an offset of an object.
func part(offset int, body string, size int, headers ...string) http.HandlerFunc {
	return answer(206, body, append([]string{
		`ETag: "e1"`, lastModified, fmt.Sprintf("Content-Range: bytes %d-%d/%d", offset, offset+len(body)-1, size),
	}, headers...)...)
}

// cut sends the beginning of a body of that size and then breaks the connection.
func cut(status int, body string, size int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer(status, body, append([]string{`ETag: "e1"`, lastModified, fmt.Sprintf("Content-Length: %d", size)}, headers...)...)(w, r)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// listing answers with a listing that has these elements in it.
func listing(elements string) http.HandlerFunc {
	return answer(200, `<?xml version="1.0"?><ListBucketResult><Name>bucket</Name>`+elements+`</ListBucketResult>`)
}

func keys(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "<Contents><Key>%s</Key><Size>1</Size></Contents>", name)
	}
	return b.String()
}

func goesOn(token string) string {
	return "<IsTruncated>true</IsTruncated><NextContinuationToken>" + token + "</NextContinuationToken>"
}
