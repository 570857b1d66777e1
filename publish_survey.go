package dtool

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dtool-go/dtool/storage"
)

// What lies among a dataset's keys beside its parts, if it is published or was
// (docs/format.md, section 4).
const (
	pageName   = "index.html"
	recordName = "publish.json"
)

// sharing is what a store can do to let others read.
type sharing struct {
	storage.Publisher
	signer storage.Signer       // nil if it cannot sign
	policy storage.PolicyKeeper // nil if it has none
}

// sharing is [ErrCannotPublish] where the store cannot let anybody read.
func (p *place) sharing() (sharing, error) {
	publisher, ok := p.store.(storage.Publisher)
	if !ok {
		return sharing{}, fmt.Errorf("%s: %w: only what lies in a bucket can others be let read", p.uri, ErrCannotPublish)
	}
	s := sharing{Publisher: publisher}
	s.signer, _ = p.store.(storage.Signer)
	s.policy, _ = p.store.(storage.PolicyKeeper)
	return s, nil
}

// below gives the URL of a key below another one. All is escaped that may be, since S3
// takes a plus sign in a path for a space.
func below(base, key string) string {
	var b strings.Builder
	b.WriteString(strings.TrimRight(base, "/") + "/")
	for _, c := range []byte(key) {
		if c == '/' || strings.IndexByte("-_.~", c) >= 0 || c < utf8.RuneSelf && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c))) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// A survey is what a listing of all of a dataset's keys has found.
type survey struct {
	place *place
	sizes map[string]int64 // of every object, by key
	items map[string]Item  // those of the manifest, whether they are there or not, by key

	documents                   []string // keys of what readers need beside the items
	overlays, annotations, tags []string // names, sorted

	httpManifest, page, record string // keys, whether these are there or not
}

// survey lists the dataset's keys. The items are those of its manifest, if they
// matter.
func (d *Dataset) survey(ctx context.Context, items []Item) (*survey, error) {
	top := d.layout.keys().top()
	s := &survey{
		place: &d.place, sizes: make(map[string]int64, len(items)), items: make(map[string]Item, len(items)),
		httpManifest: top + httpManifestName, page: top + pageName, record: top + recordName,
	}
	for _, item := range items {
		key, err := d.layout.itemKey(item.Relpath)
		if err != nil {
			return nil, d.inDocument(d.layout.keys().manifest, err)
		}
		s.items[key] = item
	}
	for info, err := range d.store.List(ctx, top, storage.Deep) {
		if err != nil {
			return nil, err
		}
		if info.IsObject() {
			s.sizes[info.Key] = info.Size
			s.sort(info.Key)
		}
	}
	return s, nil
}

// sort takes note of an object that readers need beside the items.
func (s *survey) sort(key string) {
	k := s.place.layout.keys()
	switch key {
	case k.admin, k.manifest, k.readme, k.structure, k.about:
		s.documents = append(s.documents, key)
		return
	}
	for _, kind := range []struct {
		prefix, suffix string
		names          *[]string
	}{{k.overlays, ".json", &s.overlays}, {k.annotations, ".json", &s.annotations}, {k.tags, "", &s.tags}} {
		name, below := strings.CutPrefix(key, kind.prefix)
		name, named := strings.CutSuffix(name, kind.suffix)
		if _, err := memberKey(kind.prefix, name, kind.suffix); below && named && err == nil {
			s.documents = append(s.documents, key)
			*kind.names = append(*kind.names, name)
		}
	}
}

func (s *survey) has(key string) bool {
	_, ok := s.sizes[key]
	return ok
}

// mustBeWhole refuses a dataset that nobody could read as its manifest has it.
func (s *survey) mustBeWhole() error {
	for _, key := range s.itemKeys() {
		item, size := s.items[key], s.sizes[key]
		err := item.mustHave(size)
		if !s.has(key) {
			err = &storage.Error{Op: "list", Store: s.place.store.String(), Key: key, Kind: storage.ErrNotFound}
		}
		if err != nil {
			return &ItemError{"publishing", item.Identifier, item.Relpath, err}
		}
	}
	return nil
}

func (s *survey) itemKeys() []string { return slices.Sorted(maps.Keys(s.items)) }

// shared gives the keys of all that readers need, but for http_manifest.json and the
// page.
func (s *survey) shared() []string { return append(slices.Clone(s.documents), s.itemKeys()...) }

// named gives the keys that http_manifest.json has a URL of.
func (s *survey) named() []string {
	k := s.place.layout.keys()
	keys := []string{k.readme, k.manifest}
	for _, name := range s.overlays {
		keys = append(keys, k.overlays+name+".json")
	}
	for _, name := range s.annotations {
		keys = append(keys, k.annotations+name+".json")
	}
	return append(keys, s.itemKeys()...)
}

// all gives every key that is there.
func (s *survey) all() []string { return slices.Sorted(maps.Keys(s.sizes)) }
