package s3

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
)

// What a store answers is read into memory as a whole, but for the bytes of an
// object, and the SDK reads to its end even what it has no use for. So each answer
// is bounded (docs/format.md, section 7). The largest that there is by right is a page
// of a listing: a thousand keys of 1 KiB, each byte of which may be escaped by
// three, and some 30,000 tags. A tag takes far more memory than its text.
const (
	maxAnswer  = 8 << 20  // bytes of XML
	maxTags    = 1 << 17  // beginnings and ends of its elements
	maxRefusal = 64 << 10 // bytes of an answer that tells of a failure
)

// boundedAnswers ends answers that are too large or take too long.
type boundedAnswers struct {
	next     aws.HTTPClient
	patience time.Duration // for a whole answer
}

func (c boundedAnswers) Do(req *http.Request) (*http.Response, error) {
	resp, err := c.next.Do(req)
	if err != nil {
		return resp, err
	}
	if isObject(req, resp) {
		resp.Body = &heldBody{resp.Body, true}
		return resp, nil
	}
	body := &boundedBody{ReadCloser: resp.Body, bytes: maxAnswer, tags: maxTags, until: time.Now().Add(c.patience)}
	if resp.StatusCode/100 != 2 {
		body.bytes, body.refusal = maxRefusal, true
	}
	resp.Body = body
	return resp, nil
}

// isObject finds the answers whose bytes go to a reader who knows how many there
// are. One that does not say how many is refused, and read for that alone.
func isObject(req *http.Request, resp *http.Response) bool {
	return awsmiddleware.GetOperationName(req.Context()) == "GetObject" && resp.StatusCode/100 == 2 && resp.ContentLength >= 0
}

// A heldBody gives no byte of an object until that has been handed over. The SDK,
// if it does not understand the headers, would read all of it, for the sake of the
// connection.
type heldBody struct {
	io.ReadCloser
	held bool
}

func (b *heldBody) Read(p []byte) (int, error) {
	if b.held {
		return 0, io.EOF
	}
	return b.ReadCloser.Read(p)
}

// handOver gives the body of an object to its reader.
func handOver(body io.ReadCloser) io.ReadCloser {
	if b, ok := body.(*heldBody); ok {
		b.held = false
	}
	return body
}

// A boundedBody is an answer that is read as a whole. A store may let whitespace
// trickle to keep the connection alive while it puts an object together, so that
// slow is not wrong, as long as there is an end to it.
type boundedBody struct {
	io.ReadCloser
	bytes   int64 // that may still come
	tags    int
	until   time.Time
	refusal bool // the status says all that must be known, so that the rest may be left out
	err     error
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.bytes+1)])
	b.tags -= bytes.Count(p[:n], []byte("<"))
	if b.bytes -= int64(n); b.bytes < 0 {
		n-- // the one byte that is too many
	}
	b.err = b.judge(err)
	return n, b.err
}

func (b *boundedBody) judge(err error) error {
	switch {
	case b.refusal && b.bytes < 0:
		return io.EOF
	case b.bytes < 0:
		return endlessError(fmt.Sprintf("it has more than %d bytes", maxAnswer))
	case b.tags < 0:
		return endlessError(fmt.Sprintf("it has more than %d tags", maxTags))
	case err == nil && time.Now().After(b.until):
		return endlessError("it takes too long")
	}
	return err
}

// An endlessError says what bound an answer went beyond. Another try would take as
// much again.
type endlessError string

func (e endlessError) Error() string { return "the answer does not end: " + string(e) }
