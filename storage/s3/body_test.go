package s3

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// clientFunc is a client of one function.
type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(req *http.Request) (*http.Response, error) { return f(req) }

// TestEndOfAClosedBodyIsNoFailure does with a request what net/http does when the
// answer comes so early that the SDK closes the body before its end is looked for.
func TestEndOfAClosedBodyIsNoFailure(t *testing.T) {
	send := func(content []byte, next clientFunc) {
		req, err := smithyhttp.NewStackRequest().(*smithyhttp.Request).SetStream(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := plainBodies{next}.Do(req.Build(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	send([]byte("content"), func(req *http.Request) (*http.Response, error) {
		got := make([]byte, 7)
		if _, err := io.ReadFull(req.Body, got); err != nil || string(got) != "content" {
			t.Errorf("the body is %q, %v", got, err)
		}
		if err := req.Body.Close(); err != nil {
			t.Error(err)
		}
		if n, err := io.Copy(io.Discard, req.Body); n != 0 || err != nil {
			t.Errorf("behind the end there are %d bytes, %v", n, err)
		}
		return &http.Response{Body: http.NoBody}, nil
	})
	send(nil, func(req *http.Request) (*http.Response, error) {
		if req.Body != nil && req.Body != http.NoBody {
			t.Error("a request without a body gets one")
		}
		return &http.Response{Body: http.NoBody}, nil
	})
}
