//go:build unix

package dtool_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
)

// TestWhatIsNoFileIsSaidAndNotDropped puts into the data of a proto dataset, and into a
// directory that one is made of, what has a name there and no content.
func TestWhatIsNoFileIsSaidAndNotDropped(t *testing.T) {
	for _, test := range []struct {
		what string
		make func(name string) error
		word string
	}{
		{"a pipe", func(name string) error { return syscall.Mkfifo(name, 0o600) }, "is a named pipe"},
		{"a link to a pipe", func(name string) error {
			pipe := filepath.Join(t.TempDir(), "pipe")
			must(t, syscall.Mkfifo(pipe, 0o600))
			return os.Symlink(pipe, name)
		}, "is a link to a named pipe"},
		{"a link to a device", func(name string) error { return os.Symlink("/dev/zero", name) }, "is a link to a device"},
		{"a link to itself", func(name string) error { return os.Symlink("odd", name) }, "is a link that leads to itself"},
		{"a link to nothing", func(name string) error { return os.Symlink("../nothing", name) }, "is a dangling link"},
		{"a link through a file", func(name string) error { return os.Symlink("a/b", name) }, "is a dangling link"},
	} {
		w := newWorld(t)
		p, dir := protoOnDisk(t, w, map[string]string{"a": "a", "z": "z"})
		must(t, test.make(filepath.Join(dir, "data", "odd")))
		_, err := p.Freeze(t.Context(), dtool.FreezeOptions{})
		wantError(t, err, dtool.ErrUnreadable, "data/odd", test.word)
		if _, err := w.OpenProto(t.Context(), p.URI()); err != nil {
			t.Errorf("%s: the proto dataset is one no longer: %v", test.what, err)
		}

		source, base := files(t, map[string]string{"a": "a", "sub/z": "z"}), t.TempDir()
		must(t, test.make(filepath.Join(source, "sub", "odd")))
		_, err = w.CreateFrom(t.Context(), source, "odd", base, dtool.CreateFromOptions{})
		if !strings.HasSuffix(test.word, "itself") && test.what != "a link through a file" {
			wantError(t, err, dtool.ErrUnreadable, "sub/odd", test.word)
		} else if err == nil {
			t.Errorf("%s is passed over", test.what)
		}
		if left := tree(t, base); len(left) != 0 {
			t.Errorf("%s: left are %v", test.what, left)
		}
	}
}

// TestLinkedDirectoriesAreSkippedAloud has two that lead to each other.
func TestLinkedDirectoriesAreSkippedAloud(t *testing.T) {
	w := newWorld(t)
	p, dir := protoOnDisk(t, w, map[string]string{"a/x": "x", "b/y": "y"})
	must(t, os.Symlink("../b", filepath.Join(dir, "data", "a", "to-b")))
	must(t, os.Symlink("../a", filepath.Join(dir, "data", "b", "to-a")))
	must(t, os.Symlink("..", filepath.Join(dir, "data", "b", "up")))
	observer, warned := warnings()
	d, err := p.Freeze(t.Context(), dtool.FreezeOptions{Observer: observer})
	must(t, err)
	if diff := cmp.Diff(map[string]string{"a/x": "x", "b/y": "y"}, contents(t, d)); diff != "" {
		t.Errorf("the items differ:\n%s", diff)
	}
	want := []string{
		"data/a/to-b is skipped: it is a link to a directory",
		"data/b/to-a is skipped: it is a link to a directory",
		"data/b/up is skipped: it is a link to a directory",
	}
	if diff := cmp.Diff(want, *warned); diff != "" {
		t.Errorf("the warnings differ:\n%s", diff)
	}
}
