package s3

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const deleteBatch = 1000 // S3 takes no more

// Delete removes objects, a thousand with each request. When it fails, some of
// them may be gone.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	var batch []string
	for _, key := range keys {
		if err := s.checkKey("DeleteObjects", key); err != nil {
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

func (s *Store) deleteMany(ctx context.Context, keys []string) error {
	objects := make([]types.ObjectIdentifier, len(keys))
	for i := range keys {
		objects[i].Key = &keys[i]
	}
	in := &s3.DeleteObjectsInput{Bucket: &s.bucket, Delete: &types.Delete{Objects: objects}}
	out, err := call(ctx, s, "DeleteObjects", keys[0], func(ctx context.Context, region func(*s3.Options)) (*s3.DeleteObjectsOutput, error) {
		return s.api.DeleteObjects(ctx, in, region, s3.WithAPIOptions(md5InPlaceOfCRC))
	})
	if err != nil {
		return err
	}
	for _, e := range out.Errors {
		if aws.ToString(e.Code) != "NoSuchKey" {
			cause := &smithy.GenericAPIError{Code: aws.ToString(e.Code), Message: aws.ToString(e.Message)}
			return s.requestError(ctx, "DeleteObjects", aws.ToString(e.Key), cause)
		}
	}
	if told := len(out.Deleted) + len(out.Errors); told < len(keys) {
		return s.oddAnswer("DeleteObjects", keys[0], fmt.Sprintf("of %d objects the answer accounts for %d", len(keys), told))
	}
	return nil
}

// md5InPlaceOfCRC guards the list of keys by the header that all stores know.
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
