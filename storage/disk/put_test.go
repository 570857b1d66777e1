package disk_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

func TestNothingIsWrittenThroughLinksThatLeadOut(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "kept", "kept")
	dir := t.TempDir()
	link(t, outside, filepath.Join(dir, "out"))
	link(t, "../"+filepath.Base(outside), filepath.Join(dir, "relative"))
	s := open(t, dir, disk.Options{})
	for _, key := range []string{"out/new", "out/kept", "out/sub/new", "relative/new"} {
		if err := put(t, s, key, "x"); err == nil {
			t.Errorf("Put of %s: no error", key)
		}
	}
	for what, err := range map[string]error{
		"Delete":    s.Delete(t.Context(), "out/kept"),
		"MakeDir":   s.MakeDir(t.Context(), "out/dir", false),
		"LinkDir":   s.LinkDir(t.Context(), "out/link", dir),
		"RemoveDir": s.RemoveDir(t.Context(), "out/kept"),
		"Put with the directory of unfinished objects outside": put(t,
			open(t, dir, disk.Options{TempDir: "out/tmp"}), "new", "x"),
		"Sweep of a directory outside": open(t, dir, disk.Options{TempDir: "out/kept"}).Sweep(t.Context()),
	} {
		if _, ok := errors.AsType[*storage.Error](err); !ok {
			t.Errorf("%s: error %v, want a *storage.Error", what, err)
		}
	}
	holdsFiles(t, outside, "kept")
	holdsFiles(t, dir, "out", "relative")
}

func TestPutReplacesALinkAndNotItsTarget(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "target", "old")
	dir := t.TempDir()
	link(t, filepath.Join(outside, "target"), filepath.Join(dir, "link"))
	link(t, "nowhere", filepath.Join(dir, "dangling"))
	s := open(t, dir, disk.Options{})
	for _, key := range []string{"link", "dangling"} {
		if err := put(t, s, key, "new"); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(filepath.Join(dir, key)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s is %v, %v; want a regular file", key, info.Mode(), err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(outside, "target")); err != nil || string(got) != "old" {
		t.Errorf("the target holds %q, %v", got, err)
	}
}

func TestDeleteRemovesALinkAndNotItsTarget(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "target", "kept")
	dir := t.TempDir()
	link(t, filepath.Join(outside, "target"), filepath.Join(dir, "link"))
	link(t, outside, filepath.Join(dir, "dirlink"))
	if err := open(t, dir, disk.Options{}).Delete(t.Context(), "link", "dirlink"); err != nil {
		t.Fatal(err)
	}
	holdsFiles(t, dir)
	holdsFiles(t, outside, "target")
}

func TestWhereAnUnfinishedObjectLies(t *testing.T) {
	for tempDir, want := range map[string]string{".dtool/tmp": ".dtool/tmp/", "": "data/"} {
		dir := t.TempDir()
		s := open(t, dir, disk.Options{TempDir: tempDir})
		var during []string
		body := io.MultiReader(strings.NewReader("first half, "), readerFunc(func([]byte) (int, error) {
			during = files(t, dir)
			return 0, io.EOF
		}), strings.NewReader("second half"))
		if _, err := s.Put(t.Context(), "data/a", body, storage.PutOptions{Size: 23}); err != nil {
			t.Fatal(err)
		}
		if len(during) != 1 || !strings.HasPrefix(during[0], want) || during[0] == "data/a" {
			t.Errorf("while the body is read there is %q, want one file below %s", during, want)
		}
		holdsFiles(t, dir, "data/a")
		lacksFile(t, filepath.Join(dir, ".dtool", "tmp"))
	}
}

func TestPutOntoADirectoryDoesNotReadItsBody(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "dir/file", "x")
	s := open(t, dir, disk.Options{})
	for _, key := range []string{"dir", "dir/file/below"} {
		_, err := s.Put(t.Context(), key, iotest.ErrReader(errors.New("read")), storage.PutOptions{})
		if !errors.Is(err, storage.ErrExists) {
			t.Errorf("Put of %s: error %v, want ErrExists", key, err)
		}
	}
}

func TestAFailedPutLeavesNoFile(t *testing.T) {
	for _, tempDir := range []string{"", ".dtool/tmp"} {
		dir := t.TempDir()
		s := open(t, dir, disk.Options{TempDir: tempDir})
		write(t, dir, "file", "x")
		for _, c := range []struct {
			key  string
			body io.Reader
			want error
		}{
			{"a", iotest.ErrReader(io.ErrNoProgress), io.ErrNoProgress},
			{"a", strings.NewReader("too long"), storage.ErrCorrupted},
			{"file/below", strings.NewReader("x"), storage.ErrExists},
			{strings.Repeat("x", 256), strings.NewReader("x"), storage.ErrInvalidKey},
			{strings.Repeat(strings.Repeat("x", 99)+"/", 50) + "x", strings.NewReader("x"), storage.ErrInvalidKey},
		} {
			_, err := s.Put(t.Context(), c.key, c.body, storage.PutOptions{Size: 1})
			if !errors.Is(err, c.want) {
				t.Errorf("Put of %.20s: error %v, want %v", c.key, err, c.want)
			}
		}
		holdsFiles(t, dir, "file")
	}
}

// A body may be a file elsewhere, whose troubles are not those of the store.
func TestAnErrorOfTheBodyIsOfNoKind(t *testing.T) {
	s := open(t, t.TempDir(), disk.Options{})
	_, err := s.Put(t.Context(), "a", iotest.ErrReader(fs.ErrPermission), storage.PutOptions{})
	failure, ok := errors.AsType[*storage.Error](err)
	if !ok || failure.Kind != nil || failure.Hint != "" || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %+v, want fs.ErrPermission of no kind and without a hint", failure)
	}
}

func TestAKilledPutIsSweptAway(t *testing.T) {
	for name, sweep := range map[string]func(s *disk.Store) error{
		"by Sweep":        func(s *disk.Store) error { return s.Sweep(t.Context()) },
		"by the next Put": func(s *disk.Store) error { return put(t, s, "a", "x") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, disk.Options{TempDir: ".dtool/tmp"})
			write(t, dir, ".dtool/tmp/.unfinished-ABC", "half of some")
			write(t, dir, "a", "x")
			for range 2 { // the second time there is nothing to sweep
				if err := sweep(s); err != nil {
					t.Fatal(err)
				}
				holdsFiles(t, dir, "a")
				lacksFile(t, filepath.Join(dir, ".dtool", "tmp"))
			}
		})
	}
}

func TestPutGivesTimesToTheNanosecond(t *testing.T) {
	s := open(t, t.TempDir(), disk.Options{})
	for _, want := range []time.Time{
		time.Unix(1551398398, 123456000), time.Unix(0, 0), time.Unix(-1, 0), time.Unix(4102444800, 999999000),
	} {
		info, err := s.Put(t.Context(), "a", bytes.NewReader(nil), storage.PutOptions{ModTime: want})
		if err != nil || !info.ModTime.Equal(want) {
			t.Errorf("Put gives %v, %v; want %v", info.ModTime, err, want)
		}
	}
}

func TestTheStoreOfADirectoryNamesFiles(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, disk.Options{})
	if got, err := s.LocalPath("data/a b"); err != nil || got != filepath.Join(dir, "data", "a b") {
		t.Errorf("LocalPath gives %q, %v", got, err)
	}
	if got, err := s.LocalPath("../a"); !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("LocalPath of ../a gives %q, %v; want ErrInvalidKey", got, err)
	}
	t.Chdir(dir)
	if got := open(t, "sub", disk.Options{}).String(); !filepath.IsAbs(got) || filepath.Base(got) != "sub" {
		t.Errorf("the store of sub is %q, want an absolute path", got)
	}
	if _, err := disk.New(dir, disk.Options{TempDir: "../tmp"}); !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("unfinished objects in ../tmp: error %v, want ErrInvalidKey", err)
	}
}

func put(t *testing.T, s storage.Store, key, content string) error {
	t.Helper()
	_, err := s.Put(t.Context(), key, strings.NewReader(content), storage.PutOptions{Size: int64(len(content))})
	return err
}

// write makes a file behind the store's back.
func write(t *testing.T, dir, name, content string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// files gives the slash paths of all below a directory that is no directory.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func holdsFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

func lacksFile(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v, want it not to be there", name, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
