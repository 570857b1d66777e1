//go:build linux

package disk

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/iotest"

	"golang.org/x/sys/unix"

	"github.com/dtool-go/dtool/storage"
)

func TestADiskThatIsTooSmallIsFoundBeforeTheBodyIsRead(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir, Options{TempDir: "tmp"})
	if err != nil {
		t.Fatal(err)
	}
	wasRead := errors.New("the body was read")
	_, err = s.Put(t.Context(), "large", iotest.ErrReader(wasRead), storage.PutOptions{Size: 1 << 60})
	want := error(syscall.ENOSPC)
	if !reservesAt(t, dir) {
		want = wasRead // only writing tells
	}
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left is %v, %v", left, err)
	}
}

func TestAFileHasTheRoomThatItsBytesNeed(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{worthReserving - 1, worthReserving, worthReserving + 1} {
		_, err := s.Put(t.Context(), "file", bytes.NewReader(make([]byte, size)), storage.PutOptions{Size: int64(size)})
		if err != nil {
			t.Fatal(err)
		}
		var stat unix.Stat_t
		if err := unix.Stat(filepath.Join(dir, "file"), &stat); err != nil {
			t.Fatal(err)
		}
		const slack = 1 << 20 // bytes that a file system may keep around a file
		if stat.Size != int64(size) || stat.Blocks*512 > int64(size)+slack {
			t.Errorf("a file of %d bytes has length %d and takes %d blocks", size, stat.Size, stat.Blocks)
		}
	}
}

// A body that ends early must not leave its reservation behind as bytes.
func TestRoomSetAsideAddsNothingToAFile(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := reserve(file, worthReserving); err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("content"); err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil || info.Size() != 7 {
		t.Errorf("the file has length %d, %v; want 7", info.Size(), err)
	}
}

func reservesAt(t *testing.T, dir string) bool {
	t.Helper()
	var system unix.Statfs_t
	if err := unix.Statfs(dir, &system); err != nil {
		t.Fatal(err)
	}
	return reserves(&system)
}
