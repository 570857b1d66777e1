//go:build weed

package s3_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
	"github.com/dtool-go/dtool/storage/storetest"
)

// TestWeed has SeaweedFS do what versitygw does in other tests, and what that does not:
// go by the ACLs of objects.
func TestWeed(t *testing.T) {
	isolate(t)
	server := s3test.StartWeed(t)
	t.Run("ACLs", func(t *testing.T) { aclMakesPublic(t, openAt(t, server, server.NewBucket(t))) })
	t.Run("policy", func(t *testing.T) {
		bucket := server.NewBucket(t)
		policyMakesPublic(t, openAt(t, server, bucket), bucket)
	})
	t.Run("signed", func(t *testing.T) { signedRequests(t, server) })
	t.Run("suite", func(t *testing.T) {
		bucket := server.NewBucket(t)
		storetest.Run(t, storetest.Features{
			Metadata:      true,
			DistinctNames: true,
			TreeOrder:     true,
			LargeSize:     11<<20 + 1,
			Missing:       func(t *testing.T) storage.Store { return openAt(t, server, "no-such-bucket-s3test") },
		}, func(t *testing.T) storage.Store {
			return openAt(t, server, bucket)
		})
	})
}

// aclMakesPublic makes an object public and private again, one sent whole and one sent
// in parts, and sets either twice.
func aclMakesPublic(t *testing.T, store *s3.Store) {
	for key, content := range map[string]string{oddKey: "content", "large": strings.Repeat("x", 6<<20)} {
		_, err := store.Put(t.Context(), key, strings.NewReader(content), storage.PutOptions{Size: int64(len(content))})
		if err != nil {
			t.Fatal(err)
		}
		readable := func(when string, want int) {
			t.Helper()
			status, body := s3test.Fetch(t, store.PublicURL(key))
			if status != want || want == http.StatusOK && body != content {
				t.Errorf("%s, %s: anybody gets %d and %d bytes, want %d", key, when, status, len(body), want)
			}
		}
		readable("at first", http.StatusForbidden)
		for _, public := range []bool{true, true, false, false} {
			if err := store.SetPublic(t.Context(), key, public); err != nil {
				t.Fatal(err)
			}
			readable(map[bool]string{true: "public", false: "private"}[public], map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[public])
		}
	}
}
