//go:build unix

package disk_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

func TestSpecialFilesAreIrregular(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir) // the path of a socket may not be long
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	link(t, "pipe", "link")
	link(t, os.DevNull, "null")
	s := open(t, dir, disk.Options{})
	lists(t, s, "", storage.Deep, "link is a link to a named pipe", "null is a link to a device",
		"pipe is a named pipe", "socket is a socket")
	lists(t, s, "pipe/", storage.Deep)
	for _, key := range []string{"link", "null", "pipe", "socket"} {
		_, statErr := s.Stat(t.Context(), key)
		_, _, getErr := s.Get(t.Context(), key, storage.Range{}) // must not wait for a writer
		for _, err := range []error{statErr, getErr} {
			if err == nil || errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: error %v, want one that is not ErrNotFound", key, err)
			}
		}
	}
}

func TestAFileNameThatIsNotUTF8IsListedAsIrregular(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // other systems have no such file names
	}
	dir := t.TempDir()
	write(t, dir, "sub/a", "x")
	write(t, dir, "sub/b\xff\n", "x")
	keys, err := list(t, open(t, dir, disk.Options{}), "", storage.Deep)
	want := []string{"sub/a", `sub/b\xff\n is a name that is not UTF-8`}
	if err != nil || !slices.Equal(keys, want) {
		t.Errorf("listed %q, %v; want %q", keys, err, want)
	}
}

func TestAFileGetsTheModeThatTheUmaskLeaves(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, disk.Options{TempDir: "tmp"})
	old := syscall.Umask(0o027)
	err := put(t, s, "sub/file", "x")
	syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"sub": 0o750, "sub/file": 0o640} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}
