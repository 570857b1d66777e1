package web

import (
	"bytes"
	"context"
	"crypto/md5" // what is known is described as a store would
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

const opGet = "GET" // which is all that a store asks

// Get opens an object. A body that breaks off is continued where it stopped, by range
// where the server has them, for as long as the server says that the object is still
// the same one.
func (s *Store) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	if err := s.check(ctx, key); err != nil {
		return nil, storage.Info{}, err
	}
	if _, err := r.In(math.MaxInt64); err != nil {
		return nil, storage.Info{}, s.error(opGet, key, nil, err)
	}
	if text, ok := s.index.Known[key]; ok {
		length, err := r.In(int64(len(text)))
		if err != nil {
			return nil, storage.Info{}, s.error(opGet, key, nil, err)
		}
		return known(text[r.Offset : r.Offset+length]), describeKnown(key, text), nil
	}
	a, err := s.fetch(ctx, key, r, version{})
	if err != nil {
		return nil, storage.Info{}, err
	}
	length, err := r.In(a.size)
	if err != nil {
		a.body.Close()
		return nil, storage.Info{}, s.error(opGet, key, nil, err)
	}
	from := source{s, key, a.version, a.size}
	return transport.NewBody(ctx, from, a.body, r.Offset, r.Offset+length), a.describe(key), nil
}

// Stat finds out about an object by asking for its first byte: a URL that is signed
// for GET answers nothing else.
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := s.check(ctx, key); err != nil {
		return storage.Info{}, err
	}
	if text, ok := s.index.Known[key]; ok {
		return describeKnown(key, text), nil
	}
	if err := s.client.turns.Acquire(ctx, 1); err != nil {
		return storage.Info{}, s.error(opGet, key, nil, err)
	}
	defer s.client.turns.Release(1)
	a, err := s.fetch(ctx, key, storage.Range{Length: 1}, version{})
	if f, ok := errors.AsType[*failure](err); ok && f.status == http.StatusRequestedRangeNotSatisfiable {
		a, err = s.fetch(ctx, key, storage.Range{}, version{}) // an empty object has no first byte
	}
	if err != nil {
		return storage.Info{}, err
	}
	a.leave()
	return a.describe(key), nil
}

// check refuses what is no key, and knows what is not there.
func (s *Store) check(ctx context.Context, key string) error {
	if err := storage.CheckKey(key); err != nil {
		return s.error(opGet, key, storage.ErrInvalidKey, err)
	}
	if ctx.Err() != nil {
		return s.error(opGet, key, nil, ctx.Err())
	}
	_, known := s.index.Known[key]
	if _, has := s.index.URLs[key]; !has && !known {
		return s.error(opGet, key, storage.ErrNotFound, errors.New("no URL is given for it"))
	}
	return nil
}

// An answer is an object that a server has begun to send.
type answer struct {
	body    io.ReadCloser // from the offset that was asked for
	size    int64         // of the whole object
	rest    int64         // bytes that are still to come, or fewer
	version version
	stored  time.Time // zero if the server does not say
}

// A version is what tells an object from a later one under the same URL. One of an
// object that cannot be told is zero.
type version struct {
	etag     string // a strong one, with its quotes
	modified string // the header, where there is no such ETag
}

func versionOf(h http.Header) version {
	if etag := h.Get("ETag"); strings.HasPrefix(etag, `"`) {
		return version{etag: etag}
	}
	return version{modified: h.Get("Last-Modified")}
}

// demand has the server refuse to send any other version.
func (v version) demand(h http.Header) {
	switch {
	case v.etag != "":
		h.Set("If-Match", v.etag)
	case v.modified != "":
		h.Set("If-Unmodified-Since", v.modified)
	}
}

// fetch asks for a range of an object, of the version if one is given.
func (s *Store) fetch(ctx context.Context, key string, r storage.Range, v version) (*answer, error) {
	header := http.Header{"Accept-Encoding": {"identity"}, "User-Agent": {"dtool"}}
	if r != (storage.Range{}) {
		header.Set("Range", rangeHeader(r))
	}
	v.demand(header)
	a, f := s.client.ask(ctx, s.index.URLs[key], header, func(resp *http.Response) (*answer, *failure) {
		if transport.IsPage(resp.Header) && strings.HasSuffix(key, ".json") {
			return nil, odd("an HTML page came where a JSON document is expected")
		}
		return understand(resp, r)
	})
	if f != nil {
		return nil, s.failed(ctx, key, f)
	}
	return a, nil
}

func rangeHeader(r storage.Range) string {
	if r.Length == 0 {
		return fmt.Sprintf("bytes=%d-", r.Offset)
	}
	return fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1)
}

// understand finds in an answer the range that was asked for. A server that has no
// ranges sends all of the object.
func understand(resp *http.Response, r storage.Range) (*answer, *failure) {
	a := &answer{body: resp.Body, size: resp.ContentLength, rest: resp.ContentLength, version: versionOf(resp.Header)}
	a.stored, _ = http.ParseTime(resp.Header.Get("Last-Modified"))
	if resp.StatusCode == http.StatusPartialContent {
		return a, a.readRange(resp, r)
	}
	if a.size < 0 {
		if f := a.measure(resp); f != nil {
			return nil, f
		}
	}
	if r.Offset > 0 {
		a.body = &skipping{a.body, r.Offset}
	}
	return a, nil
}

// readRange reads the size of the object off an answer that has a part of it.
func (a *answer) readRange(resp *http.Response, r storage.Range) *failure {
	said := resp.Header.Get("Content-Range")
	var first, last int64
	n, err := fmt.Sscanf(said, "bytes %d-%d/%d", &first, &last, &a.size)
	switch {
	case r == (storage.Range{}):
		return odd("asked for all of it, it gives the range %q", said)
	case err != nil, n != 3, first != r.Offset, last < first, a.size <= last, r.Length > 0 && last-first >= r.Length,
		resp.ContentLength >= 0 && resp.ContentLength != last-first+1:
		return odd("asked for %s, it gives the range %q with %d bytes", r, said, resp.ContentLength)
	}
	return nil
}

// maxUnmeasured is how many bytes an object may have whose server does not say how
// many there are: they are read to be counted.
const maxUnmeasured = 8 << 20

func (a *answer) measure(resp *http.Response) *failure {
	if len(resp.TransferEncoding) == 0 {
		return odd("the answer does not say how long it is, so that nobody could tell if it were cut short")
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxUnmeasured+1))
	if err != nil {
		return transportFailure(err)
	}
	if len(text) > maxUnmeasured {
		return odd("the answer has more than %d bytes, and does not say how many", maxUnmeasured)
	}
	resp.Body.Close()
	a.body, a.size, a.rest = known(text), int64(len(text)), 0
	return nil
}

// leave is for an answer whose body nobody wants. The connection serves again if
// little is left of it.
func (a *answer) leave() {
	const little = 16 << 10 // bytes
	if a.rest <= little {
		_, _ = io.CopyN(io.Discard, a.body, little)
	}
	a.body.Close()
}

func (a *answer) describe(key string) storage.Info {
	return storage.Info{Key: key, Size: a.size, ModTime: a.stored, ETag: strings.Trim(a.version.etag, `"`)}
}

func describeKnown(key string, text []byte) storage.Info {
	sum := md5.Sum(text)
	return storage.Info{Key: key, Size: int64(len(text)), MD5: hex.EncodeToString(sum[:])}
}

func known(text []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(text)) }

// A skipping body leaves out its beginning.
type skipping struct {
	io.ReadCloser
	left int64
}

func (b *skipping) Read(p []byte) (int, error) {
	for b.left > 0 {
		n, err := io.CopyN(io.Discard, b.ReadCloser, b.left)
		b.left -= n
		if err != nil {
			return 0, err
		}
	}
	return b.ReadCloser.Read(p)
}
