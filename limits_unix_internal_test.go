//go:build unix

package dtool

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDocumentsThatAreNoFiles has something in place of a document that has no end, or
// whose beginning never comes. An old README that is no file is passed over.
func TestDocumentsThatAreNoFiles(t *testing.T) {
	for what, put := range map[string]func(path string) error{
		"a pipe that nobody writes to": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link to an endless device":  func(path string) error { return os.Symlink("/dev/zero", path) },
		"a link to itself":             func(path string) error { return os.Symlink(filepath.Base(path), path) },
		"a link to a pipe within": func(path string) error {
			pipe := filepath.Join(filepath.Dir(path), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				return err
			}
			return os.Symlink("pipe", path)
		},
	} {
		for key, read := range readers(t.Context()) {
			d := smallDataset(t)
			path := filepath.Join(strings.TrimPrefix(d.uri, "file://here"), filepath.FromSlash(key))
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			err := read(d)
			if strings.HasPrefix(key, "README.yml-") {
				if err != nil {
					t.Errorf("%s as %s: %v", what, key, err)
				}
				continue
			}
			if err == nil || !strings.Contains(err.Error(), key) {
				t.Errorf("%s as %s: got %v", what, key, err)
			}
		}
	}
}
