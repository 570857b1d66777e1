package disk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestNamesTellWritersThatAreNoMore is about file systems where locks tell nothing.
func TestNamesTellWritersThatAreNoMore(t *testing.T) {
	ended := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	now, long := time.Now(), time.Now().Add(-2*longestWrite)
	keep := []string{
		fmt.Sprintf("%s%s-%d-A", tempPrefix, machine(), os.Getpid()),
		tempPrefix + "ffffffff-1-B",
	}
	for name, written := range map[string]time.Time{
		keep[0]: long,
		keep[1]: now,
		fmt.Sprintf("%s%s-%d-C", tempPrefix, machine(), ended.Process.Pid): now,
		tempPrefix + "ffffffff-1-D":                                        long,
		tempPrefix + "E":                                                   now,
		"anything":                                                         now,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
	}
	var left []string
	for _, entry := range entries(t, dir) {
		if namesWriter(entry, false) {
			left = append(left, entry.Name())
		}
	}
	slices.Sort(keep)
	if !slices.Equal(left, keep) {
		t.Errorf("%q are taken for being written, want %q", left, keep)
	}
}

// TestWhatIsBeingWrittenIsNotSweptAway is the same wherever a test may run: the
// writer is a process that goes on.
func TestWhatIsBeingWrittenIsNotSweptAway(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir, Options{TempDir: "tmp"})
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	file, err := createTemp(root, "tmp")
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil { // it has not got its name yet
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := entries(t, filepath.Join(dir, "tmp")); len(left) != 1 || left[0].Name() != filepath.Base(file.name) {
			t.Fatalf("left are %v, want the file that is being written", left)
		}
	}
	file.letGo()
}

func entries(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
