package dtool

import (
	"context"
	"path"
	"strings"

	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/storage"
)

// diskLayout is the layout of a directory (docs/format.md, section 3): the key of
// an item is its relpath, and nothing is recorded beside its bytes. Keys are
// relative to the dataset's directory.
type diskLayout struct{}

// diskTempDir is where a dataset's directory holds what is not whole yet.
const diskTempDir = ".dtool/tmp"

func (diskLayout) keys() keys {
	return keys{
		admin:       ".dtool/dtool",
		manifest:    ".dtool/manifest.json",
		readme:      "README.yml",
		structure:   ".dtool/structure.json",
		about:       ".dtool/README.txt",
		data:        "data/",
		overlays:    ".dtool/overlays/",
		annotations: ".dtool/annotations/",
		tags:        ".dtool/tags/",
		fragments:   ".dtool/tmp_fragments/",
	}
}

// itemKey cleans away the "." parts that old datasets may hold, as a file system would.
func (l diskLayout) itemKey(relpath string) (string, error) {
	clean, err := cleanRelpath(relpath)
	if err != nil {
		return "", err
	}
	return l.keys().data + clean, nil
}

func (diskLayout) itemMetadata(string, string) (map[string]string, error) { return nil, nil }

func (diskLayout) recordsMD5() bool { return false }

func (l diskLayout) listed(_ context.Context, _ storage.Store, info storage.Info) (listedItem, error) {
	return listedItem{relpath: strings.TrimPrefix(info.Key, l.keys().data)}, nil
}

func (diskLayout) adminMetadata(admin) map[string]string { return nil }

func (diskLayout) belongs(admin) error { return nil }

func (l diskLayout) structure() []byte {
	k := l.keys()
	return pyjson.Sorted(pyjson.NewObject(
		"data_directory", segments(k.data),
		"dataset_readme_relpath", segments(k.readme),
		"dtool_directory", segments(path.Dir(k.admin)),
		"admin_metadata_relpath", segments(k.admin),
		"structure_metadata_relpath", segments(k.structure),
		"dtool_readme_relpath", segments(k.about),
		"manifest_relpath", segments(k.manifest),
		"overlays_directory", segments(k.overlays),
		"annotations_directory", segments(k.annotations),
		"tags_directory", segments(k.tags),
		"metadata_fragments_directory", segments(k.fragments),
		"storage_broker_version", diskBrokerVersion,
	))
}

// rogue spares old READMEs and what file managers leave behind.
func (l diskLayout) rogue(name string) bool {
	switch name {
	case "README.yml", "data/", "data", ".dtool/", ".DS_Store", "Thumbs.db", "desktop.ini":
		return false
	}
	return !strings.HasPrefix(name, l.keys().history(""))
}

func (diskLayout) itemNaming() string { return "under their own names" }
