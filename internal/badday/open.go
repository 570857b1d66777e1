package badday

import (
	"context"
	"time"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

// Attempts is how often a bucket that [Open] opens is asked for anything. Where many
// connections are broken a request may meet several of them.
const Attempts = 5

// Open opens a bucket of a server as dtool does, but with hardly a pause between two
// tries of a request, and as small parts as S3 allows. A connection may rest for
// as long as stall; 0 means the usual.
func Open(ctx context.Context, server *s3test.Server, bucket string, stall time.Duration) (storage.Store, error) {
	const least = 5 << 20
	return s3.Open(ctx, bucket, s3.Config{
		Endpoint: server.Endpoint, AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey,
		Attempts: Attempts, MaxBackoff: time.Millisecond, Stall: stall,
		PartSize: least, CopySize: least,
	})
}
