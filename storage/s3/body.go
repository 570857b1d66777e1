package s3

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// plainBodies lets bodies of requests only be read, and hides that those in memory
// could be written at one go. For one thing, a request could not be given up before
// all of such a body is written. For another, the SDK closes the body as soon as
// there is an answer, and if net/http is yet to look whether the body has ended,
// writing it then fails where reading would find the end: the connection is
// closed under the answer, and the whole request is made a second time.
//
// The bytes of a body are in a buffer that is used again as soon as a request has
// returned. That is safe since the SDK has closed the body by then, and nothing can
// be read of a closed one: whoever makes bodies writable again takes that away.
type plainBodies struct{ next aws.HTTPClient }

func (c plainBodies) Do(req *http.Request) (*http.Response, error) {
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = struct{ io.ReadCloser }{req.Body}
	}
	return c.next.Do(req)
}
