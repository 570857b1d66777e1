package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// A tree is a directory of files that are copied about. Its name is that of the
// directory, and of every dataset made of it.
type tree struct {
	dir   string
	names []string // of the files, in the directory itself
}

func (t tree) name() string { return filepath.Base(t.dir) }

// makeTree fills a new directory with files of bytes that do not compress and
// are the same each time.
func makeTree(dir string, f files) (tree, error) {
	random := rand.NewChaCha8([32]byte{})
	return newTree(dir, f, func(file *os.File) error {
		_, err := io.CopyN(file, random, int64(f.each))
		return err
	})
}

// makeSparse makes a tree of one file, all zeros but for a few bytes at its
// beginning, middle and end.
func makeSparse(dir string, length size) (tree, error) {
	return newTree(dir, files{1, length}, func(file *os.File) error {
		mark := []byte("not a zero")
		for _, at := range []size{0, length / 2, length - size(len(mark))} {
			if _, err := file.WriteAt(mark, int64(at)); err != nil {
				return err
			}
		}
		return nil
	})
}

func newTree(dir string, f files, fill func(*os.File) error) (tree, error) {
	t := tree{dir: dir}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return t, err
	}
	for i := range f.count {
		name := fmt.Sprintf("item-%06d.dat", i)
		t.names = append(t.names, name)
		file, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return t, err
		}
		if err := errors.Join(fill(file), file.Close()); err != nil {
			return t, err
		}
	}
	return t, nil
}

// linkInto gives every file of the tree a second name in another directory.
func (t tree) linkInto(dir string) error {
	for _, name := range t.names {
		if err := os.Link(filepath.Join(t.dir, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// check compares every byte of the tree with what arrived in a directory, where
// a file has the name that the function gives, and where there is nothing else.
func (t tree) check(dir string, name func(string) string) error {
	entries, err := countEntries(dir)
	if err != nil {
		return err
	}
	if entries != len(t.names) {
		return fmt.Errorf("%d files arrived, and %d were sent", entries, len(t.names))
	}
	var comparing errgroup.Group
	workers := runtime.NumCPU()
	for first := range workers {
		comparing.Go(func() error {
			var c comparison
			for i := first; i < len(t.names); i += workers {
				if err := c.files(filepath.Join(t.dir, t.names[i]), filepath.Join(dir, name(t.names[i]))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return comparing.Wait()
}

// countEntries counts what is in a directory, without having all of it in memory.
func countEntries(dir string) (int, error) {
	d, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	for n := 0; ; {
		names, err := d.Readdirnames(1000)
		n += len(names)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// A comparison reads two files side by side.
type comparison struct{ left, right [64 << 10]byte }

// files fails unless both have the same content.
func (c *comparison) files(sent, arrived string) error {
	a, err := os.Open(sent)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(arrived)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s did not arrive", filepath.Base(sent))
	}
	if err != nil {
		return err
	}
	defer b.Close()
	for {
		n, errA := io.ReadFull(a, c.left[:])
		m, errB := io.ReadFull(b, c.right[:])
		if n != m || !bytes.Equal(c.left[:n], c.right[:m]) {
			return fmt.Errorf("%s arrived with other bytes than were sent", filepath.Base(sent))
		}
		switch {
		case ended(errA) && ended(errB):
			return nil
		case errA != nil || errB != nil:
			return errors.Join(errA, errB)
		}
	}
}

// ended tells whether io.ReadFull came to the end of what it read.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
