package s3test_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dtool-go/dtool/internal/s3test"
)

func TestServerKeepsObjectsAndCountsRequests(t *testing.T) {
	server := s3test.Start(t)
	bucket, key := server.NewBucket(t), "s3test/a key with spaces"
	client := server.Client()
	put := func() {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: &bucket, Key: &key, Body: strings.NewReader("content"),
			Metadata: map[string]string{"handle": "x"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	head := func() {
		out, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
		if err != nil || *out.ContentLength != 7 || out.Metadata["handle"] != "x" {
			t.Fatalf("got %+v, %v", out, err)
		}
	}
	if server.External() {
		put()
		head()
		_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	got := server.Count(t, func() {
		put()
		head()
		head()
	})
	if want := map[string]int{"PutObject": 1, "HeadObject": 2}; !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

func TestServersDoNotKnowEachOther(t *testing.T) {
	a, b := s3test.Start(t), s3test.Start(t)
	if a.External() {
		return
	}
	bucket := a.NewBucket(t)
	if _, err := b.Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket}); err == nil {
		t.Error("the bucket of one server is in the other")
	}
}

func TestServerIsStartedAgainWithAllThatItHad(t *testing.T) {
	server := s3test.StartOwn(t)
	bucket, endpoint := server.NewBucket(t), server.Endpoint
	unfinished := filepath.Join(server.BucketDir(bucket), ".object.sgwtmp.1795619015416340747")
	if err := os.WriteFile(unfinished, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if server.Endpoint != endpoint {
		t.Errorf("the server is at %s, and was at %s", server.Endpoint, endpoint)
	}
	if _, err := server.Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
		t.Errorf("the bucket: %v", err)
	}
	if _, err := os.Stat(unfinished); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an unfinished file: %v", err)
	}
}

func TestProxyDoesWhatItIsTold(t *testing.T) {
	ctx, server := t.Context(), s3test.StartOwn(t)
	bucket := server.NewBucket(t)
	far, err := server.Proxied(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer far.Stop()
	once := func(o *s3.Options) { o.RetryMaxAttempts = 1 }
	reaches := func(want bool, when string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		_, err = far.Client().HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}, once)
		if (err == nil) != want {
			t.Errorf("%s: a request gives %v", when, err)
		}
	}
	reaches(true, "at first", nil)
	reset := s3test.Toxic{Name: "reset", Type: "reset_peer", Stream: "downstream", Toxicity: 1, Attributes: map[string]any{"timeout": 0}}
	reaches(false, "with resets", far.Add(ctx, reset))
	reaches(true, "without them", far.Remove(ctx, "reset"))
	reaches(false, "cut", far.Cut(ctx))
	reaches(true, "mended", far.Mend(ctx))
	if err := far.Remove(ctx, "reset"); err == nil {
		t.Error("a toxic that is not there was removed")
	}
}

func TestFarServerTakesARoundTripLonger(t *testing.T) {
	const roundTrip = 50 * time.Millisecond
	server := s3test.StartOwn(t)
	bucket := server.NewBucket(t)
	far, err := server.Far(t.Context(), roundTrip)
	if err != nil {
		t.Fatal(err)
	}
	defer far.Stop()
	start := time.Now()
	counts := far.Count(t, func() {
		if _, err := far.Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
			t.Error(err)
		}
	})
	if took := time.Since(start); took < roundTrip {
		t.Errorf("a request took %v, and one way and back are %v", took, roundTrip)
	}
	if want := map[string]int{"HeadBucket": 1}; !maps.Equal(counts, want) {
		t.Errorf("counted %v, want %v", counts, want)
	}
}
