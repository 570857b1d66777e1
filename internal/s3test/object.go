package s3test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// An Object is an object as a plain GET gives it.
type Object struct {
	ContentType string
	Metadata    map[string]string // the user metadata, names in lower case
	Body        []byte
}

// Object reads an object without any code of the project's stores.
func (s *Server) Object(t testing.TB, bucket, key string) Object {
	t.Helper()
	out, err := s.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Object{aws.ToString(out.ContentType), out.Metadata, body}
}

// RemakeInParts stores an object anew as one that was sent in parts of 5 MiB: its
// ETag is then no MD5.
func (s *Server) RemakeInParts(t testing.TB, bucket, key string) {
	t.Helper()
	o, api, ctx := s.Object(t, bucket, key), s.Client(), t.Context()
	upload, err := api.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &bucket, Key: &key, ContentType: &o.ContentType, Metadata: o.Metadata,
	})
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for body := range slices.Chunk(o.Body, 5<<20) {
		number := aws.Int32(int32(len(parts) + 1))
		part, err := api.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &bucket, Key: &key, UploadId: upload.UploadId, PartNumber: number, Body: bytes.NewReader(body),
		})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{ETag: part.ETag, PartNumber: number})
	}
	_, err = api.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &bucket, Key: &key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	if err != nil {
		t.Fatal(err)
	}
}
