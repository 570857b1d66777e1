package disk_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

func TestAFileThatChangesWhileItIsReadFails(t *testing.T) {
	content := strings.Repeat("x", 1000)
	for name, change := range map[string]func(file string) error{
		"cut short":             func(file string) error { return os.Truncate(file, 500) },
		"emptied":               func(file string) error { return os.Truncate(file, 0) },
		"grown":                 func(file string) error { return os.Truncate(file, 1001) },
		"of the same size, new": func(file string) error { return os.Chtimes(file, time.Time{}, time.Unix(1, 0)) },
	} {
		for _, r := range []storage.Range{{}, {Offset: 10, Length: 600}} {
			dir := t.TempDir()
			write(t, dir, "file", content)
			body, info, err := open(t, dir, disk.Options{}).Get(t.Context(), "file", r)
			if err != nil {
				t.Fatal(err)
			}
			head := make([]byte, 100)
			if _, err := io.ReadFull(body, head); err != nil {
				t.Fatal(err)
			}
			if err := change(filepath.Join(dir, "file")); err != nil {
				t.Fatal(err)
			}
			length, err := r.In(info.Size)
			if err != nil {
				t.Fatal(err)
			}
			// A reader who knows the length never asks for the end.
			_, err = io.ReadFull(body, make([]byte, length-100))
			if !errors.Is(err, storage.ErrCorrupted) {
				// io.ReadFull takes an error that comes with the last bytes for none.
				_, err = body.Read(head)
			}
			if !errors.Is(err, storage.ErrCorrupted) {
				t.Errorf("%s, %v: error %v, want ErrCorrupted", name, r, err)
			}
			body.Close()
		}
	}
}

func TestAnEmptyFileThatGrowsFails(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "")
	body, _, err := open(t, dir, disk.Options{}).Get(t.Context(), "file", storage.Range{})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	write(t, dir, "file", "x")
	if got, err := io.ReadAll(body); !errors.Is(err, storage.ErrCorrupted) {
		t.Errorf("read %q, %v; want ErrCorrupted", got, err)
	}
}

func TestReadingFollowsLinks(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "sub/file", "content")
	dir := t.TempDir()
	link(t, filepath.Join(outside, "sub", "file"), filepath.Join(dir, "link"))
	link(t, outside, filepath.Join(dir, "data"))
	s := open(t, dir, disk.Options{})
	for _, key := range []string{"link", "data/sub/file"} {
		body, info, err := s.Get(t.Context(), key, storage.Range{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err != nil || string(got) != "content" || info.Size != 7 {
			t.Errorf("%s: %q, %v, %+v", key, got, err, info)
		}
		body.Close()
		if info, err := s.Stat(t.Context(), key); err != nil || info.Size != 7 {
			t.Errorf("Stat of %s: %+v, %v", key, info, err)
		}
	}
	if _, err := s.Stat(t.Context(), "data"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Stat of a link to a directory: %v, want ErrNotFound", err)
	}
}

// What a link once led to may come back, with a mount say: it is not "not there".
func TestADanglingLinkIsNotAMissingKey(t *testing.T) {
	dir := t.TempDir()
	link(t, "/nowhere/at/all", filepath.Join(dir, "data"))
	link(t, "self", filepath.Join(dir, "self"))
	s := open(t, dir, disk.Options{})
	for _, key := range []string{"data", "data/a", "data/a/b", "self", "self/a"} {
		_, _, getErr := s.Get(t.Context(), key, storage.Range{})
		_, statErr := s.Stat(t.Context(), key)
		for _, err := range []error{getErr, statErr} {
			if err == nil || errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: error %v, want one that is not ErrNotFound", key, err)
			}
		}
	}
	for _, prefix := range []string{"data/", "data/a/", "self/"} {
		if keys, err := list(t, s, prefix, storage.Deep); err == nil {
			t.Errorf("listing %s gives %q and no error", prefix, keys)
		}
	}
}

func TestAStoreThatIsAFileIsNone(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "x")
	s := open(t, filepath.Join(dir, "file"), disk.Options{})
	_, statErr := s.Stat(t.Context(), "a")
	_, listErr := list(t, s, "", storage.Deep)
	for _, err := range []error{statErr, listErr, put(t, s, "a", "x"), s.MakeDir(t.Context(), "a", false)} {
		if !errors.Is(err, storage.ErrNoStore) {
			t.Errorf("error %v, want ErrNoStore", err)
		}
	}
}
