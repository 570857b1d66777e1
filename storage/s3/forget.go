package s3

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/dtool-go/dtool/storage"
)

// maxUploadPages bounds a listing of uploads, of which a page has a thousand.
const maxUploadPages = 1000

// Forget gives up the uploads of all keys that begin with a prefix.
func (s *Store) Forget(ctx context.Context, prefix string) error {
	in := &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Prefix: &prefix, EncodingType: types.EncodingTypeUrl}
	for range maxUploadPages {
		out, err := call(ctx, s, "ListMultipartUploads", prefix, func(ctx context.Context, region func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error) {
			return s.api.ListMultipartUploads(ctx, in, region)
		})
		if err != nil {
			return err
		}
		for _, u := range out.Uploads {
			if err := s.forgetListed(ctx, prefix, out.EncodingType, u); err != nil {
				return err
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			return nil
		}
		marker, err := listedKey(out.NextKeyMarker, out.EncodingType)
		if err != nil {
			return s.oddAnswer("ListMultipartUploads", prefix, err.Error())
		}
		in.KeyMarker, in.UploadIdMarker = &marker, out.NextUploadIdMarker
	}
	return s.oddAnswer("ListMultipartUploads", prefix, "the listing does not end")
}

// forgetListed gives up an upload that a listing has told of.
func (s *Store) forgetListed(ctx context.Context, prefix string, encoding types.EncodingType, u types.MultipartUpload) error {
	key, err := listedKey(u.Key, encoding)
	if err == nil && !strings.HasPrefix(key, prefix) {
		err = fmt.Errorf("the listing has the key %.300q under the prefix %q", key, prefix)
	}
	if err != nil {
		return s.oddAnswer("ListMultipartUploads", prefix, err.Error())
	}
	return s.abortUpload(ctx, key, aws.ToString(u.UploadId))
}

var _ storage.Forgetter = (*Store)(nil)
