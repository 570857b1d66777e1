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
	"github.com/dtool-go/dtool/storage/transport"
)

// Get opens an object. A body that breaks off is continued where it stopped, for
// as long as the object stays the same. A large object over a line that keeps
// its reader waiting comes in several ranges at once.
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
	from := source{s, key, info.ETag}
	first := transport.NewBody(ctx, from, body, r.Offset, r.Offset+length)
	switch whole := r == (storage.Range{}) && info.ETag != ""; {
	case whole && length > s.partSize:
		return newObject(ctx, from, first), info, nil
	case whole && length <= mostEvidence && !s.tellsMD5.Load():
		return newEvidence(first, s, info.ETag), info, nil
	}
	return first, info, nil
}

// fetch asks for a range of an object, which must have the ETag if one is given.
// It does not wait for a turn: the body may be read for as long as its reader
// likes.
func (s *Store) fetch(ctx context.Context, key string, r storage.Range, etag string) (io.ReadCloser, storage.Info, error) {
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &key}
	if r != (storage.Range{}) {
		in.Range = aws.String(rangeHeader(r))
	}
	if etag != "" {
		in.IfMatch = aws.String(`"` + etag + `"`)
	}
	out, err := ask(ctx, s, "GetObject", key, func(ctx context.Context, region func(*s3.Options)) (*s3.GetObjectOutput, error) {
		return s.api.GetObject(ctx, in, region)
	})
	if err != nil {
		return nil, storage.Info{}, getError(err)
	}
	info := newInfo(key, out.ContentLength, out.LastModified, out.ETag, out.Metadata)
	info.MD5 = s.md5Told(info.ETag, out.ServerSideEncryption, out.SSECustomerAlgorithm)
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
	return handOver(out.Body), info, nil
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
		return 0, fmt.Errorf("asked for bytes from %d on, it gives the range %.300q", offset, aws.ToString(contentRange))
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
	info := newInfo(key, out.ContentLength, out.LastModified, out.ETag, out.Metadata)
	info.MD5 = s.md5Told(info.ETag, out.ServerSideEncryption, out.SSECustomerAlgorithm)
	return info, nil
}
