package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestALockTellsMoreThanANumber has a file of a process that is no more, with the
// number of one that is there: in a container that is usual.
func TestALockTellsMoreThanANumber(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir, Options{TempDir: "tmp"})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "tmp", fmt.Sprintf("%s%s-%d-A", tempPrefix, machine(), os.Getpid()))
	if err := os.Mkdir(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tells := locksTell(file)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) != tells {
		t.Errorf("after the sweep: %v, on a file system where locks tell: %t", err, tells)
	}
}

// TestWhatAnotherComputerWritesIsNotSweptAway has a file that no process of this
// computer has locked, since it is written over a network.
func TestWhatAnotherComputerWritesIsNotSweptAway(t *testing.T) {
	dir := t.TempDir()
	s, err := New(dir, Options{TempDir: "tmp"})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "tmp", tempPrefix+"ffffffff-1-B")
	if err := os.Mkdir(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err != nil {
		t.Errorf("after the sweep: %v", err)
	}
}

// TestAFileThatWasSweptAwayIsNotWritten is the moment between the making of a file
// and its lock.
func TestAFileThatWasSweptAwayIsNotWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	for what, sweep := range map[string]func(file *os.File) error{
		"it is being removed": func(file *os.File) error {
			if dead, known := abandoned(file); known && !dead {
				return errors.New("a new file is locked")
			}
			return nil
		},
		"it was removed": func(*os.File) error { return os.Remove(name) },
	} {
		file, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		other, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		tells := locksTell(file)
		if err := sweep(other); err != nil {
			t.Error(err)
		}
		lock, err := hold(file)
		if tells && !errors.Is(err, errSwept) {
			t.Errorf("%s: %v", what, err)
		}
		if lock != nil {
			lock.Close()
		}
		other.Close()
		file.Close()
	}
}
