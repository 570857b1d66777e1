package dtool

import (
	"context"
	"fmt"
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

// itemKey cleans away the "." parts that old datasets may hold, as a file
// system would.
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

func (l diskLayout) checkTop(ctx context.Context, store storage.Store) error {
	data := false
	var rogue []string
	for info, err := range store.List(ctx, l.keys().top(), storage.Shallow) {
		switch {
		case err != nil:
			return err
		case l.isData(info):
			data = true
		case info.Key+"/" == l.keys().data && info.Irregular != "":
			return fmt.Errorf("%w: %s is %s", ErrUnreadable, l.keys().data, info.Irregular)
		case l.isRogue(info.Key):
			rogue = append(rogue, quoted(info.Key))
		}
	}
	switch {
	case rogue != nil:
		return fmt.Errorf("%w beside the data directory: %s", ErrRogue, strings.Join(rogue, ", "))
	case !data:
		return fmt.Errorf("%w: there is no directory %s", ErrUnreadable, l.keys().data)
	}
	return nil
}

// isData finds the data directory, which is a link in a symlink dataset.
func (l diskLayout) isData(info storage.Info) bool {
	return info.Key == l.keys().data || info.Key+"/" == l.keys().data && info.Irregular == storage.LinkToDirectory
}

// isRogue spares old READMEs and what file managers leave behind.
func (l diskLayout) isRogue(name string) bool {
	switch name {
	case "README.yml", ".dtool/", ".DS_Store", "Thumbs.db", "desktop.ini":
		return false
	}
	return !strings.HasPrefix(name, l.keys().history(""))
}

// isPart tells whether something at the top of a dataset is a part of it, or what file
// managers leave behind.
func (l diskLayout) isPart(info storage.Info) bool {
	switch {
	case info.Key == l.dir(), l.isData(info), l.isBrokenLink(info):
		return true
	}
	return !info.IsPlace() && !l.isRogue(info.Key)
}

// isBrokenLink finds the link that a symlink dataset has for data, when what it leads to
// is gone.
func (l diskLayout) isBrokenLink(info storage.Info) bool {
	return info.Key+"/" == l.keys().data && info.Irregular != ""
}

// dir is the directory of all parts but README and data.
func (diskLayout) dir() string { return ".dtool/" }

func (l diskLayout) takesItems(ctx context.Context, store storage.Store) error {
	for info, err := range store.List(ctx, l.keys().top(), storage.Shallow) {
		if err != nil {
			return err
		}
		if info.Key+"/" == l.keys().data && info.Irregular != "" {
			return fmt.Errorf("%w: its data directory is a link, and the items lie where it points", ErrCannotAdd)
		}
	}
	return nil
}

func (diskLayout) alone() bool { return true }

func (diskLayout) itemNaming() string { return "under their own names" }
