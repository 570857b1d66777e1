package s3_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

// TestRequestsAreFew counts what a real server is asked: no request more than the
// work needs, and none that wants a right of its own.
func TestRequestsAreFew(t *testing.T) {
	isolate(t)
	server := s3test.Start(t)
	if server.External() {
		t.Log("the requests to a server elsewhere cannot be counted")
		return
	}
	store := openAt(t, server, server.NewBucket(t))
	var keys []string
	for i := range 1500 {
		keys = append(keys, fmt.Sprintf("gone/%04d", i))
	}
	for name, test := range map[string]struct {
		do   func() error
		want map[string]int
	}{
		"a small object": {func() error { return put(t.Context(), store, "content") }, map[string]int{"PutObject": 1}},
		"a large object": {func() error { return put(t.Context(), store, strings.Repeat("x", 11<<20)) }, map[string]int{
			"CreateMultipartUpload": 1, "UploadPart": 3, "CompleteMultipartUpload": 1,
		}},
		"a listing": {func() error {
			_, err := list(t.Context(), store, "no/such/", storage.Deep)
			return err
		}, map[string]int{"ListObjectsV2": 1}},
		"many deletions": {func() error { return store.Delete(t.Context(), keys...) }, map[string]int{"DeleteObjects": 2}},
		"nothing to do":  {func() error { return store.Delete(t.Context()) }, map[string]int{}},
	} {
		got := server.Count(t, func() {
			if err := test.do(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		if !maps.Equal(got, test.want) {
			t.Errorf("%s takes %v, want %v", name, got, test.want)
		}
	}
}
