package s3test_test

import (
	"maps"
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
