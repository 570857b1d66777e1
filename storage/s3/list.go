package s3

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/dtool-go/dtool/storage"
)

// List asks page by page. A listing that contradicts itself is an error, lest a
// short one be taken for the whole.
func (s *Store) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if !mayBegin(prefix) {
			return
		}
		l := &listing{store: s, prefix: prefix, depth: depth}
		for !l.whole {
			entries, err := l.page(ctx)
			if err != nil {
				yield(storage.Info{}, err)
				return
			}
			for _, entry := range entries {
				if !yield(entry, nil) {
					return
				}
			}
		}
	}
}

// A listing is how far a List has come.
type listing struct {
	store  *Store
	prefix string
	depth  storage.Depth
	token  *string // where the next page begins
	last   string  // the last key
	listed int     // entries so far
	bytes  int64   // of their keys
	empty  int     // pages without an entry, since the last one with some
	whole  bool

	atMost int32 // entries of a page; 0 leaves that to the store
}

// What a store that never ends its listing can take of memory and time. No dataset
// has so many items. A page may be empty where a store has passed over what was
// removed.
const (
	maxListed      = 5_000_000 // keys
	maxListedBytes = 1 << 30   // bytes of the keys
	maxEmptyPages  = 1000      // in a row
)

// page gives the entries of the next page in order.
func (l *listing) page(ctx context.Context) ([]storage.Info, error) {
	s := l.store
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, ContinuationToken: l.token, EncodingType: types.EncodingTypeUrl}
	// An empty parameter is refused by some stores.
	if l.prefix != "" {
		in.Prefix = &l.prefix
	}
	if l.atMost > 0 {
		in.MaxKeys = &l.atMost
	}
	if l.depth == storage.Shallow {
		in.Delimiter = aws.String("/")
	}
	out, err := call(ctx, s, "ListObjectsV2", l.prefix, func(ctx context.Context, region func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
		return s.api.ListObjectsV2(ctx, in, region)
	})
	if err != nil {
		return nil, err
	}
	entries, err := l.read(out)
	if err == nil {
		err = l.advance(out, entries)
	}
	if err != nil {
		return nil, s.oddAnswer("ListObjectsV2", l.prefix, err.Error())
	}
	return entries, nil
}

func (l *listing) read(out *s3.ListObjectsV2Output) ([]storage.Info, error) {
	if out.Name == nil && out.IsTruncated == nil && out.KeyCount == nil && out.MaxKeys == nil {
		return nil, fmt.Errorf("the answer is not a listing")
	}
	n := len(out.Contents) + len(out.CommonPrefixes)
	if int(aws.ToInt32(out.KeyCount)) > n {
		return nil, fmt.Errorf("the listing has %d keys and says that it has %d", n, *out.KeyCount)
	}
	if err := l.count(n); err != nil {
		return nil, err
	}
	objects := make([]storage.Info, 0, n)
	for _, o := range out.Contents {
		key, err := listedKey(o.Key, out.EncodingType)
		if err != nil {
			return nil, err
		}
		if aws.ToInt64(o.Size) < 0 {
			return nil, fmt.Errorf("the listing has the key %.300q with a size of %d", key, *o.Size)
		}
		objects = append(objects, storage.Info{
			Key: key, Size: aws.ToInt64(o.Size), ModTime: wholeSeconds(o.LastModified), ETag: unquoted(o.ETag),
		})
	}
	var places []storage.Info
	for _, p := range out.CommonPrefixes {
		key, err := listedKey(p.Prefix, out.EncodingType)
		if err != nil {
			return nil, err
		}
		places = append(places, storage.Info{Key: key})
	}
	return l.merge(objects, places)
}

// listedKey gives a key of a listing, which may be encoded.
func listedKey(key *string, encoding types.EncodingType) (string, error) {
	if encoding == types.EncodingTypeUrl {
		return url.QueryUnescape(aws.ToString(key))
	}
	return aws.ToString(key), nil
}

// count keeps the listing within its bounds.
func (l *listing) count(entries int) error {
	l.listed += entries
	l.empty++
	if entries > 0 {
		l.empty = 0
	}
	switch {
	case l.listed > maxListed:
		return fmt.Errorf("the listing has more than %d keys", maxListed)
	case l.empty > maxEmptyPages:
		return fmt.Errorf("the listing has more than %d pages in a row without a key", maxEmptyPages)
	}
	return nil
}

// merge brings objects and places into one order, each of which must be in order
// by itself and behind what came before.
func (l *listing) merge(objects, places []storage.Info) ([]storage.Info, error) {
	for _, entries := range [][]storage.Info{objects, places} {
		last := l.last
		for _, entry := range entries {
			if entry.Key <= last || !strings.HasPrefix(entry.Key, l.prefix) {
				return nil, fmt.Errorf("the listing has the key %.300q after %.300q, under the prefix %q", entry.Key, last, l.prefix)
			}
			last = entry.Key
			l.bytes += int64(len(entry.Key))
		}
	}
	if l.bytes > maxListedBytes {
		return nil, fmt.Errorf("the listing has more than %d bytes of keys", maxListedBytes)
	}
	entries := append(objects, places...)
	slices.SortFunc(entries, func(a, b storage.Info) int { return cmp.Compare(a.Key, b.Key) })
	return entries, nil
}

// advance looks where the next page begins, or finds that there is none.
func (l *listing) advance(out *s3.ListObjectsV2Output, entries []storage.Info) error {
	if len(entries) > 0 {
		l.last = entries[len(entries)-1].Key
	}
	if !aws.ToBool(out.IsTruncated) {
		l.whole = true
		return nil
	}
	token := aws.ToString(out.NextContinuationToken)
	if token == "" || token == aws.ToString(l.token) {
		return fmt.Errorf("the listing goes on after %.300q, and does not say where", l.last)
	}
	l.token = &token
	return nil
}

func unquoted(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }
