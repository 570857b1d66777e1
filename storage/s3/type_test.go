package s3_test

import (
	"context"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

// TestContentTypes gives objects a type or none, whichever way they get into a bucket.
func TestContentTypes(t *testing.T) {
	isolate(t)
	server := s3test.Start(t)
	bucket := server.NewBucket(t)
	store := openAt(t, server, bucket)
	t.Cleanup(func() { _ = store.Delete(context.WithoutCancel(t.Context()), "type/put", "type/copy") })
	for given, want := range map[string]string{"": "binary/octet-stream", "text/html; charset=utf-8": "text/html; charset=utf-8"} {
		for _, size := range []int64{3, 6 << 20} { // whole and in parts
			opts := storage.PutOptions{Size: size, ContentType: given}
			if _, err := store.Put(t.Context(), "type/put", strings.NewReader(strings.Repeat("x", int(size))), opts); err != nil {
				t.Fatal(err)
			}
			source, err := store.Stat(t.Context(), "type/put")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.CopyFrom(t.Context(), "type/copy", store, source, opts); err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{"type/put", "type/copy"} {
				if got := server.Object(t, bucket, key).ContentType; got != want {
					t.Errorf("%s of %d bytes has the type %q, want %q", key, size, got, want)
				}
			}
		}
	}
}
