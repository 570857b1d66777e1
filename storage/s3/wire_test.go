package s3_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage/s3"
)

// A wire answers requests with the bytes that a function gives, without a network
// and without a server: headers, chunks and all are read as from a connection.
type wire func(*http.Request) string

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return http.ReadResponse(bufio.NewReader(strings.NewReader(w(r))), r)
}

// through opens a bucket that is at the other end of a wire.
func through(t testing.TB, w wire) *s3.Store {
	t.Helper()
	c := s3.Config{
		Endpoint: "http://store.test", AccessKeyID: "AKID", SecretAccessKey: "the-secret",
		PartSize: 8, PartsInFlight: 1, Attempts: 1, MaxBackoff: time.Nanosecond,
	}
	store, err := s3.Open(t.Context(), "bucket", c.Through(w))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// ok gives an answer with a body.
func ok(body string, headers ...string) string {
	return inBytes("200 OK", body, headers...)
}

func inBytes(status, body string, headers ...string) string {
	lines := append([]string{"HTTP/1.1 " + status, "Content-Type: application/xml", fmt.Sprintf("Content-Length: %d", len(body))}, headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}
