//go:build weed

package s3_test

import (
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/storetest"
)

// TestWeed has SeaweedFS do what versitygw does in other tests, and what that does not:
// go by the ACLs of objects.
func TestWeed(t *testing.T) {
	isolate(t)
	server := s3test.StartWeed(t)
	t.Run("sharing", func(t *testing.T) {
		sharing(t, server, storetest.SharingFeatures{ACLs: true, PolicyOf: server.NewBucket(t), SignsPut: true})
	})
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
