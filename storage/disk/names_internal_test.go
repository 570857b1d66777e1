package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dtool-go/dtool/internal/oddnames"
	"github.com/dtool-go/dtool/internal/portable"
	"github.com/dtool-go/dtool/storage"
)

// A fakeDisk is the directory of a file system that is not at hand: under one key lie
// the names that it takes for one, in the form that it keeps.
type fakeDisk struct {
	files   map[string]string
	key     func(name string) string
	keeps   func(name string) string
	refuses func(name string) error
}

func (d *fakeDisk) create(name string) error {
	if err := d.refuses(name); err != nil {
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if _, ok := d.files[d.key(name)]; ok {
		return &fs.PathError{Op: "open", Path: name, Err: syscall.EEXIST}
	}
	d.files[d.key(name)] = d.keeps(name)
	return nil
}

func (d *fakeDisk) names() ([]string, error) { return slices.Collect(maps.Values(d.files)), nil }

func (d *fakeDisk) remove(name string) error {
	delete(d.files, d.key(name))
	return nil
}

func (d *fakeDisk) end() {}

func same(name string) string { return name }

func anyName(string) error { return nil }

// The file systems that people plug in.

func ext4() *fakeDisk {
	return &fakeDisk{map[string]string{}, same, same, func(name string) error {
		if len(name) > 255 {
			return syscall.ENAMETOOLONG
		}
		return nil
	}}
}

func eCryptfs() *fakeDisk {
	return &fakeDisk{map[string]string{}, same, same, func(name string) error {
		if len(name) > 143 {
			return syscall.ENAMETOOLONG
		}
		return nil
	}}
}

func exFAT() *fakeDisk {
	return &fakeDisk{map[string]string{}, strings.ToUpper, same, func(name string) error {
		switch {
		case strings.ContainsAny(name, `<>:"|?*\`) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
			return syscall.EINVAL
		case len(utf16.Encode([]rune(name))) > 255:
			return syscall.ENAMETOOLONG
		}
		return nil
	}}
}

// vfatLatin1 is mounted for names of one byte a character, and drops final dots.
func vfatLatin1() *fakeDisk {
	d := exFAT()
	refuses := d.refuses
	d.keeps = func(name string) string { return strings.TrimRight(name, ". ") }
	d.refuses = func(name string) error {
		if strings.ContainsFunc(name, func(r rune) bool { return r > 0xff }) {
			return syscall.EINVAL
		}
		return refuses(name)
	}
	return d
}

func hfsPlus() *fakeDisk {
	return &fakeDisk{map[string]string{}, func(name string) string { return strings.ToLower(decomposed(name)) }, decomposed, anyName}
}

func apfs() *fakeDisk {
	return &fakeDisk{map[string]string{}, func(name string) string { return strings.ToLower(decomposed(name)) }, same, anyName}
}

func decomposed(name string) string { return strings.ReplaceAll(name, "é", "e\u0301") }

func TestNamesAreTriedOnTheDiskThatTheyGoTo(t *testing.T) {
	long := strings.Repeat("x", 144)
	for _, test := range []struct {
		what string
		disk func() *fakeDisk
		keys []string
		want string // the key that is refused, if any is
	}{
		{"ext4", ext4, []string{"a", "A", "x:y", "con", "dot.", "é", "e\u0301", long, strings.Repeat("é", 127)}, ""},
		{"ext4, too long", ext4, []string{"a", "b/" + strings.Repeat("é", 128) + "/c"}, "b/" + strings.Repeat("é", 128) + "/c"},
		{"eCryptfs", eCryptfs, []string{"a", "A", long[1:]}, ""},
		{"eCryptfs, too long", eCryptfs, []string{"a", "d/" + long}, "d/" + long},
		{"exFAT", exFAT, []string{"a", "b", "é", "日本", "dir/a", "dir/b", long}, ""},
		{"exFAT, case", exFAT, []string{"dir/name", "dir/NAME"}, "dir/NAME"},
		{"exFAT, case of directories", exFAT, []string{"Dir/a", "dir/b"}, "dir"},
		{"exFAT, character", exFAT, []string{"a", "12:30/b"}, "12:30/b"},
		{"exFAT, character that comes late", exFAT, []string{"é", "ü", "é?"}, "é?"},
		{"exFAT, normalisation is none of its matter", exFAT, []string{"é", "e\u0301"}, ""},
		{"vfat, characters of a byte", vfatLatin1, []string{"é", "ü", "a"}, ""},
		{"vfat, other characters", vfatLatin1, []string{"é", "ü", "日"}, "日"},
		{"vfat, final dot", vfatLatin1, []string{"a", "b."}, "b."},
		{"HFS+", hfsPlus, []string{"a", "e\u0301", "x:y", "con"}, ""},
		{"HFS+, another form comes back", hfsPlus, []string{"a", "é"}, "é"},
		{"APFS", apfs, []string{"é", "a"}, ""},
		{"APFS, normalisation", apfs, []string{"é", "e\u0301"}, "e\u0301"},
	} {
		t.Run(test.what, func(t *testing.T) {
			disk := test.disk()
			err := (&Store{dir: "somewhere"}).try(t.Context(), disk, portable.Samples(slices.Values(test.keys)), portable.Collisions(slices.Values(test.keys)))
			failure, failed := errors.AsType[*storage.Error](err)
			switch {
			case failed != (test.want != ""), err != nil && !errors.Is(err, storage.ErrInvalidKey):
				t.Errorf("the error is %v", err)
			case failed && (failure.Key != test.want || failure.Hint == ""):
				t.Errorf("%q is refused with the hint %q, want %q with a hint", failure.Key, failure.Hint, test.want)
			case !failed && len(disk.files) > 0:
				t.Errorf("left are %q", disk.files)
			}
		})
	}
}

func TestADiskThatCannotBeWrittenToIsNotOneThatHoldsNoSuchNames(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EACCES, syscall.EIO} {
		disk := ext4()
		disk.refuses = func(string) error { return cause }
		err := (&Store{}).try(t.Context(), disk, []portable.Sample{{Part: "é", Path: "é"}}, nil)
		if !errors.Is(err, cause) || errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("%v gives %v", cause, err)
		}
	}
}

func TestTryingNamesLeavesNothingBehind(t *testing.T) {
	var keys []string
	for _, name := range slices.Concat(oddnames.Plain(), oddnames.Acting(), oddnames.Long(), []string{oddnames.Deep()}) {
		keys = append(keys, "data/"+name)
	}
	for _, pair := range oddnames.Pairs()[:1] {
		keys = append(keys, pair[:]...)
	}
	base := t.TempDir()
	for _, dir := range []string{"there", "there/half", "not-there", "not/there"} {
		if strings.HasPrefix(dir, "there") {
			if err := os.MkdirAll(filepath.Join(base, filepath.FromSlash(dir)), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		before := below(t, base)
		s, err := New(filepath.Join(base, filepath.FromSlash(dir)), Options{TempDir: "tmp"})
		if err != nil {
			t.Fatal(err)
		}
		err = s.CheckKeys(t.Context(), keys)
		if err != nil && !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("%s: %v", dir, err)
		}
		err = s.CheckKeys(t.Context(), append(keys, strings.Repeat("x", 256)))
		if !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("%s: the error for a name of 256 bytes is %v", dir, err)
		}
		if after := below(t, base); !slices.Equal(before, after) {
			t.Errorf("%s: left are %q, want %q", dir, after, before)
		}
	}
}

func TestPathsThatAreTooLongAreRefused(t *testing.T) {
	s, err := New(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.CheckKeys(t.Context(), []string{"a", strings.Repeat("directory/", 10_000) + "x"})
	if !errors.Is(err, storage.ErrInvalidKey) || !utf8.ValidString(err.Error()) {
		t.Errorf("the error is %.200v", err)
	}
}

func TestTryingNamesCanBeCalledOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (&Store{}).try(ctx, ext4(), []portable.Sample{{Part: "é", Path: "é"}}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func below(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestTrialsThatWereKilledAreSweptAway has a base in which an earlier process tried names.
func TestTrialsThatWereKilledAreSweptAway(t *testing.T) {
	base := t.TempDir()
	ended := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(base, fmt.Sprintf("%s%s-%d-A", tempPrefix, machine(), ended.Process.Pid))
	if err := os.MkdirAll(filepath.Join(left, "a:b"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := New(filepath.Join(base, "new"), Options{TempDir: ".dtool/tmp"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckKeys(t.Context(), []string{"data/odd\u00e9"}); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(base); err != nil || len(entries) > 0 {
		t.Errorf("the base holds %v, %v", entries, err)
	}
}
