package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dtool-go/dtool/storage"
)

// Get opens an object. A body that breaks off is continued where it stopped, for
// as long as the object stays the same.
func (s *Store) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	if err := s.checkKey("GetObject", key); err != nil {
		return nil, storage.Info{}, err
	}
	if _, err := r.In(math.MaxInt64); err != nil {
		return nil, storage.Info{}, s.error("GetObject", key, nil, err)
	}
	body, info, err := s.fetch(ctx, key, r, "")
	if err != nil {
		return nil, storage.Info{}, err
	}
	length, err := r.In(info.Size)
	if err != nil {
		body.Close()
		return nil, storage.Info{}, s.error("GetObject", key, nil, err)
	}
	return &object{ctx: ctx, store: s, key: key, etag: info.ETag, body: body, next: r.Offset, end: r.Offset + length}, info, nil
}

// fetch asks for a range of an object, which must have the ETag if one is given.
func (s *Store) fetch(ctx context.Context, key string, r storage.Range, etag string) (io.ReadCloser, storage.Info, error) {
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &key}
	if r != (storage.Range{}) {
		in.Range = aws.String(rangeHeader(r))
	}
	if etag != "" {
		in.IfMatch = aws.String(`"` + etag + `"`)
	}
	out, err := call(ctx, s, "GetObject", key, func(ctx context.Context, region func(*s3.Options)) (*s3.GetObjectOutput, error) {
		return s.api.GetObject(ctx, in, region)
	})
	if err != nil {
		return nil, storage.Info{}, getError(err)
	}
	info := newInfo(key, out.ContentLength, out.LastModified, out.ETag, out.Metadata)
	switch {
	case out.ETag == nil && out.LastModified == nil, out.ContentLength == nil:
		err = s.oddAnswer("GetObject", key, "the answer has nothing that describes an object")
	case in.Range != nil:
		info.Size, err = wholeSize(out.ContentRange, r.Offset)
		if err != nil {
			err = s.oddAnswer("GetObject", key, err.Error())
		}
	}
	if err != nil {
		out.Body.Close()
		return nil, storage.Info{}, err
	}
	return out.Body, info, nil
}

// getError recognises the answers that only a range or a condition can get.
func getError(err error) error {
	var e *storage.Error
	var answer *awshttp.ResponseError
	if !errors.As(err, &e) || !errors.As(err, &answer) {
		return err
	}
	switch answer.HTTPStatusCode() {
	case 412:
		e.Kind, e.Err, e.Hint = storage.ErrCorrupted, errors.New("it was changed while it was read"), "read it again"
	case 416:
		e.Kind, e.Hint = storage.ErrCorrupted, ""
	}
	return e
}

func rangeHeader(r storage.Range) string {
	if r.Length == 0 {
		return fmt.Sprintf("bytes=%d-", r.Offset)
	}
	return fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1)
}

// wholeSize reads the size of the object off a Content-Range of a body that is
// to begin at the offset.
func wholeSize(contentRange *string, offset int64) (int64, error) {
	var first, last, size int64
	n, err := fmt.Sscanf(aws.ToString(contentRange), "bytes %d-%d/%d", &first, &last, &size)
	if err != nil || n != 3 || first != offset || last < first || size <= last {
		return 0, fmt.Errorf("asked for bytes from %d on, it gives the range %q", offset, aws.ToString(contentRange))
	}
	return size, nil
}

// wholeSeconds gives a time as a header has it. Listings of some stores have
// fractions of seconds besides, which the object itself does not tell.
func wholeSeconds(t *time.Time) time.Time {
	return aws.ToTime(t).Truncate(time.Second)
}

func newInfo(key string, size *int64, modified *time.Time, etag *string, metadata map[string]string) storage.Info {
	info := storage.Info{
		Key: key, Size: aws.ToInt64(size), ModTime: wholeSeconds(modified), ETag: unquoted(etag),
		Metadata: make(map[string]string, len(metadata)),
	}
	for name, value := range metadata {
		info.Metadata[strings.ToLower(name)] = value
	}
	return info
}

// An object is the body of a Get.
type object struct {
	ctx       context.Context //nolint:containedctx // the body is read within the request
	store     *Store
	key, etag string
	body      io.ReadCloser // nil between two requests
	next, end int64         // bytes from the start of the object
	fruitless int           // how often in a row it broke off without a byte
	err       error
}

func (o *object) Read(p []byte) (int, error) {
	if len(p) == 0 || o.err != nil {
		return 0, o.err
	}
	for o.next < o.end {
		if o.body == nil {
			if o.err = o.reopen(); o.err != nil {
				return 0, o.err
			}
		}
		n, err := o.body.Read(p[:min(int64(len(p)), o.end-o.next)])
		o.next += int64(n)
		if n > 0 {
			o.fruitless = 0
		}
		if err != nil && o.next < o.end {
			if o.err = o.broken(err); o.err != nil {
				return n, o.err
			}
		}
		if n > 0 {
			return n, nil
		}
	}
	o.err = io.EOF
	return 0, io.EOF
}

// broken notes that the body broke off, and decides whether to go on. It waits
// like the retries of the SDK do.
func (o *object) broken(cause error) error {
	o.body.Close()
	o.body = nil
	if o.ctx.Err() != nil {
		return o.store.error("GetObject", o.key, nil, o.ctx.Err())
	}
	if cause == io.EOF {
		cause = io.ErrUnexpectedEOF
	}
	o.fruitless++
	if o.fruitless >= o.store.retryer.MaxAttempts() || o.etag == "" {
		return o.store.error("GetObject", o.key, storage.ErrUnreachable,
			fmt.Errorf("the body broke off at byte %d of %d: %w", o.next, o.end, transportCause(cause)))
	}
	o.store.log.InfoContext(o.ctx, "a body broke off and is continued", "key", o.key, "byte", o.next, "error", cause.Error())
	delay, err := o.store.retryer.RetryDelay(o.fruitless, cause)
	if err != nil {
		return o.store.error("GetObject", o.key, nil, err)
	}
	select {
	case <-o.ctx.Done():
		return o.store.error("GetObject", o.key, nil, o.ctx.Err())
	case <-time.After(delay):
		return nil
	}
}

func (o *object) reopen() error {
	body, info, err := o.store.fetch(o.ctx, o.key, storage.Range{Offset: o.next, Length: o.end - o.next}, o.etag)
	if err != nil {
		return err
	}
	if info.ETag != o.etag {
		body.Close()
		return o.store.error("GetObject", o.key, storage.ErrCorrupted, errors.New("it was changed while it was read"))
	}
	o.body = body
	return nil
}

// Close gives the connection back.
func (o *object) Close() error {
	if o.body == nil {
		return nil
	}
	body := o.body
	o.body = nil
	if o.err == nil {
		o.err = errors.New("read of a closed body")
	}
	return body.Close()
}

// Stat asks for the headers of an object.
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := s.checkKey("HeadObject", key); err != nil {
		return storage.Info{}, err
	}
	in := &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key}
	out, err := call(ctx, s, "HeadObject", key, func(ctx context.Context, region func(*s3.Options)) (*s3.HeadObjectOutput, error) {
		return s.api.HeadObject(ctx, in, region)
	})
	if err != nil {
		return storage.Info{}, err
	}
	if (out.ETag == nil && out.LastModified == nil) || out.ContentLength == nil {
		return storage.Info{}, s.oddAnswer("HeadObject", key, "the answer has nothing that describes an object")
	}
	return newInfo(key, out.ContentLength, out.LastModified, out.ETag, out.Metadata), nil
}
