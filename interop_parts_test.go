package dtool_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtool-go/dtool"
)

// parts gives the documents and items of a dataset in a bucket to the letter,
// by names that are the same wherever the dataset lies: "tags/rnaseq",
// "data/<identifier>". What describes the place is left out.
func (s site) parts(t *testing.T, id string) map[string]string {
	t.Helper()
	root := s.root(t, id)
	found := map[string]string{}
	for _, key := range s.keys(t, root) {
		if name := strings.TrimPrefix(key, root); !describesPlace(name) {
			found[name], _ = s.get(t, key)
		}
	}
	return found
}

// partsOnDisk does the same for a dataset in a directory.
func partsOnDisk(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if relpath, ok := strings.CutPrefix(name, "data/"); ok {
			name = "data/" + dtool.Identifier(relpath)
		}
		if name = strings.TrimPrefix(name, ".dtool/"); !describesPlace(name) {
			found[name] = string(text)
		}
		return err
	}))
	return found
}

func describesPlace(name string) bool {
	return name == "README.txt" || name == "structure.json"
}

// pathOf gives the path of a dataset in a directory by its URI.
func pathOf(t *testing.T, d *dtool.Dataset) string {
	t.Helper()
	dir, ok := strings.CutPrefix(d.URI(), "file://node")
	if !ok {
		t.Fatalf("%s is in no directory", d.URI())
	}
	return filepath.FromSlash(path.Clean(dir))
}
