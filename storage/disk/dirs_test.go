package disk_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

func TestMakeDir(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "x")
	s := open(t, dir, disk.Options{})
	for _, c := range []struct {
		dir       string
		exclusive bool
		want      error
	}{
		{"a/b", true, nil},
		{"a/b", true, storage.ErrExists},
		{"a", true, storage.ErrExists},
		{"a/b", false, nil},
		{"a/c/d", false, nil},
		{"file", true, storage.ErrExists},
		{"file", false, storage.ErrExists},
		{"file/below", false, storage.ErrExists},
		{"", false, storage.ErrInvalidKey},
		{"../a", false, storage.ErrInvalidKey},
	} {
		if err := s.MakeDir(t.Context(), c.dir, c.exclusive); !errors.Is(err, c.want) {
			t.Errorf("MakeDir of %q, exclusive %v: error %v, want %v", c.dir, c.exclusive, err, c.want)
		}
	}
	lists(t, s, "a/", storage.Shallow, "a/b/", "a/c/")
}

func TestLinkDir(t *testing.T) {
	target := t.TempDir()
	write(t, target, "item", "x")
	s := open(t, t.TempDir(), disk.Options{})
	if err := s.LinkDir(t.Context(), "set/data", target); err != nil {
		t.Fatal(err)
	}
	lists(t, s, "set/data/", storage.Deep, "set/data/item")
	if err := s.LinkDir(t.Context(), "set/data", target); !errors.Is(err, storage.ErrExists) {
		t.Errorf("a second link of the name: error %v, want ErrExists", err)
	}
	for _, bad := range []string{"relative", filepath.Join(target, "missing"), filepath.Join(target, "item")} {
		if err := s.LinkDir(t.Context(), "bad", bad); err == nil {
			t.Errorf("a link to %s: no error", bad)
		}
	}
	lists(t, s, "bad", storage.Deep)
}

func TestRemoveDir(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "kept", "x")
	dir := t.TempDir()
	write(t, dir, "set/data/a", "x")
	write(t, dir, "set2/b", "x")
	link(t, outside, filepath.Join(dir, "set", "link"))
	s := open(t, dir, disk.Options{})
	for range 2 { // the second time it is not there
		if err := s.RemoveDir(t.Context(), "set"); err != nil {
			t.Fatal(err)
		}
		holdsFiles(t, dir, "set2/b")
	}
	holdsFiles(t, outside, "kept")
}

func TestRemoveDirStopsWhenItIsCalledOff(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "set/a", "x")
	write(t, dir, "set/sub/b", "x")
	s := open(t, dir, disk.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.RemoveDir(ctx, "set"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	lists(t, s, "", storage.Deep, "set/a", "set/sub/b")
}

func TestCheckRemovalRemovesNothing(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write(t, dir, "set/sub/b", "x")
	link(t, outside, filepath.Join(dir, "set", "link"))
	s := open(t, dir, disk.Options{})
	for _, name := range []string{"set", "set/link", "set/sub/b", "nowhere"} {
		if err := s.CheckRemoval(t.Context(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "..", "set/link/x/../.."} {
		if err := s.CheckRemoval(t.Context(), name); !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("%q: error %v, want ErrInvalidKey", name, err)
		}
	}
	lists(t, s, "set/sub", storage.Deep, "set/sub/b")
}
