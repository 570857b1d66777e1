package s3_test

import (
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/storetest"
)

func TestSharing(t *testing.T) {
	isolate(t)
	sharing(t, s3test.Start(t), storetest.SharingFeatures{SignsPut: true})
}

func TestSharingByPolicy(t *testing.T) {
	isolate(t)
	server := s3test.StartOwn(t)
	sharing(t, server, storetest.SharingFeatures{PolicyOf: server.NewBucket(t)})
}

// sharing has a real server do what a store does that lets others read and write.
func sharing(t *testing.T, server *s3test.Server, features storetest.SharingFeatures) {
	bucket := features.PolicyOf
	if bucket == "" {
		bucket = server.NewBucket(t)
	}
	storetest.Sharing(t, features, func(t *testing.T) storage.Store { return openAt(t, server, bucket) })
}
