package dtool_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
)

// noon is what the clock of the tests' clients says.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 250_000_000, time.UTC) }

// world is a client and the places that it reaches.
type world struct {
	*dtool.Client
	t       *testing.T
	memory  map[string]storage.Store // buckets of the scheme mem
	environ []string
	home    string
}

func newWorld(t *testing.T, environ ...string) *world {
	t.Helper()
	w := &world{t: t, memory: map[string]storage.Store{}, home: t.TempDir()}
	w.environ = append([]string{"LOGNAME=olssont"}, environ...)
	w.connect()
	return w
}

// connect makes a new client, as another process would have it.
func (w *world) connect() {
	w.t.Helper()
	client, err := dtool.NewClient(dtool.Options{
		Environ:  w.environ,
		Home:     w.home,
		Hostname: "workstation",
		Now:      noon,
		Buckets: map[string]storage.Opener{"mem": func(_ context.Context, bucket string) (storage.Store, error) {
			if store, ok := w.memory[bucket]; ok {
				return store, nil
			}
			return nil, &storage.Error{Op: "open", Store: "mem://" + bucket, Kind: storage.ErrNoStore}
		}},
	})
	must(w.t, err)
	w.Client = client
}

// bucket makes an empty bucket in memory and gives its URI.
func (w *world) bucket(name string) string {
	w.memory[name] = memory.New()
	return "mem://" + name
}

// s3 gives the URI of a bucket of a real server. From a bucket that others use
// too, what the test makes there is removed when it ends.
func (w *world) s3(server *s3test.Server) string {
	w.t.Helper()
	bucket := bucketOn(w.t, server)
	w.environ = append(w.environ, bucket.environ...)
	w.connect()
	if bucket.crowded() {
		w.t.Cleanup(func() { w.removeOwn(bucket) })
	}
	return bucket.uri
}

// removeOwn removes the datasets that were made at the time of the tests' clock.
func (w *world) removeOwn(bucket site) {
	ctx := context.WithoutCancel(w.t.Context())
	for d, err := range w.List(ctx, bucket.uri) {
		if err != nil {
			continue // somebody else's
		}
		if created, _ := d.CreatedAt(); created.Equal(noon()) {
			bucket.removeDataset(ctx, w.t, d.UUID())
		}
	}
}

// onEveryBase runs a test in a base of each kind: a directory, a bucket in
// memory and a bucket of a real server.
func onEveryBase(t *testing.T, test func(t *testing.T, w *world, base string)) {
	t.Helper()
	t.Run("directory", func(t *testing.T) { test(t, newWorld(t), t.TempDir()) })
	t.Run("memory", func(t *testing.T) {
		w := newWorld(t, "DTOOL_MEM_DATASET_PREFIX_plants=u/olssont")
		test(t, w, w.bucket("plants"))
	})
	t.Run("s3", func(t *testing.T) {
		w := newWorld(t)
		test(t, w, w.s3(s3test.Start(t)))
	})
}

// files makes a directory of files by their contents.
func files(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range contents {
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o644))
		mtime := time.Date(2017, 7, 14, 2, 40, 0, 123456000, time.UTC)
		must(t, os.Chtimes(path, mtime, mtime))
	}
	return dir
}

// seedling is what the datasets of most tests are made of.
func seedling() map[string]string {
	return map[string]string{
		"reads.txt":                "ACGT\n",
		"empty.dat":                "",
		"sub/dir/with space.csv":   "id,value\n1,0.5\n",
		"Ünïcode/日本 語 🌱.txt":       "grüße\n",
		"-dash#hash?query%41&+'\"": "odd\n",
		".hidden":                  "hidden\n",
	}
}

// frozen makes a frozen dataset of the files.
func (w *world) frozen(base, name string, contents map[string]string) *dtool.Dataset {
	w.t.Helper()
	d, err := w.CreateFrom(w.t.Context(), files(w.t, contents), name, base, dtool.CreateFromOptions{})
	must(w.t, err)
	return d
}

// uris lists a base.
func (w *world) uris(base string) []string {
	w.t.Helper()
	var uris []string
	for d, err := range w.List(w.t.Context(), base) {
		must(w.t, err)
		uris = append(uris, d.URI())
	}
	return uris
}

// keys lists the bucket in memory that copies go to.
func (w *world) keys() []string {
	w.t.Helper()
	var keys []string
	for info, err := range w.memory["to"].List(w.t.Context(), "", storage.Deep) {
		must(w.t, err)
		keys = append(keys, info.Key)
	}
	return keys
}

// contents reads every item of a dataset, by relpath.
func contents(t *testing.T, d *dtool.Dataset) map[string]string {
	t.Helper()
	m, err := d.Manifest(t.Context())
	must(t, err)
	found := map[string]string{}
	for _, item := range m.Items() {
		body, err := d.OpenItem(t.Context(), item.Identifier)
		must(t, err)
		text, err := io.ReadAll(body)
		must(t, err)
		must(t, body.Close())
		found[item.Relpath] = string(text)
	}
	return found
}

// tree gives every file below a directory with its content; directories end in
// a slash.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator)))
		if entry.IsDir() {
			found[name+"/"] = ""
			return nil
		}
		text, err := os.ReadFile(path)
		found[name] = string(text)
		return err
	}))
	return found
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError fails unless the error is of the kind and says every one of the words.
func wantError(t *testing.T, err, kind error, words ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("the error is %v, want one of the kind %q", err, kind)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error %q does not say %q", err, word)
		}
	}
}
