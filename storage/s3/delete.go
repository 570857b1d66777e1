package s3

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dtool-go/dtool/storage/transport"
)

const deleteBatch = 1000 // S3 takes no more

// Delete removes objects, a thousand with each request. When it fails, some of
// them may be gone.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	var batch []string
	for _, key := range keys {
		if err := s.checkKey("DeleteObjects", withoutEmptyParts(key)); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if !fitsXML(key) {
			if err := s.deleteOne(ctx, key); err != nil {
				return err
			}
			continue
		}
		batch = append(batch, key)
	}
	slices.Sort(batch)
	for some := range slices.Chunk(slices.Compact(batch), deleteBatch) {
		if err := s.deleteMany(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// withoutEmptyParts gives a key without the slashes that only programs put there which
// make directories in buckets. What they have made can be removed.
func withoutEmptyParts(key string) string {
	parts := slices.DeleteFunc(strings.Split(key, "/"), func(part string) bool { return part == "" })
	return strings.Join(parts, "/")
}

// fitsXML tells whether the key can be written in a document of XML, which has no
// words for most control characters.
func fitsXML(key string) bool {
	return !strings.ContainsFunc(key, func(r rune) bool {
		return r < ' ' || r == 0x7f || r == '\uFFFE' || r == '\uFFFF'
	})
}

func (s *Store) deleteOne(ctx context.Context, key string) error {
	in := &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}
	_, err := call(ctx, s, "DeleteObject", key, func(ctx context.Context, region func(*s3.Options)) (*s3.DeleteObjectOutput, error) {
		return s.api.DeleteObject(ctx, in, region)
	})
	return err
}

// deleteMany removes what fits into one request, and asks again for the objects
// that the store could not remove for now, as often as a request is tried.
func (s *Store) deleteMany(ctx context.Context, keys []string) error {
	began := time.Now()
	for try := 1; ; try++ {
		left, cause, err := s.deleteSome(ctx, keys)
		if err != nil || len(left) == 0 {
			return err
		}
		if try >= s.retryer.MaxAttempts() {
			return s.requestError(ctx, "DeleteObjects", left[0], &retry.MaxAttemptsError{Attempt: try, Err: cause})
		}
		s.log.InfoContext(ctx, "objects that could not be removed are tried again", "objects", len(left), "error", cause.Error(), "waited", time.Since(began))
		if err := s.pause(ctx, try, cause); err != nil {
			return s.error("DeleteObjects", left[0], nil, err)
		}
		keys = left
	}
}

// deleteSome makes one request for keys in order, and gives those that are worth
// another one, with the cause of the first.
func (s *Store) deleteSome(ctx context.Context, keys []string) (left []string, cause, err error) {
	objects := make([]types.ObjectIdentifier, len(keys))
	for i := range keys {
		objects[i].Key = &keys[i]
	}
	in := &s3.DeleteObjectsInput{Bucket: &s.bucket, Delete: &types.Delete{Objects: objects}}
	out, err := call(ctx, s, "DeleteObjects", keys[0], func(ctx context.Context, region func(*s3.Options)) (*s3.DeleteObjectsOutput, error) {
		return s.api.DeleteObjects(ctx, in, region, s3.WithAPIOptions(md5InPlaceOfCRC))
	})
	if err != nil {
		return nil, nil, err
	}
	for _, e := range out.Errors {
		key, said := aws.ToString(e.Key), &smithy.GenericAPIError{Code: aws.ToString(e.Code), Message: aws.ToString(e.Message)}
		_, asked := slices.BinarySearch(keys, key)
		switch {
		case said.Code == "NoSuchKey":
		case asked && (said.Code == "InternalError" || s.retryer.IsErrorRetryable(said)):
			left, cause = append(left, key), cmp.Or[error](cause, said)
		default:
			return nil, nil, s.requestError(ctx, "DeleteObjects", transport.OneLine(key), said)
		}
	}
	slices.Sort(left)
	if told := len(out.Deleted) + len(out.Errors); told < len(keys) {
		return nil, nil, s.oddAnswer("DeleteObjects", keys[0], fmt.Sprintf("of %d objects the answer accounts for %d", len(keys), told))
	}
	return left, cause, nil
}

// pause waits as long as the SDK does between two tries of a request.
func (s *Store) pause(ctx context.Context, try int, cause error) error {
	delay, err := s.retryer.RetryDelay(try, cause)
	if err != nil {
		return err
	}
	return transport.Sleep(ctx, delay)
}

// md5InPlaceOfCRC guards the body of a request by the header that all stores know.
func md5InPlaceOfCRC(stack *middleware.Stack) error {
	_, err := stack.Initialize.Remove("AWSChecksum:SetupInputContext")
	if err != nil {
		return err
	}
	if _, err := stack.Finalize.Remove("AWSChecksum:ComputeInputPayloadChecksum"); err != nil {
		return err
	}
	return smithyhttp.AddContentChecksumMiddleware(stack)
}
