package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/dtool-go/dtool/storage"
)

// KeepsVersions tells whether the bucket has versioning enabled.
func (s *Store) KeepsVersions(ctx context.Context) (bool, error) {
	out, err := call(ctx, s, "GetBucketVersioning", "", func(ctx context.Context, region func(*s3.Options)) (*s3.GetBucketVersioningOutput, error) {
		return s.api.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.bucket}, region)
	})
	return err == nil && out.Status == types.BucketVersioningStatusEnabled, err
}

var _ storage.Versioner = (*Store)(nil)
