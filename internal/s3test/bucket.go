package s3test

import (
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Objects reads all objects of a bucket, by key.
func (s *Server) Objects(t testing.TB, bucket string) map[string]Object {
	t.Helper()
	found := map[string]Object{}
	for _, key := range s.keys(t, bucket) {
		found[key] = s.Object(t, bucket, key)
	}
	return found
}

// CopyObjects has the server copy all objects of a bucket into another one, with
// their metadata.
func (s *Server) CopyObjects(t testing.TB, from, to string) {
	t.Helper()
	client := s.Client()
	for _, key := range s.keys(t, from) {
		_, err := client.CopyObject(t.Context(), &s3.CopyObjectInput{
			Bucket: &to, Key: &key, CopySource: aws.String(from + "/" + url.PathEscape(key)),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (s *Server) keys(t testing.TB, bucket string) []string {
	t.Helper()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(s.Client(), &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range page.Contents {
			keys = append(keys, aws.ToString(object.Key))
		}
	}
	return keys
}

// Uploads gives the keys of the uploads in parts that are under way in a bucket.
func (s *Server) Uploads(t testing.TB, bucket string) []string {
	t.Helper()
	var keys []string
	pages := s3.NewListMultipartUploadsPaginator(s.Client(), &s3.ListMultipartUploadsInput{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, upload := range page.Uploads {
			keys = append(keys, aws.ToString(upload.Key))
		}
	}
	return keys
}

// BeginUpload begins an upload in parts.
func (s *Server) BeginUpload(t testing.TB, bucket, key string) {
	t.Helper()
	if _, err := s.Client().CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
}

// PutMarker stores an empty object, as programs do that make directories in buckets.
func (s *Server) PutMarker(t testing.TB, bucket, key string) {
	t.Helper()
	if _, err := s.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
}
