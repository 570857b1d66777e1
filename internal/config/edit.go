package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/internal/pyjson"
)

// Path gives where the configuration file of a user is.
func Path(home string) string { return filepath.Join(home, ".config", "dtool", "dtool.json") }

// A File is what the configuration file says, whatever the environment has.
type File struct{ object *pyjson.Object }

// ReadFile reads the configuration file. One that is not there says nothing; one that
// cannot be understood is an error.
func ReadFile(path string) (File, error) {
	text, err := read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return File{&pyjson.Object{}}, nil
	case err != nil:
		return File{}, fmt.Errorf("cannot read the configuration: %w", err)
	}
	object, err := pyjson.ParseMembers(text)
	if err != nil {
		return File{}, fmt.Errorf("configuration file %s: %w", path, err)
	}
	return File{object}, nil
}

// Get gives the value of a setting of exactly this name, or "".
func (f File) Get(name string) string {
	value, _ := f.object.Get(name)
	return asText(value)
}

// Names gives the names of all settings that have a value.
func (f File) Names() []string {
	var names []string
	for name, value := range f.object.All() {
		if asText(value) != "" {
			names = append(names, name)
		}
	}
	return names
}

// Ends gives, in order, how the names of those settings end that begin with a family and have a
// value.
func (f File) Ends(family string) []string {
	var ends []string
	for _, name := range f.Names() {
		if end, ok := strings.CutPrefix(name, family); ok && end != "" {
			ends = append(ends, end)
		}
	}
	slices.Sort(ends)
	return ends
}

// Set gives a setting its value. An empty one removes it.
func (f File) Set(name, value string) {
	if value == "" {
		f.object.Delete(name)
		return
	}
	f.object.Set(name, value)
}

// Edit changes the configuration file: as a whole or not at all, for the user alone
// to read, and while no other process does the same. Settings that change leaves
// alone keep what they say, to the letter. A file that cannot be understood stays as it is. Where
// the path is a link, the file that it leads to is changed.
//
// It tells whether others could read the file until now. A file in which nothing
// changes is not written.
func Edit(ctx context.Context, path string, change func(File) error) (wasOpen bool, err error) {
	wasOpen, err = edit(ctx, path, change)
	if err != nil {
		return false, fmt.Errorf("cannot change the configuration: %w", err)
	}
	return wasOpen, nil
}

func edit(ctx context.Context, path string, change func(File) error) (wasOpen bool, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, err
	}
	if path, err = behindLinks(path); err != nil {
		return false, err
	}
	unlock, err := lock(ctx, path+".lock")
	if err != nil {
		return false, fmt.Errorf("beside %s: %w", path, err)
	}
	defer unlock()
	if err := removeUnfinished(path); err != nil {
		return false, err
	}
	file, err := ReadFile(path)
	if err != nil {
		return false, err
	}
	before := string(pyjson.Sorted(file.object))
	if err := change(file); err != nil {
		return false, err
	}
	after := string(pyjson.Sorted(file.object))
	switch {
	case after == before:
		return false, nil
	case len(after) > MaxFile:
		return false, fmt.Errorf("%s would have %d bytes, at most %d are read", path, len(after), MaxFile)
	}
	wasOpen = isOpen(path)
	return wasOpen, replace(path, after)
}

// isOpen tells whether others may do something with a file, where its mode tells that.
func isOpen(path string) bool {
	info, err := os.Stat(path)
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0
}

// behindLinks gives the path of the file that a path leads to, which need not be there
// unless a link leads to it.
func behindLinks(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return target, err
	}
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("%s is a link to what is not there", path)
	}
	return path, nil
}

// unfinished is what the names of new files go on with behind that of the final one.
const unfinished = ".new-"

// removeUnfinished removes what processes have left that were killed while they wrote: there
// are secret keys in it. No other process writes while the lock is held.
func removeUnfinished(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), filepath.Base(path)+unfinished) {
			err = errors.Join(err, os.Remove(filepath.Join(filepath.Dir(path), entry.Name())))
		}
	}
	return err
}

// replace gives a file its new content: under another name first, which only a whole
// file loses to the final one.
func replace(path, text string) (err error) {
	// It has the mode 0600 from its first byte.
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+unfinished+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
