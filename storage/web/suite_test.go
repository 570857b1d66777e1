package web_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
	"github.com/dtool-go/dtool/storage/storetest"
	"github.com/dtool-go/dtool/storage/web"
)

// A filled store is read over HTTP and written by another way, so that one which only
// reads passes the suite. All keys that anybody has ever written have a URL.
type filled struct {
	storage.Store // that is written
	client        *web.Client
	urlOf         func(key string) string

	mu   *sync.Mutex
	urls map[string]string
}

func newFilled(t *testing.T, by storage.Store, urlOf func(key string) string) filled {
	return filled{by, newClient(t, web.Options{}), urlOf, &sync.Mutex{}, map[string]string{}}
}

func (f filled) Put(ctx context.Context, key string, body io.Reader, opts storage.PutOptions) (storage.Info, error) {
	info, err := f.Store.Put(ctx, key, body, opts)
	if err == nil {
		f.mu.Lock()
		f.urls[key] = f.urlOf(key)
		f.mu.Unlock()
	}
	return info, err
}

// web gives the store as it is read now.
func (f filled) web() *web.Store {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.client.Open(f.String(), web.Index{URLs: maps.Clone(f.urls)})
}

func (f filled) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	return f.web().Get(ctx, key, r)
}

func (f filled) Stat(ctx context.Context, key string) (storage.Info, error) {
	return f.web().Stat(ctx, key)
}

func (f filled) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return f.web().List(ctx, prefix, depth)
}

// below gives the URL of a key below another URL.
func below(root, key string) string { return root + "/" + (&url.URL{Path: key}).EscapedPath() }

func newClient(t *testing.T, o web.Options) *web.Client {
	t.Helper()
	c, err := web.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

// serve serves requests until the test ends.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

// TestFileServer runs the suite against the file server of net/http.
func TestFileServer(t *testing.T) {
	storetest.Run(t, features(), func(t *testing.T) storage.Store {
		dir := t.TempDir()
		store, err := disk.New(dir, disk.Options{TempDir: ".dtool/tmp"})
		if err != nil {
			t.Fatal(err)
		}
		server := serve(t, http.FileServer(http.Dir(dir)))
		return newFilled(t, store, func(key string) string { return below(server.URL, key) })
	})
}

// A server that has no ranges, or does not say how large an object is, is read as one
// that has and does.
func TestPlainServers(t *testing.T) {
	for name, h := range map[string]http.Handler{
		"without ranges": withoutRanges(http.HandlerFunc(object)),
		"without sizes": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			_, _ = w.Write(content())
		}),
	} {
		t.Run(name, func(t *testing.T) { holds(t, at(t, quick(), serve(t, h).URL)) })
	}
}

func features() storetest.Features {
	return storetest.Features{DistinctNames: true, LargeSize: 1<<20 + 1}
}

func withoutRanges(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Range")
		h.ServeHTTP(w, r)
	})
}

// TestBucket runs the suite against a bucket whose URLs are signed.
func TestBucket(t *testing.T) {
	_, store := openBucket(t)
	storetest.Run(t, features(), func(t *testing.T) storage.Store {
		return newFilled(t, picky{store}, func(key string) string { return signed(t, store, key) })
	})
}

// openBucket opens a new bucket of a real server, and gives its URL.
func openBucket(t *testing.T) (root string, store storage.Store) {
	t.Helper()
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	server := s3test.StartOwn(t)
	bucket := server.NewBucket(t)
	store, err := badday.Open(t.Context(), server, bucket, 0)
	if err != nil {
		t.Fatal(err)
	}
	return server.Endpoint + "/" + bucket, store
}

func signed(t *testing.T, store storage.Store, key string) string {
	t.Helper()
	text, err := store.(storage.Signer).SignGet(t.Context(), key, storage.MaxExpiry)
	if err != nil {
		t.Error(err)
	}
	return text
}

// A bucket is closed until its policy lets everybody read.
func TestPublicBucket(t *testing.T) {
	root, store := openBucket(t)
	for key, text := range map[string][]byte{"object": content(), "empty": nil} {
		if _, err := store.Put(t.Context(), key, bytes.NewReader(text), storage.PutOptions{Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
	}
	failsAs(t, at(t, quick(), root+"/object"), storage.ErrForbidden, "AccessDenied", "it is not public")
	policy := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::` + path.Base(root) + `/*"}]}`
	if err := store.(storage.PolicyKeeper).SetPolicy(t.Context(), []byte(policy)); err != nil {
		t.Fatal(err)
	}
	holds(t, at(t, quick(), root+"/object"))
	if info, err := at(t, quick(), root+"/empty").Stat(t.Context(), "object"); err != nil || info.Size != 0 {
		t.Errorf("an empty object: %+v, %v", info, err)
	}
	failsAs(t, at(t, quick(), root+"/missing"), storage.ErrNotFound)
}

// A picky store refuses the names that versitygw cannot hold.
type picky struct{ storage.Store }

func (p picky) Put(ctx context.Context, key string, body io.Reader, opts storage.PutOptions) (storage.Info, error) {
	mangled := func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\ufffe' }
	if strings.ContainsFunc(key, mangled) || len(key) > 250 {
		return storage.Info{}, &storage.Error{Op: "PutObject", Store: p.String(), Key: key, Kind: storage.ErrInvalidKey}
	}
	return p.Store.Put(ctx, key, body, opts)
}
