package dtool_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
	"github.com/dtool-go/dtool/storage/storetest"
)

// A sharedBucket is a bucket in memory that lets others read over HTTP, in each of the
// ways that S3 has.
type sharedBucket struct {
	*memory.Store
	t    *testing.T
	name string
	http *httptest.Server

	mu      sync.Mutex
	public  map[string]bool // by ACL
	types   map[string]string
	policy  []byte
	noACLs  bool
	blocked bool     // nobody reads without a right of their own, whatever ACLs and policy say
	asked   []string // keys that were asked for without credentials, one after the other
}

func newSharedBucket(t *testing.T, name string) *sharedBucket {
	t.Helper()
	b := &sharedBucket{Store: memory.New(), t: t, name: name, public: map[string]bool{}, types: map[string]string{}}
	b.http = httptest.NewServer(b)
	t.Cleanup(func() {
		b.http.CloseClientConnections()
		b.http.Close()
	})
	return b
}

func (b *sharedBucket) PublicURL(key string) string {
	return b.http.URL + (&url.URL{Path: "/" + b.name + "/" + key}).EscapedPath()
}

// testSignature is what the signatures of all buckets begin with.
const testSignature = "let-me-in"

func (b *sharedBucket) signature(key, date, expires string) string {
	return fmt.Sprintf("%s-%x", testSignature, sha256.Sum256([]byte(b.name+"/"+key+" "+date+" "+expires)))
}

func (b *sharedBucket) SignGet(_ context.Context, key string, expires time.Duration) (string, error) {
	date, seconds := time.Now().UTC().Format("20060102T150405Z"), fmt.Sprintf("%.0f", expires.Seconds())
	return b.PublicURL(key) + fmt.Sprintf("?X-Amz-Date=%s&X-Amz-Expires=%s&X-Amz-Signature=%s", date, seconds, b.signature(key, date, seconds)), nil
}

func (b *sharedBucket) SignPut(context.Context, string, storage.PutOptions, time.Duration) (storage.SignedPut, error) {
	return storage.SignedPut{}, nil
}

// Put makes an object that is private.
func (b *sharedBucket) Put(ctx context.Context, key string, body io.Reader, o storage.PutOptions) (storage.Info, error) {
	info, err := b.Store.Put(ctx, key, body, o)
	if err == nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.public, key)
		b.types[key] = cmp.Or(o.ContentType, "binary/octet-stream")
	}
	return info, err
}

func (b *sharedBucket) SetPublic(ctx context.Context, key string, public bool) error {
	if _, err := b.Stat(ctx, key); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.noACLs {
		return &storage.Error{Op: "PutObjectAcl", Store: b.String(), Key: key, Kind: storage.ErrNoACLs, Hint: "ACLs are turned off in this bucket"}
	}
	b.public[key] = public
	return nil
}

func (b *sharedBucket) Policy(context.Context) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.policy == nil {
		return nil, &storage.Error{Op: "GetBucketPolicy", Store: b.String(), Kind: storage.ErrNotFound}
	}
	return slices.Clone(b.policy), nil
}

func (b *sharedBucket) SetPolicy(_ context.Context, policy []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(policy) == 0 {
		b.policy = nil
		return nil
	}
	var said struct{ Statement []json.RawMessage }
	if json.Unmarshal(policy, &said) != nil || len(said.Statement) == 0 {
		return &storage.Error{Op: "PutBucketPolicy", Store: b.String(), Err: errors.New("MalformedPolicy")}
	}
	b.policy = slices.Clone(policy)
	return nil
}

func (b *sharedBucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/"+b.name+"/")
	if !b.mayRead(key, r.URL.Query()) {
		http.Error(w, "AccessDenied", http.StatusForbidden)
		return
	}
	body, info, err := b.Get(r.Context(), key, storage.Range{})
	if err != nil {
		http.Error(w, "NoSuchKey", http.StatusNotFound)
		return
	}
	defer body.Close()
	text, _ := io.ReadAll(body)
	b.mu.Lock()
	w.Header().Set("Content-Type", b.types[key])
	b.mu.Unlock()
	http.ServeContent(w, r, "", info.ModTime, strings.NewReader(string(text)))
}

// What a front has for texts that it does not hand out.
const (
	gone   = "\x00" // it is not there
	broken = "\x01" // the server is out of order
)

// front hands out all objects of the bucket below /data/, as alter has them:
// by their key below that of the dataset.
func (b *sharedBucket) front(alter func(name, text string) string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := strings.TrimPrefix(r.URL.Path, "/data/")
		body, info, err := b.Get(r.Context(), key, storage.Range{})
		if err != nil {
			http.Error(w, "nothing here", http.StatusNotFound)
			return
		}
		defer body.Close()
		content, _ := io.ReadAll(body)
		text := alter(key[strings.Index(key, "/")+1:], string(content))
		switch text {
		case gone:
			http.Error(w, "nothing here", http.StatusNotFound)
		case broken:
			http.Error(w, "round and round", http.StatusLoopDetected)
		default:
			http.ServeContent(w, r, "", info.ModTime, strings.NewReader(text))
		}
	}))
	b.t.Cleanup(server.Close)
	return server
}

// switchableFront is one that has another text for all, if that is not empty.
func (b *sharedBucket) switchableFront() (*httptest.Server, *atomic.Value) {
	answer := &atomic.Value{}
	answer.Store("")
	return b.front(func(_, text string) string {
		if instead := answer.Load().(string); instead != "" {
			return instead
		}
		return text
	}), answer
}

func (b *sharedBucket) mayRead(key string, query url.Values) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if signature := query.Get("X-Amz-Signature"); signature != "" {
		return signature == b.signature(key, query.Get("X-Amz-Date"), query.Get("X-Amz-Expires"))
	}
	b.asked = append(b.asked, key)
	return !b.blocked && (b.public[key] || b.policyAllows(key))
}

// policyAllows knows statements that allow to read, and the wildcard at the end of a
// resource.
func (b *sharedBucket) policyAllows(key string) bool {
	if b.policy == nil {
		return false
	}
	var policy struct {
		Statement []struct{ Resource resources }
	}
	must(b.t, json.Unmarshal(b.policy, &policy))
	for _, s := range policy.Statement {
		for _, resource := range s.Resource {
			pattern := strings.TrimPrefix(resource, "arn:aws:s3:::"+b.name+"/")
			prefix, below := strings.CutSuffix(pattern, "*")
			prefix = strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$").Replace(prefix)
			if key == prefix || below && strings.HasPrefix(key, prefix) {
				return true
			}
		}
	}
	return false
}

// resources are one or several.
type resources []string

func (r *resources) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*r = []string{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(r))
}

// Forget and KeepsVersions are as of a bucket in which nothing was interrupted, and
// nothing is kept.

func (b *sharedBucket) Forget(context.Context, string) error { return nil }

func (b *sharedBucket) KeepsVersions(context.Context) (bool, error) { return false, nil }

// open gives the keys that everybody can read, sorted.
func (b *sharedBucket) open(t *testing.T) []string {
	t.Helper()
	var keys []string
	for info, err := range b.List(t.Context(), "", storage.Deep) {
		must(t, err)
		if b.mayRead(info.Key, nil) {
			keys = append(keys, info.Key)
		}
	}
	return keys
}

var (
	_ storage.Signer       = (*sharedBucket)(nil)
	_ storage.Publisher    = (*sharedBucket)(nil)
	_ storage.PolicyKeeper = (*sharedBucket)(nil)
	_ storage.Forgetter    = (*sharedBucket)(nil)
	_ storage.Versioner    = (*sharedBucket)(nil)
)

// TestSharedBucketIsAsS3 holds what stands in for S3 to what S3 does.
func TestSharedBucketIsAsS3(t *testing.T) {
	b := newSharedBucket(t, "plants")
	storetest.Sharing(t, storetest.SharingFeatures{ACLs: true, PolicyOf: "plants"}, func(*testing.T) storage.Store { return b })
}
