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

func TestSweepTellsWritersThatAreNoMore(t *testing.T) {
	ended := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
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
		path := filepath.Join(tmp, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(dir, Options{TempDir: "tmp"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(tmp)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	slices.Sort(keep)
	if !slices.Equal(left, keep) {
		t.Errorf("left are %q, want %q", left, keep)
	}
}
