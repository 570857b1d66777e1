package dtool

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dtool-go/dtool/internal/page"
	"github.com/dtool-go/dtool/internal/transfer"
)

// maxShownAnnotation is the most bytes of an annotation that is read to be shown on a
// page; of a larger one the page has the URL.
const maxShownAnnotation = 64 << 10

// landingPage makes the page for people who open a published dataset in a browser: by
// what http_manifest.json says, the URLs of the dataset and of that document, and the
// time at which they all expire, which is zero if they do not.
func (d *Dataset) landingPage(ctx context.Context, m httpManifest, access, at string, expires time.Time) ([]byte, error) {
	manifest, err := d.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	readme, err := d.README(ctx)
	if err != nil {
		return nil, err
	}
	annotations, err := d.shownAnnotations(ctx, m)
	if err != nil {
		return nil, err
	}
	created, _ := d.CreatedAt()
	frozen, _ := d.FrozenAt()
	return page.Render(page.Dataset{
		Name: d.Name(), UUID: d.UUID(), Creator: d.Creator(), Created: created, Frozen: frozen,
		README: readme, Annotations: annotations, Tags: m.tags,
		Items: shownItems(manifest, m), Count: manifest.Len(), Size: manifest.TotalSize(), Hash: shownHash(manifest.HashFunction()),
		AccessURL: access, HTTPManifestURL: at, ManifestURL: m.manifest, READMEURL: m.readme, Expires: expires,
	})
}

// shownItems gives the first items.
func shownItems(manifest *Manifest, m httpManifest) []page.Item {
	items := manifest.items[:min(manifest.Len(), page.MaxItems)]
	shown := make([]page.Item, len(items))
	for i, item := range items {
		shown[i] = page.Item{
			Identifier: item.Identifier, Relpath: item.Relpath, Size: item.Size, Hash: item.Hash, URL: m.items[item.Identifier],
		}
	}
	return shown
}

// shownHash gives the name of a hash function as people know it: "MD5".
func shownHash(function string) string {
	return strings.ToUpper(strings.TrimSuffix(strings.TrimSuffix(function, "_hexdigest"), "sum"))
}

// shownAnnotations reads the first annotations by name.
func (d *Dataset) shownAnnotations(ctx context.Context, m httpManifest) ([]page.Annotation, error) {
	names := slices.Sorted(maps.Keys(m.annotations))
	read := names[:min(len(names), page.MaxItems)]
	shown := make([]page.Annotation, len(names))
	err := transfer.Run(ctx, d.client.workersFor(d.store), read, func(ctx context.Context, i int, name string) (err error) {
		shown[i], err = d.shownAnnotation(ctx, name)
		shown[i].URL = m.annotations[name]
		return err
	})
	return shown, err
}

// shownAnnotation gives the value as people read it, or the text if it is no value.
func (d *Dataset) shownAnnotation(ctx context.Context, name string) (page.Annotation, error) {
	text, info, err := readObject(ctx, d.store, d.layout.keys().annotations+name+".json", maxShownAnnotation)
	if info.Size > maxShownAnnotation {
		return page.Annotation{Name: name, Size: int(info.Size)}, nil
	}
	if err != nil {
		return page.Annotation{}, err
	}
	shown := string(text)
	if value, err := ParseValue(text); err == nil {
		shown = value.String()
	}
	return page.Annotation{Name: name, Value: strings.Clone(shown[:min(len(shown), page.MaxValue)]), Size: len(shown)}, nil
}
