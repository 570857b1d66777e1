package dtool_test

import (
	"context"
	"crypto/rand"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
	"github.com/dtool-go/dtool/storage/s3"
)

// A site is a bucket that holds datasets, with a way to its objects that does
// not lead through the library.
type site struct {
	uri, bucket string
	store       storage.Store
	server      *s3test.Server // nil in memory
	environ     []string       // the settings with which a client reaches it
}

// bucketOn makes a bucket on a server, or takes the one that the server has.
func bucketOn(t *testing.T, server *s3test.Server) site {
	t.Helper()
	bucket := server.NewBucket(t)
	store, err := s3.Open(t.Context(), bucket, s3.Config{
		Endpoint: server.Endpoint, AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey,
	})
	must(t, err)
	return site{uri: "s3://" + bucket, bucket: bucket, store: store, server: server, environ: []string{
		"DTOOL_S3_ENDPOINT_" + bucket + "=" + server.Endpoint,
		"DTOOL_S3_ACCESS_KEY_ID_" + bucket + "=" + server.AccessKey,
		"DTOOL_S3_SECRET_ACCESS_KEY_" + bucket + "=" + server.SecretKey,
	}}
}

func memoryBucket() site {
	bucket := strings.ToLower(rand.Text())
	return site{uri: "mem://" + bucket, bucket: bucket, store: memory.New()}
}

// withPrefix gives the same bucket with a prefix in the settings.
func (s site) withPrefix(prefix string) site {
	scheme, _, _ := strings.Cut(s.uri, "://")
	setting := "DTOOL_" + strings.ToUpper(scheme) + "_DATASET_PREFIX_" + s.bucket + "=" + prefix
	s.environ = append(slices.Clone(s.environ), setting)
	return s
}

// crowded tells whether others keep datasets there too.
func (s site) crowded() bool { return s.server != nil && s.server.External() }

// clientFor makes a client of the user olssont that reaches the sites.
func clientFor(t *testing.T, sites ...site) *dtool.Client {
	t.Helper()
	return clientWith(t, dtool.Options{}, sites...)
}

func clientWith(t *testing.T, o dtool.Options, sites ...site) *dtool.Client {
	t.Helper()
	o.Environ = append(o.Environ, "USER=olssont")
	o.Home, o.Hostname = t.TempDir(), "node"
	stores := map[string]storage.Store{}
	for _, s := range sites {
		o.Environ = append(o.Environ, s.environ...)
		stores[s.bucket] = s.store
	}
	o.Buckets = map[string]storage.Opener{
		"mem": func(_ context.Context, name string) (storage.Store, error) { return stores[name], nil },
	}
	client, err := dtool.NewClient(o)
	must(t, err)
	return client
}

var fixtureUUID = regexp.MustCompile(`5d700000-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// load puts a fixture into the bucket, with its UUIDs replaced by fresh ones in the
// same order, and gives those by the old ones. What is no part of a
// dataset is left out of a bucket that others use.
func (s site) load(t *testing.T, fixture string) map[string]string {
	t.Helper()
	objects, err := fixtures.Objects(fixture)
	must(t, err)
	fresh := freshUUIDs(objects)
	for _, id := range fresh {
		s.removeAfter(t, id)
	}
	for _, o := range objects {
		if s.crowded() && !fixtureUUID.MatchString(o.Key) {
			continue
		}
		replace := func(old string) string { return fresh[old] }
		metadata := maps.Clone(o.Metadata)
		for name, value := range metadata {
			metadata[name] = fixtureUUID.ReplaceAllStringFunc(value, replace)
		}
		body := fixtureUUID.ReplaceAllStringFunc(string(o.Body), replace)
		s.put(t, fixtureUUID.ReplaceAllStringFunc(o.Key, replace), body, metadata)
	}
	return fresh
}

func freshUUIDs(objects []fixtures.Object) map[string]string {
	fresh := map[string]string{}
	for _, o := range objects {
		if old := fixtureUUID.FindString(o.Key); old != "" {
			fresh[old] = uuid.NewString()
		}
	}
	inOrder := slices.Sorted(maps.Values(fresh))
	for i, old := range slices.Sorted(maps.Keys(fresh)) {
		fresh[old] = inOrder[i]
	}
	return fresh
}

// removeAfter removes a dataset at the end of the test from a bucket that others use.
func (s site) removeAfter(t *testing.T, id string) {
	if !s.crowded() {
		return
	}
	t.Cleanup(func() { s.removeDataset(context.WithoutCancel(t.Context()), t, id) })
}

// removeDataset removes every key of a dataset, wherever the tests may have put it.
func (s site) removeDataset(ctx context.Context, t *testing.T, id string) {
	keys := []string{"dtool-" + id}
	for _, prefix := range []string{"", "u/olssont", "u/olssont/"} {
		for info, err := range s.store.List(ctx, prefix+id+"/", storage.Deep) {
			if err != nil {
				t.Error(err)
				return
			}
			keys = append(keys, info.Key)
		}
	}
	if err := s.store.Delete(ctx, keys...); err != nil {
		t.Error(err)
	}
}

// keys gives the keys that begin with a prefix.
func (s site) keys(t *testing.T, prefix string) []string {
	t.Helper()
	var keys []string
	for info, err := range s.store.List(t.Context(), prefix, storage.Deep) {
		must(t, err)
		keys = append(keys, info.Key)
	}
	return keys
}

func (s site) put(t *testing.T, key, body string, metadata map[string]string) {
	t.Helper()
	o := storage.PutOptions{Size: int64(len(body)), Metadata: metadata}
	_, err := s.store.Put(t.Context(), key, strings.NewReader(body), o)
	must(t, err)
}

func (s site) get(t *testing.T, key string) (body string, metadata map[string]string) {
	t.Helper()
	r, info, err := s.store.Get(t.Context(), key, storage.Range{})
	must(t, err)
	defer r.Close()
	text, err := io.ReadAll(r)
	must(t, err)
	return string(text), info.Metadata
}

func (s site) remove(t *testing.T, keys ...string) {
	t.Helper()
	must(t, s.store.Delete(t.Context(), keys...))
}

// root gives what the keys of a dataset's parts begin with, as its registration says.
func (s site) root(t *testing.T, id string) string {
	t.Helper()
	prefix, _ := s.get(t, "dtool-"+id)
	return prefix + id + "/"
}

// edit replaces a part of a dataset, its metadata kept.
func (s site) edit(t *testing.T, key string, change func(string) string) {
	t.Helper()
	body, metadata := s.get(t, key)
	s.put(t, key, change(body), metadata)
}
