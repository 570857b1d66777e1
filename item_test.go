package dtool_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

func TestItemPathOfADirectoryIsTheItemItself(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	d := w.frozen(base, "seedlings", seedling())
	path, err := d.ItemPath(t.Context(), dtool.Identifier("reads.txt"))
	must(t, err)
	if want := filepath.Join(base, "seedlings", "data", "reads.txt"); path != want {
		t.Errorf("the path is %s, want %s", path, want)
	}
	must(t, os.Remove(path))
	_, err = d.ItemPath(t.Context(), dtool.Identifier("reads.txt"))
	wantError(t, err, storage.ErrNotFound, "reads.txt")
	_, err = d.ItemPath(t.Context(), "no identifier")
	wantError(t, err, dtool.ErrNoItem, "no identifier")
}

func TestItemPathOfABucketIsInTheCache(t *testing.T) {
	w := newWorld(t)
	d := w.frozen(w.bucket("plants"), "seedlings", map[string]string{
		"reads.fastq.gz": "reads", ".profile": "dots", "dir.d/plain": "plain", "odd.na me": "odd",
	})
	for relpath, suffix := range map[string]string{"reads.fastq.gz": ".gz", ".profile": "", "dir.d/plain": "", "odd.na me": ".na me"} {
		id := dtool.Identifier(relpath)
		path, err := d.ItemPath(t.Context(), id)
		must(t, err)
		if want := filepath.Join(w.home, ".cache", "dtool", d.UUID(), id+suffix); path != want {
			t.Errorf("%s is at %s, want %s", relpath, path, want)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != contents(t, d)[relpath] {
			t.Errorf("%s holds %q, %v", relpath, text, err)
		}
	}
	info, err := os.Stat(filepath.Join(w.home, ".cache", "dtool"))
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the cache has the mode %v", info.Mode())
	}
}

func TestDamagedCacheIsFetchedAgain(t *testing.T) {
	w := newWorld(t)
	d := w.frozen(w.bucket("plants"), "seedlings", seedling())
	id := dtool.Identifier("reads.txt")
	path, err := d.ItemPath(t.Context(), id)
	must(t, err)
	for _, damage := range []string{"", "ACG", "TGCA\n", "ACGT\n and more"} {
		must(t, os.WriteFile(path, []byte(damage), 0o644))
		again, err := d.ItemPath(t.Context(), id)
		must(t, err)
		if text, err := os.ReadFile(again); err != nil || string(text) != "ACGT\n" {
			t.Errorf("after the damage %q the cache holds %q, %v", damage, text, err)
		}
	}
}

func TestManyFetchersOfOneItemDoNotDisturbEachOther(t *testing.T) {
	w := newWorld(t)
	content := strings.Repeat("ACGT", 1<<18)
	d := w.frozen(w.bucket("plants"), "seedlings", map[string]string{"large.txt": content})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			path, err := d.ItemPath(t.Context(), dtool.Identifier("large.txt"))
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != content {
				t.Errorf("a fetched file has %d bytes, %v", len(text), err)
			}
		})
	}
	group.Wait()
	for name := range tree(t, filepath.Join(w.home, ".cache", "dtool", d.UUID())) {
		if !strings.HasPrefix(name, dtool.Identifier("large.txt")) {
			t.Errorf("%s is left in the cache", name)
		}
	}
}

func TestFetchOfACorruptedItemGivesNoFile(t *testing.T) {
	w := newWorld(t)
	d := w.frozen(w.bucket("plants"), "seedlings", seedling())
	w.damage(d, "reads.txt", func(b []byte) []byte { b[0] = '?'; return b })
	_, err := d.ItemPath(t.Context(), dtool.Identifier("reads.txt"))
	wantError(t, err, storage.ErrCorrupted, "reads.txt")
	for name := range tree(t, w.home) {
		if strings.Contains(name, dtool.Identifier("reads.txt")) {
			t.Errorf("%s was left in the cache", name)
		}
	}
	body, err := d.OpenItem(t.Context(), dtool.Identifier("reads.txt"))
	must(t, err)
	defer body.Close()
	_, err = io.ReadAll(body)
	wantError(t, err, storage.ErrCorrupted)
}

func TestWithoutAHomeThereIsNoCache(t *testing.T) {
	w := newWorld(t)
	w.home = ""
	w.connect()
	d := w.frozen(w.bucket("plants"), "seedlings", seedling())
	t.Chdir(t.TempDir())
	if path, err := d.ItemPath(t.Context(), dtool.Identifier("reads.txt")); err == nil || !strings.Contains(err.Error(), "DTOOL_CACHE_DIRECTORY") {
		t.Errorf("the item is at %s, error %v", path, err)
	}
	if left := tree(t, "."); len(left) != 0 {
		t.Errorf("something was written: %v", left)
	}
}

func TestCacheDirectoryIsASetting(t *testing.T) {
	cache := t.TempDir()
	w := newWorld(t, "DTOOL_CACHE_DIRECTORY="+cache)
	d := w.frozen(w.bucket("plants"), "seedlings", seedling())
	path, err := d.ItemPath(t.Context(), dtool.Identifier("reads.txt"))
	must(t, err)
	if !strings.HasPrefix(path, cache) {
		t.Errorf("the item was fetched to %s", path)
	}
}
