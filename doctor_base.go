package dtool

import (
	"context"
	"errors"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dtool-go/dtool/storage"
)

func (d directory) examined(doc *doctor) []part {
	store, within := storage.Store(d.store), ""
	if at, err := d.place(d.ref); err == nil && doc.isDataset { // and whoever looks at it meanwhile is to see nothing odd
		store, within = at.store, path.Dir(diskTempDir)+"/"
	}
	look := doc.look(store, storage.DiagnoseOptions{Scratch: within + doc.scratch()})
	parts := []part{look, doc.earlier(store, within+scratchBegin), doc.datasets(), doc.items()}
	if doc.isDataset || doc.o.ReadOnly {
		return parts
	}
	return append(parts, readable(storage.CheckStep{Name: "base", For: storage.Writing, Run: d.checkBase}))
}

// checkBase refuses a directory in which a dataset would change another.
func (d directory) checkBase(ctx context.Context) storage.Check {
	if err := d.refuseDataset(ctx); err != nil {
		check := storage.FailedCheck(err)
		check.Hint = "choose a base outside that dataset"
		return check
	}
	return storage.Check{Status: storage.OK, Found: "lies in no dataset"}
}

func (b bucket) examined(doc *doctor) []part {
	parts := []part{doc.look(b.store, storage.DiagnoseOptions{
		Scratch: b.prefix + doc.scratch(), Listed: registrationPrefix, Marker: registrationPrefix + uuid.NewString(),
	}), doc.earlier(b.store, b.prefix+scratchBegin)}
	if doc.isDataset {
		parts = append(parts, readable(storage.CheckStep{Name: "registered", For: storage.Reading, Run: b.checkRegistered}))
	}
	return append(parts, doc.datasets(), doc.items())
}

func (b bucket) checkRegistered(ctx context.Context) storage.Check {
	at, err := b.registered(ctx, b.ref.path)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return storage.Check{
			Status: storage.Warning,
			Found:  "there is no key " + registrationPrefix + b.ref.path + ", so that the dataset is looked for below " + shownPrefix(b.prefix),
			Hint:   "dtool ls does not show it; dtool cp --resume of the dataset it was copied from registers it",
		}
	case err != nil:
		return storage.FailedCheck(err)
	}
	prefix := strings.TrimSuffix(at.layout.keys().top(), b.ref.path+"/")
	if prefix != b.prefix {
		return storage.Check{Status: storage.Note, Found: "its keys lie below " + shownPrefix(prefix) + ", and new datasets go below " + shownPrefix(b.prefix)}
	}
	return storage.Check{Status: storage.OK, Found: "its keys lie below " + shownPrefix(prefix)}
}

func shownPrefix(prefix string) string {
	if prefix == "" {
		return "no prefix"
	}
	return prefix
}

// examined finds out where the parts of a published dataset are, and has the store ask
// for them there: it cannot list them.
func (w website) examined(doc *doctor) []part {
	var published *place
	manifest := storage.CheckStep{
		Name: httpManifestName, For: storage.Reading, Limit: 20 * time.Second,
		Run: func(ctx context.Context) storage.Check {
			at, err := w.find(ctx)
			if err != nil {
				return storage.FailedCheck(err)
			}
			published = at
			return storage.Check{Status: storage.OK, Found: "tells where the parts of the dataset are"}
		},
	}
	look := func(ctx context.Context, before []storage.Check) iter.Seq[storage.Check] {
		if published == nil {
			return storage.RunChecks(ctx, before, nil)
		}
		return doc.look(published.store, storage.DiagnoseOptions{})(ctx, before)
	}
	return []part{readable(manifest), look, doc.datasets()}
}
