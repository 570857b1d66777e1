package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A tree is the content of every file below a directory, by its path there.
type tree map[string][]byte

func readTree(dir string) (tree, error) {
	t := tree{}
	files := os.DirFS(dir)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		t[name], err = fs.ReadFile(files, name)
		return err
	})
	return t, err
}

func (t tree) size() int {
	n := 0
	for _, content := range t {
		n += len(content)
	}
	return n
}

// compare fails unless both trees have the same files with the same bytes.
func (t tree) compare(other tree) error {
	if err := sameNames(slices.Collect(maps.Keys(t)), slices.Collect(maps.Keys(other))); err != nil {
		return err
	}
	for name, content := range t {
		if !bytes.Equal(content, other[name]) {
			return fmt.Errorf("%q differs", name)
		}
	}
	return nil
}

func sameNames(want, got []string) error {
	slices.Sort(want)
	slices.Sort(got)
	for _, name := range want {
		if _, found := slices.BinarySearch(got, name); !found {
			return fmt.Errorf("%q is missing", name)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d names where %d were expected", len(got), len(want))
	}
	return nil
}

// sources names the directories of the Go installation that the files come from.
func sources() []string { return []string{"image", "net", "archive"} }

// oddFiles are files of the kinds that a Go installation may lack.
func oddFiles() tree {
	return tree{
		"odd names/empty.dat":                   {},
		"odd names/-leading dash":               []byte("not an option\n"),
		"odd names/50% & more; #1 'quoted'.csv": []byte("a,b\n1,2\n"),
		"odd names/Ünïcode 日本語 🌱.txt":           []byte("grüße\n"),
		"odd names/.hidden":                     []byte("an item like any other\n"),
	}
}

// collect fills a directory with real files and gives what it then holds.
func collect(ctx context.Context, dir string) (tree, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	goroot := strings.TrimSpace(string(out))
	for _, name := range sources() {
		err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(goroot, "src", name)))
		if err != nil {
			return nil, err
		}
	}
	for name, content := range oddFiles() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return nil, err
		}
	}
	return readTree(dir)
}
