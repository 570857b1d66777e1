package dtool_test

import (
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
)

// altering is a store at the end of a bad line: the bodies of some keys come with
// one byte changed, as often as it is told, each time to another value unless it is
// steady.
type altering struct {
	storage.Store
	match  func(key string) bool
	steady bool

	mu    sync.Mutex
	times int // how many bodies are yet to be altered
	reads int // of the keys that match
}

func (s *altering) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	body, info, err := s.Store.Get(ctx, key, r)
	if err != nil || !s.match(key) {
		return body, info, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.times == 0 {
		return body, info, nil
	}
	s.times--
	by := byte(1)
	if !s.steady {
		by = byte(s.reads)
	}
	return struct {
		io.Reader
		io.Closer
	}{&alteredBody{r: body, by: by}, body}, info, nil
}

type alteredBody struct {
	r  io.Reader
	by byte // what is added to the first byte, once
}

func (b *alteredBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if n > 0 {
		p[0] += b.by
		b.by = 0
	}
	return n, err
}

const forEver = 1000

// alterItem makes a world with a dataset in the bucket mem://plants, one item of
// which, data.txt, is altered so many times while it is read.
func alterItem(t *testing.T, times int, steady bool) (*world, *altering, *dtool.Dataset) {
	t.Helper()
	w := newWorld(t)
	store := &altering{Store: memory.New(), steady: steady}
	key := "/data/" + dtool.Identifier("data.txt")
	store.match = func(k string) bool { return strings.HasSuffix(k, key) }
	w.memory["plants"] = store
	d := w.frozen("mem://plants", "seedling", map[string]string{"data.txt": "content", "other.txt": "other"})
	store.times, store.reads = times, 0
	return w, store, d
}

// readers gives what reads an item's bytes and knows which they must be.
func readers() map[string]func(ctx context.Context, t *testing.T, w *world, d *dtool.Dataset) error {
	return map[string]func(ctx context.Context, t *testing.T, w *world, d *dtool.Dataset) error{
		"copying": func(ctx context.Context, t *testing.T, w *world, d *dtool.Dataset) error {
			var last dtool.Progress
			o := dtool.CopyOptions{Observer: dtool.Observer{Progress: func(p dtool.Progress) { last = p }}}
			dst, err := w.Copy(ctx, d, t.TempDir(), o)
			if err != nil {
				return err
			}
			if last.Bytes != last.TotalBytes || last.Items != 2 {
				t.Errorf("in the end %d of %d bytes were told, and %d items", last.Bytes, last.TotalBytes, last.Items)
			}
			if got := contents(t, dst.Dataset)["data.txt"]; got != "content" {
				t.Errorf("copied %q", got)
			}
			return nil
		},
		"fetching": func(ctx context.Context, t *testing.T, _ *world, d *dtool.Dataset) error {
			path, err := d.ItemPath(ctx, dtool.Identifier("data.txt"))
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			if string(text) != "content" {
				t.Errorf("fetched %q", text)
			}
			return err
		},
		"verifying": func(ctx context.Context, _ *testing.T, _ *world, d *dtool.Dataset) error {
			report, err := d.Verify(ctx, dtool.VerifyOptions{Full: true})
			if err == nil && !report.Good() {
				err = storage.ErrCorrupted
			}
			return err
		},
		"comparing": func(ctx context.Context, _ *testing.T, _ *world, d *dtool.Dataset) error {
			report, err := d.Diff(ctx, d, dtool.DiffOptions{Full: true})
			if err == nil && len(report.Content) > 0 {
				err = storage.ErrCorrupted
			}
			return err
		},
	}
}

func TestWhatIsAlteredOnTheWayIsReadAgain(t *testing.T) {
	for name, read := range readers() {
		t.Run(name, func(t *testing.T) {
			w, store, d := alterItem(t, 1, false)
			if err := read(t.Context(), t, w, d); err != nil {
				t.Error(err)
			}
			if store.reads != 2 {
				t.Errorf("the item was read %d times", store.reads)
			}
		})
	}
}

func TestWhatStaysAlteredIsReadTwiceAndRefused(t *testing.T) {
	for name, read := range readers() {
		t.Run(name, func(t *testing.T) {
			w, store, d := alterItem(t, forEver, true)
			wantError(t, read(t.Context(), t, w, d), storage.ErrCorrupted)
			if store.reads != 2 {
				t.Errorf("the item was read %d times", store.reads)
			}
		})
	}
}

// TestTwoWrongReadingsAreTold tells apart what lies there wrong from what comes out
// otherwise each time.
func TestTwoWrongReadingsAreTold(t *testing.T) {
	const onTheWay = "something alters the bytes on their way"
	for _, steady := range []bool{true, false} {
		w, _, d := alterItem(t, forEver, steady)
		_, err := w.Copy(t.Context(), d, t.TempDir(), dtool.CopyOptions{})
		wantError(t, err, storage.ErrCorrupted, "data.txt", d.URI(), "9a0364b9e99bb480dd25e1f0284c8555") // the MD5 of "content"
		if got := strings.Contains(err.Error(), onTheWay); got == steady {
			t.Errorf("steady: %v, and the error is %q", steady, err)
		}
	}
}

// alterDocuments makes a world with a dataset that has documents of every kind, in a
// bucket that alters nothing yet.
func alterDocuments(t *testing.T) (*world, *altering, *dtool.Dataset) {
	t.Helper()
	w := newWorld(t)
	store := &altering{Store: memory.New(), match: func(string) bool { return false }}
	w.memory["plants"] = store
	made := w.frozen("mem://plants", "seedling", seedling())
	ctx := t.Context()
	beans, err := dtool.NewValue("beans")
	must(t, err)
	must(t, made.SetAnnotation(ctx, "project", beans))
	must(t, made.SetTag(ctx, "dry"))
	must(t, made.WriteREADME(ctx, []byte("description: first\n")))
	must(t, made.WriteREADME(ctx, []byte("description: second\n")))
	return w, store, made
}

// TestDocumentsAreReadAgain alters each document of a dataset once. Nobody recorded
// what is in them but the store, by their ETags.
func TestDocumentsAreReadAgain(t *testing.T) {
	w, store, made := alterDocuments(t)
	ctx := t.Context()
	for _, part := range []string{"dtool-", "/dtool", "/manifest.json", "/README.yml", "/README.yml-", "/annotations/project.json"} {
		t.Run(part, func(t *testing.T) {
			store.match = func(key string) bool { return strings.Contains(key, part) }
			store.times, store.reads = 1, 0
			d, err := w.Open(ctx, made.URI())
			must(t, err)
			dst, err := w.Copy(ctx, d, t.TempDir(), dtool.CopyOptions{})
			must(t, err)
			mustAgree(t, made, dst.Dataset)
			if store.times != 0 {
				t.Error("nothing was altered")
			}
		})
	}
}

// TestDocumentsThatStayAlteredAreRefused alters each document whenever it is read. A copy
// of it would be wrong, and nobody could tell.
func TestDocumentsThatStayAlteredAreRefused(t *testing.T) {
	w, store, made := alterDocuments(t)
	d, err := w.Open(t.Context(), made.URI())
	must(t, err)
	for _, part := range []string{"/manifest.json", "/README.yml", "/README.yml-", "/annotations/project.json"} {
		t.Run(part, func(t *testing.T) {
			store.match = func(key string) bool { return strings.Contains(key, part) }
			store.times, store.steady = forEver, true
			base := t.TempDir()
			_, err := w.Copy(t.Context(), d, base, dtool.CopyOptions{})
			wantError(t, err, storage.ErrCorrupted, strings.TrimPrefix(part, "/"))
			for d, err := range w.List(t.Context(), base) {
				must(t, err)
				if d.Frozen() {
					t.Error("the copy was frozen")
				}
			}
		})
	}
}
