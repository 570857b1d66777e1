package s3

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dtool-go/dtool/storage"
)

// A line leads to a store with one object, whose bytes all are 'x'. Each
// connection carries one window in a round trip.
type line struct {
	roundTrip time.Duration
	window    int // bytes
	size      int64
	requests  atomic.Int32
}

func (l *line) Do(r *http.Request) (*http.Response, error) {
	l.requests.Add(1)
	<-time.After(l.roundTrip)
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r}
	from, to := int64(0), l.size-1
	if asked := r.Header.Get("Range"); asked != "" {
		if _, err := fmt.Sscanf(asked, "bytes=%d-%d", &from, &to); err != nil {
			return nil, err
		}
		resp.StatusCode = http.StatusPartialContent
		resp.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, l.size))
	}
	resp.ContentLength = to - from + 1
	resp.Header.Set("Content-Length", fmt.Sprint(resp.ContentLength))
	resp.Header.Set("ETag", `"e1"`)
	resp.Body = &lineBody{line: l, left: resp.ContentLength}
	return resp, nil
}

type lineBody struct {
	line *line
	left int64
}

func (b *lineBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), b.left, int64(b.line.window))]
	copy(p, bytes.Repeat([]byte("x"), len(p)))
	<-time.After(b.line.roundTrip * time.Duration(len(p)) / time.Duration(b.line.window))
	b.left -= int64(len(p))
	return len(p), nil
}

func (b *lineBody) Close() error { return nil }

func (l *line) store() *Store {
	s := &Store{
		bucket: "bucket", limits: NewLimits(LimitOptions{}), partSize: defaultPartSize,
		log: slog.New(slog.DiscardHandler), retryer: aws.NopRetryer{}, keptWaiting: keptWaiting,
		api: s3.New(s3.Options{BaseEndpoint: aws.String("http://store"), UsePathStyle: true, HTTPClient: l, Credentials: aws.AnonymousCredentials{}}),
	}
	s.region.Store(aws.String("us-east-1"))
	return s
}

// TestLongLineIsFilled measures by a clock of its own. One connection alone would
// take ten seconds for the object over the long line.
func TestLongLineIsFilled(t *testing.T) {
	for name, test := range map[string]struct {
		line     *line
		within   time.Duration
		requests int32
	}{
		"a long line":     {&line{roundTrip: 100 * time.Millisecond, window: 1 << 20, size: 100 << 20}, 2500 * time.Millisecond, 49},
		"a local network": {&line{roundTrip: 200 * time.Microsecond, window: 64 << 10, size: 100 << 20}, 400 * time.Millisecond, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				body, _, err := test.line.store().Get(t.Context(), "key", storage.Range{})
				if err != nil {
					t.Fatal(err)
				}
				defer body.Close()
				n, err := io.Copy(io.Discard, body)
				if n != test.line.size || err != nil {
					t.Fatalf("read %d bytes, %v", n, err)
				}
				if took := time.Since(begun); took > test.within {
					t.Errorf("it takes %v, want %v at most", took, test.within)
				}
				if got := test.line.requests.Load(); got != test.requests {
					t.Errorf("it takes %d requests, want %d", got, test.requests)
				}
			})
		})
	}
}
