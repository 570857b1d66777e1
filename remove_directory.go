package dtool

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

// A remnant is what lies in the directory of a dataset that is to be removed.
type remnant struct {
	parent directoryStore // of the directory that holds the dataset's
	name   string         // of the dataset's
	store  directoryStore // of the dataset's directory

	parts []string // at the top, which go: files, and directories and links to such with a slash
	files []listedObject
}

// removal goes by what the directory holds. A directory that is a link is left to
// whoever made it.
func (d directory) removal(ctx context.Context, c *Client) (*Removal, error) {
	at, err := d.find(ctx)
	if err != nil {
		return nil, err
	}
	m := &remnant{name: filepath.Base(d.ref.path), store: at.store.(directoryStore)}
	if m.parent, err = c.openDirectory(filepath.Dir(d.ref.path), disk.Options{}); err != nil {
		return nil, err
	}
	if err := m.mustBeDirectory(ctx, at.uri); err != nil {
		return nil, err
	}
	r := &Removal{URI: at.uri, Where: d.ref.path, at: at, work: m.remove}
	if r.Dataset, err = c.openRemains(ctx, at); err != nil {
		return nil, err
	}
	if r.Stays, err = m.sort(ctx, at.uri); err != nil {
		return nil, err
	}
	if r.Bytes, err = m.count(ctx); err != nil {
		return nil, err
	}
	if r.Strays, err = m.strays(ctx, at); err != nil {
		return nil, err
	}
	r.Objects = len(m.files)
	return r, m.check(ctx, len(r.Stays) == 0)
}

func (m *remnant) mustBeDirectory(ctx context.Context, uri string) error {
	for info, err := range m.parent.List(ctx, m.name, storage.Shallow) {
		switch {
		case errors.Is(err, storage.ErrNoStore), err == nil && info.Key == m.name && info.Irregular != storage.LinkToDirectory:
			return fmt.Errorf("%s: %w", quoted(uri), ErrNotDataset)
		case err != nil:
			return err
		case info.Key == m.name:
			return fmt.Errorf("%w %s: it is %s: name the directory itself, and remove the link by hand", ErrInvalidURI, quoted(uri), info.Irregular)
		case info.Key == m.name+"/":
			return nil
		}
	}
	return fmt.Errorf("%s: %w", quoted(uri), ErrNotDataset)
}

// sort tells the parts of a dataset from what stays. A directory with its structure, its
// manifest or its administrative metadata is a dataset's. Without them only that is taken
// for the remains of one which can hold nothing of value.
func (m *remnant) sort(ctx context.Context, uri string) (stays []string, err error) {
	certain, err := m.isDatasets(ctx)
	if err != nil {
		return nil, err
	}
	for info, err := range m.store.List(ctx, "", storage.Shallow) {
		if err != nil {
			return nil, err
		}
		part := certain && diskLayout{}.isPart(info)
		if !certain {
			part, err = m.isWorthless(ctx, info)
		}
		switch {
		case err != nil:
			return nil, err
		case part:
			m.parts = append(m.parts, info.Key)
		default:
			stays = append(stays, info.Key)
		}
	}
	l := diskLayout{}
	bare := len(stays) == 0 && !slices.Contains(m.parts, l.keys().data)
	if !bare && !slices.Contains(m.parts, l.dir()) {
		return nil, fmt.Errorf("%s: %w", quoted(uri), ErrNotDataset)
	}
	return stays, nil
}

func (m *remnant) isDatasets(ctx context.Context) (bool, error) {
	k := diskLayout{}.keys()
	for _, key := range []string{k.admin, k.structure, k.manifest} {
		_, err := m.store.Stat(ctx, key)
		if !errors.Is(err, storage.ErrNotFound) {
			return err == nil, err
		}
	}
	return false, nil
}

// isWorthless finds what a maker or a removal leaves that is killed early or late: a link
// in place of the data, directories without a file, and what is written first.
func (m *remnant) isWorthless(ctx context.Context, info storage.Info) (bool, error) {
	l := diskLayout{}
	switch info.Key {
	case l.keys().data, l.dir():
	default:
		return l.isData(info) || l.isBrokenLink(info), nil
	}
	for below, err := range m.store.List(ctx, info.Key, storage.Deep) {
		if err != nil {
			return false, err
		}
		if below.Key != l.keys().about && !strings.HasPrefix(below.Key, diskTempDir+"/") {
			return false, nil
		}
	}
	return true, nil
}

// count finds the files that go, and how many bytes they have. What lies behind a link is
// not among those.
func (m *remnant) count(ctx context.Context) (bytes int64, err error) {
	for info, err := range m.store.List(ctx, "", storage.Deep) {
		if err != nil {
			return 0, err
		}
		top, _, below := strings.Cut(info.Key, "/")
		if below {
			top += "/"
		}
		if !slices.Contains(m.parts, top) {
			continue
		}
		o := listedObject{key: info.Key}
		if info.Irregular == "" && info.Outside == "" {
			o.size = info.Size
			bytes += info.Size
		}
		m.files = append(m.files, o)
	}
	return bytes, nil
}

// strays counts the files among the data that are no items, where there is a manifest that
// says which are. A dataset among them is in the way; one that was frozen as items is not.
func (m *remnant) strays(ctx context.Context, at *place) (n int, err error) {
	manifest, err := at.readManifest(ctx)
	known := err == nil
	if err != nil && !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, ErrBadDocument) {
		return 0, err
	}
	items := map[string]bool{}
	if known {
		for _, item := range manifest.Items() {
			if key, err := at.layout.itemKey(item.Relpath); err == nil {
				items[key] = true
			}
		}
	}
	k := diskLayout{}.keys()
	for _, o := range m.files {
		if !strings.HasPrefix(o.key, k.data) || items[o.key] {
			continue
		}
		if within, ok := strings.CutSuffix(o.key, "/"+k.admin); ok {
			return 0, fmt.Errorf("%s: %w it: there is one at %s", quoted(at.uri), ErrInside, quoted(within))
		}
		if known {
			n++
		}
	}
	return n, nil
}

// check looks whether all of it can be removed, before anything is.
func (m *remnant) check(ctx context.Context, whole bool) error {
	if whole {
		return m.parent.CheckRemoval(ctx, m.name)
	}
	for _, part := range m.parts {
		if err := m.store.CheckRemoval(ctx, strings.TrimSuffix(part, "/")); err != nil {
			return err
		}
	}
	return nil
}

// remove removes the administrative metadata first, and last what tells for certain that
// the rest is a dataset's.
func (m *remnant) remove(ctx context.Context, tell func(int, int64), _ func(string)) error {
	l := diskLayout{}
	k := l.keys()
	if err := m.store.Delete(ctx, k.admin); err != nil {
		return err
	}
	isMark := func(key string) bool { return key == k.structure || key == k.manifest }
	for _, step := range []func(key string) bool{
		func(key string) bool { return !strings.HasPrefix(key, l.dir()) },
		func(key string) bool { return strings.HasPrefix(key, l.dir()) && !isMark(key) },
		isMark,
	} {
		if err := m.removeThese(ctx, step, tell); err != nil {
			return err
		}
	}
	if err := m.store.RemoveDir(ctx, strings.TrimSuffix(l.dir(), "/")); err != nil {
		return err
	}
	for _, err := range m.store.List(ctx, "", storage.Shallow) {
		return err // something stays
	}
	return m.parent.RemoveDir(ctx, m.name)
}

// removeThese removes the files of a kind, and what else there is below the parts that
// are of that kind.
func (m *remnant) removeThese(ctx context.Context, these func(key string) bool, tell func(int, int64)) error {
	var files []listedObject
	for _, o := range m.files {
		if these(o.key) {
			files = append(files, o)
		}
	}
	if err := deleteListed(ctx, m.store, files, tell); err != nil {
		return err
	}
	for _, part := range m.parts {
		if part == (diskLayout{}).dir() || !these(part) {
			continue
		}
		if err := m.store.RemoveDir(ctx, strings.TrimSuffix(part, "/")); err != nil {
			return err
		}
	}
	return nil
}
