//go:build linux

package disk_test

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

func TestLazyObjectsAreThereAtOnceAndCanBeSynced(t *testing.T) {
	store, err := disk.New(t.TempDir(), disk.Options{TempDir: "tmp"})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "dir/b"} {
		if _, err := store.Put(t.Context(), key, strings.NewReader("lazy"), storage.PutOptions{Size: 4, Lazy: true}); err != nil {
			t.Fatal(err)
		}
		body, _, err := store.Get(t.Context(), key, storage.Range{})
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != "lazy" {
			t.Errorf("%s holds %q, %v", key, text, err)
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := store.Sync(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSyncOfWhatIsNotThereFails(t *testing.T) {
	store, err := disk.New(filepath.Join(t.TempDir(), "missing"), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Sync(t.Context()); !errors.Is(err, storage.ErrNoStore) {
		t.Errorf("the error is %v", err)
	}
}
