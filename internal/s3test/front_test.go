package s3test_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/dtool-go/dtool/internal/s3test"
)

// TestFrontSeesWhatTheServerSees compares the operations that a front tells with
// those in the server's log.
func TestFrontSeesWhatTheServerSees(t *testing.T) {
	server := s3test.StartOwn(t)
	bucket := server.NewBucket(t)
	before, err := server.Requests()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var seen, keys []string
	front := server.Front(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			op, key := s3test.Operation(r)
			mu.Lock()
			seen, keys = append(seen, op), append(keys, key)
			mu.Unlock()
			next.ServeHTTP(w, r)
		})
	})
	useAll(t, front.Client(), bucket)
	served, err := server.Requests()
	if err != nil {
		t.Fatal(err)
	}
	if served = served[len(before):]; !slices.Equal(seen, served) {
		t.Errorf("the front saw %q, the server %q", seen, served)
	}
	if slices.Contains(seen, "") || !slices.Contains(keys, "a b/ü+%?") {
		t.Errorf("the front saw the operations %q on the keys %q", seen, keys)
	}
}

// useAll makes a request of each kind.
func useAll(t *testing.T, client *s3.Client, bucket string) {
	t.Helper()
	ctx, b, key, copied := t.Context(), aws.String(bucket), aws.String("a b/ü+%?"), aws.String("copied")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: b, Key: key, Body: strings.NewReader("content")})
	must(err)
	_, err = client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b, Key: key})
	must(err)
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: b, Key: key})
	must(err)
	content, err := io.ReadAll(got.Body)
	must(err)
	if must(got.Body.Close()); string(content) != "content" {
		t.Errorf("read %q", content)
	}
	source := aws.String(bucket + "/a%20b/%C3%BC%2B%25%3F")
	_, err = client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: b, Key: copied, CopySource: source})
	must(err)
	upload, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: b, Key: key})
	must(err)
	part, err := client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: b, Key: key, UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader(make([]byte, 100)),
	})
	must(err)
	_, err = client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: b})
	must(err)
	_, err = client.ListParts(ctx, &s3.ListPartsInput{Bucket: b, Key: key, UploadId: upload.UploadId})
	must(err)
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: b, Key: key, UploadId: upload.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1)}}},
	})
	must(err)
	upload, err = client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: b, Key: key})
	must(err)
	_, err = client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: b, Key: key, UploadId: upload.UploadId, PartNumber: aws.Int32(1), CopySource: source,
	})
	must(err)
	_, err = client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: b, Key: key, UploadId: upload.UploadId})
	must(err)
	_, err = client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: b})
	must(err)
	_, err = client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: b, Key: key})
	must(err)
	_, err = client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: b, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: copied}}},
	})
	must(err)
}
