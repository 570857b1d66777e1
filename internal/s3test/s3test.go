// Package s3test gives tests, benchmarks and demonstrations a real S3 server:
// versitygw or SeaweedFS on a temporary directory and free loopback ports, or a
// bucket elsewhere that the environment names.
//
// It knows how to find or build the server, to start it, and to stop it for
// sure. It knows nothing of stores and datasets.
//
// With S3_TEST_BASE_URI set to "s3://bucket", [Start] starts nothing and gives
// that bucket, with the credentials of S3_TEST_ACCESS_KEY_ID and
// S3_TEST_SECRET_ACCESS_KEY at S3_TEST_ENDPOINT (AWS, where that is empty).
// Tests that are to run there too use keys of their own and remove them.
package s3test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// A Server is an S3 server to test against, and how to reach it.
type Server struct {
	Endpoint  string // a URL, or empty for AWS
	AccessKey string
	SecretKey string
	Region    string

	bucket string   // the one bucket of a server that was not started here
	run    *process // nil for a server that was not started here
}

// Start gives the server of the bucket that S3_TEST_BASE_URI names, and without
// that setting a server as StartOwn does.
func Start(t testing.TB) *Server {
	t.Helper()
	if base := os.Getenv("S3_TEST_BASE_URI"); base != "" {
		return external(t, base)
	}
	return StartOwn(t)
}

// StartOwn starts a server that is stopped when the test ends, for tests that need
// buckets which nobody else uses.
func StartOwn(t testing.TB) *Server {
	t.Helper()
	s, err := Run(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func external(t testing.TB, base string) *Server {
	t.Helper()
	bucket, isS3 := strings.CutPrefix(strings.TrimSuffix(base, "/"), "s3://")
	if !isS3 || bucket == "" || strings.Contains(bucket, "/") {
		t.Fatalf("S3_TEST_BASE_URI is %q and not of the form s3://bucket", base)
	}
	return &Server{
		Endpoint:  os.Getenv("S3_TEST_ENDPOINT"),
		AccessKey: os.Getenv("S3_TEST_ACCESS_KEY_ID"),
		SecretKey: os.Getenv("S3_TEST_SECRET_ACCESS_KEY"),
		Region:    "us-east-1",
		bucket:    bucket,
	}
}

// Run starts a server which keeps all that it has in the directory. It runs until
// Stop is called or the process that started it is gone. The context bounds
// the start alone, which may have to build the server first.
func Run(ctx context.Context, dir string) (*Server, error) {
	binary, err := versitygw().find(ctx)
	if err != nil {
		return nil, fmt.Errorf("find an S3 server to test with: %w", err)
	}
	s := &Server{AccessKey: "s3test", SecretKey: rand.Text(), Region: "us-east-1"}
	s.run, err = startProcess(ctx, binary, dir, s)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	s.Endpoint = "http://" + s.run.addr
	return s, nil
}

// Stop ends the server at once. A server that was not started here goes on.
func (s *Server) Stop() {
	if s.run != nil {
		s.run.stop()
	}
}

// External tells whether the server was there before and has one bucket only,
// which others may use.
func (s *Server) External() bool { return s.run == nil }

// BucketDir gives the directory in which a server that was started here has the
// objects of a bucket: each is a file under its key.
func (s *Server) BucketDir(bucket string) string {
	return filepath.Join(dataDir(s.run.dir), bucket)
}

// Client gives a plain client of the server, to look behind the back of the code
// under test. Its connections do not outlive their use for long, since tests make many
// of them.
func (s *Server) Client() *s3.Client {
	return s3.New(s3.Options{
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.IdleConnTimeout = 100 * time.Millisecond
		}),
		BaseEndpoint:               nonEmpty(s.Endpoint),
		Credentials:                credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
		Region:                     s.Region,
		UsePathStyle:               s.Endpoint != "",
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

// Reader gives a function that reads objects of a bucket, over connections that
// all calls share.
func (s *Server) Reader(bucket string) func(ctx context.Context, key string) ([]byte, error) {
	client := s.Client()
	return func(ctx context.Context, key string) ([]byte, error) {
		out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			return nil, err
		}
		defer out.Body.Close()
		return io.ReadAll(out.Body)
	}
}

// NewBucket makes an empty bucket and gives its name. A server that was there
// before gives the one bucket that it has, whatever that holds.
func (s *Server) NewBucket(t testing.TB) string {
	t.Helper()
	if s.External() {
		return s.bucket
	}
	name := "test-" + strings.ToLower(rand.Text()[:12])
	if err := s.MakeBucket(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	return name
}

// MakeBucket makes a bucket of that name.
func (s *Server) MakeBucket(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := s.Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
	if err != nil {
		return fmt.Errorf("make the bucket %s: %w", name, err)
	}
	return nil
}

func nonEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
