package s3_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
	"github.com/dtool-go/dtool/storage/storetest"
)

func TestSuite(t *testing.T) {
	isolate(t)
	server := s3test.Start(t)
	bucket := server.NewBucket(t)
	t.Cleanup(func() { abortAll(t, server, bucket, "storetest-") })
	storetest.Run(t, storetest.Features{
		Metadata:      true,
		DistinctNames: true,
		LargeSize:     11<<20 + 1,
		Missing:       func(t *testing.T) storage.Store { return openAt(t, server, "no-such-bucket-s3test") },
	}, func(t *testing.T) storage.Store {
		return gateway{openAt(t, server, bucket)}
	})
}

// abortAll makes an end of the uploads that tests have left half-way.
func abortAll(t *testing.T, server *s3test.Server, bucket, prefix string) {
	t.Helper()
	ctx, client := context.Background(), server.Client()
	left, err := client.ListMultipartUploads(ctx, &awss3.ListMultipartUploadsInput{Bucket: &bucket, Prefix: &prefix})
	if err != nil {
		t.Error(err)
		return
	}
	for _, u := range left.Uploads {
		_, err := client.AbortMultipartUpload(ctx, &awss3.AbortMultipartUploadInput{Bucket: &bucket, Key: u.Key, UploadId: u.UploadId})
		if err != nil {
			t.Error(err)
		}
	}
}

// A gateway refuses the names that versitygw, and perhaps another server, cannot hold:
// it does not encode the keys of a listing, so that those which XML has no words
// for come out as others, and the names of its files have to be a little shorter
// than 255 bytes.
type gateway struct{ storage.Store }

func (g gateway) Put(ctx context.Context, key string, body io.Reader, opts storage.PutOptions) (storage.Info, error) {
	mangled := func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\ufffe' }
	long := func(part string) bool { return len(part) > 250 }
	if strings.ContainsFunc(key, mangled) || slices.ContainsFunc(strings.Split(key, "/"), long) {
		return storage.Info{}, &storage.Error{
			Op: "PutObject", Store: g.String(), Key: key, Kind: storage.ErrInvalidKey, Err: errors.New("the server cannot hold it"),
		}
	}
	return g.Store.Put(ctx, key, body, opts)
}

// CopiesFrom and CopyFrom look behind a gateway.
func (g gateway) CopiesFrom(ctx context.Context, from storage.Store) bool {
	return g.Store.(storage.Copier).CopiesFrom(ctx, behind(from))
}

func (g gateway) CopyFrom(ctx context.Context, key string, from storage.Store, source storage.Info, opts storage.PutOptions) (storage.Info, error) {
	return g.Store.(storage.Copier).CopyFrom(ctx, key, behind(from), source, opts)
}

func behind(s storage.Store) storage.Store {
	if g, ok := s.(gateway); ok {
		return g.Store
	}
	return s
}

var _ storage.Copier = gateway{}

// isolate keeps the configuration of whoever runs the tests out of them.
func isolate(t testing.TB) {
	t.Helper()
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
		"AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE", "AWS_MAX_ATTEMPTS",
	} {
		t.Setenv(name, "")
	}
}

func openAt(t *testing.T, server *s3test.Server, bucket string) *s3.Store {
	t.Helper()
	store, err := s3.Open(t.Context(), bucket, s3.Config{
		Endpoint: server.Endpoint, AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey,
		PartSize: 5 << 20, CopySize: 5 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}
