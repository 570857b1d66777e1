package dtool_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
)

// stock lays so many frozen datasets without items, whose keys begin with a
// prefix, where the server has the objects of the bucket, and gives the URI of
// the last.
func (s site) stock(t *testing.T, prefix string, n int) (uri string) {
	t.Helper()
	for i := range n {
		h := handmade{id: fmt.Sprintf("5d700000-%04d-4000-8000-%012d", len(prefix), i), name: "dataset"}
		for key, text := range map[string]string{
			"dtool-" + h.id:                  prefix,
			prefix + h.id + "/dtool":         h.admin(t),
			prefix + h.id + "/manifest.json": h.manifestOfItems(t),
		} {
			must(t, writeFile(filepath.Join(s.server.BucketDir(s.bucket), filepath.FromSlash(key)), text))
		}
		uri = s.uri + "/" + h.id
	}
	return uri
}

// TestReadingTakesFewRequests counts what a real server is asked that holds a
// thousand datasets, and a few more whose keys begin with a prefix.
func TestReadingTakesFewRequests(t *testing.T) {
	at := bucketOn(t, s3test.StartOwn(t))
	const plain, prefixed = 1000, 30
	at.stock(t, "", plain)
	uri := at.stock(t, "u/olssont/", prefixed)
	client := clientFor(t, at)
	const all = plain + prefixed
	for _, test := range []struct {
		what string
		do   func(ctx context.Context) (datasets int, err error)
		want map[string]int
	}{
		{"a listing", func(ctx context.Context) (n int, err error) {
			for _, err := range client.List(ctx, at.uri) {
				if n++; err != nil {
					return n, err
				}
			}
			return n, nil
		}, map[string]int{"ListObjectsV2": 2, "GetObject": all + prefixed}},
		{"an inventory", func(ctx context.Context) (n int, err error) {
			for _, err := range client.Inventory(ctx, at.uri) {
				if n++; err != nil {
					return n, err
				}
			}
			return n, nil
		}, map[string]int{"ListObjectsV2": 2, "GetObject": 2*all + prefixed}},
		{"a manifest", func(ctx context.Context) (int, error) {
			if isBase, err := client.IsBase(ctx, uri); isBase || err != nil {
				return 0, err
			}
			d, err := client.OpenFrozen(ctx, uri)
			if err != nil {
				return 0, err
			}
			_, err = d.Manifest(ctx)
			return all, err
		}, map[string]int{"GetObject": 3}},
	} {
		got := at.server.Count(t, func() {
			if n, err := test.do(t.Context()); err != nil || n != all {
				t.Errorf("%s gives %d datasets, %v", test.what, n, err)
			}
		})
		if !maps.Equal(got, test.want) {
			t.Errorf("%s takes %v, want %v", test.what, got, test.want)
		}
	}
}
