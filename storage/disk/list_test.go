package disk_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

func TestAListingThroughALinkThatThePrefixNames(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "a", "x")
	write(t, outside, "sub/b", "x")
	dir := t.TempDir()
	link(t, outside, filepath.Join(dir, "data"))
	s := open(t, dir, disk.Options{})
	lists(t, s, "data/", storage.Deep, "data/a", "data/sub/b")
	lists(t, s, "data/s", storage.Deep, "data/sub/b")
	lists(t, s, "data/sub/", storage.Deep, "data/sub/b")
	lists(t, s, "data/", storage.Shallow, "data/a", "data/sub/")
	lists(t, s, "da", storage.Deep, "data is a link to a directory")
	lists(t, s, "", storage.Shallow, "data is a link to a directory")
}

func TestAListingDoesNotEnterLinkedDirectories(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "sub/file", "x")
	link(t, ".", filepath.Join(dir, "sub", "loop"))
	link(t, "file", filepath.Join(dir, "sub", "link"))
	link(t, "missing", filepath.Join(dir, "sub", "nowhere"))
	link(t, "file/below", filepath.Join(dir, "sub", "below"))
	link(t, "self", filepath.Join(dir, "sub", "self"))
	want := []string{
		"sub/below is a dangling link", "sub/file", "sub/link", "sub/loop is a link to a directory",
		"sub/nowhere is a dangling link", "sub/self is a link that leads to itself",
	}
	s := open(t, dir, disk.Options{})
	lists(t, s, "", storage.Deep, want...)
	lists(t, s, "sub/", storage.Shallow, want...)
}

func TestALinkToAFileIsListedAsTheFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "other/file", "content")
	link(t, "../other/file", filepath.Join(dir, "other", "link"))
	link(t, "other/file", filepath.Join(dir, "link"))
	s := open(t, dir, disk.Options{})
	want, err := s.Stat(t.Context(), "other/file")
	if err != nil {
		t.Fatal(err)
	}
	for info, err := range s.List(t.Context(), "link", storage.Deep) {
		if err != nil || info.Size != 7 || !info.ModTime.Equal(want.ModTime) {
			t.Errorf("listed %+v, %v; want size and time of %+v", info, err, want)
		}
	}
}

func TestEmptyDirectories(t *testing.T) {
	s := open(t, t.TempDir(), disk.Options{})
	if err := s.MakeDir(t.Context(), "a/b", false); err != nil {
		t.Fatal(err)
	}
	lists(t, s, "", storage.Deep)
	lists(t, s, "a/", storage.Shallow, "a/b/")
}

func TestAFileThatIsRemovedDuringAListingIsNotListed(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c/d", "e"} {
		write(t, dir, name, "x")
	}
	var keys []string
	for info, err := range open(t, dir, disk.Options{}).List(t.Context(), "", storage.Deep) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
		for _, name := range []string{"b", "c"} {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := []string{"a", "e"}; !slices.Equal(keys, want) {
		t.Errorf("listed %q, want %q", keys, want)
	}
}

// list gives keys, and with those of irregular entries what they are.
func list(t *testing.T, s storage.Store, prefix string, depth storage.Depth) ([]string, error) {
	t.Helper()
	var keys []string
	for info, err := range s.List(t.Context(), prefix, depth) {
		if err != nil {
			return keys, err
		}
		if info.Irregular != "" {
			info.Key = fmt.Sprintf("%s is %s", info.Key, info.Irregular)
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}

func lists(t *testing.T, s storage.Store, prefix string, depth storage.Depth, want ...string) {
	t.Helper()
	if got, err := list(t, s, prefix, depth); err != nil || !slices.Equal(got, want) {
		t.Errorf("listing %q gives %q, %v; want %q", prefix, got, err, want)
	}
}
