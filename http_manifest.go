package dtool

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/storage/web"
)

// An httpManifest says where a published dataset is to be had (docs/format.md,
// section 5). Its URLs may be signed, and are secrets then.
type httpManifest struct {
	admin                        admin
	readme, manifest             string            // URLs
	items, overlays, annotations map[string]string // URLs by identifier, or by name
	tags                         []string
}

const httpManifestName = "http_manifest.json"

// document gives the text as the Python library writes it, names in order.
func (m httpManifest) document() []byte { return pyjson.Indent(m.object()) }

func (m httpManifest) object() *pyjson.Object {
	tags := make([]pyjson.Value, len(m.tags))
	for i, tag := range m.tags {
		tags[i] = tag
	}
	return pyjson.NewObject(
		"admin_metadata", m.admin.fields,
		"item_urls", urlObject(m.items),
		"overlays", urlObject(m.overlays),
		"annotations", urlObject(m.annotations),
		"tags", tags,
		"readme_url", m.readme,
		"manifest_url", m.manifest,
	)
}

func urlObject(urls map[string]string) *pyjson.Object {
	object := pyjson.NewObject()
	for _, name := range slices.Sorted(maps.Keys(urls)) {
		object.Set(name, urls[name])
	}
	return object
}

// all gives every URL, with what it is of, in the same order each time.
func (m httpManifest) all() iter.Seq2[string, string] {
	return func(yield func(what, url string) bool) {
		if !yield("readme_url", m.readme) || !yield("manifest_url", m.manifest) {
			return
		}
		for _, part := range []struct {
			what string
			urls map[string]string
		}{{"item_urls", m.items}, {"overlays", m.overlays}, {"annotations", m.annotations}} {
			for _, name := range slices.Sorted(maps.Keys(part.urls)) {
				if !yield(part.what+": "+quoted(name), part.urls[name]) {
					return
				}
			}
		}
	}
}

// parseHTTPManifest reads the document, which may come from anyone. Overlays,
// annotations and tags may be missing.
func parseHTTPManifest(text []byte) (httpManifest, error) {
	m, err := readHTTPManifest(text)
	switch {
	case err == nil, errors.Is(err, ErrBadDocument):
		return m, err
	}
	return httpManifest{}, fmt.Errorf("%w: %s: %w", ErrBadDocument, httpManifestName, err)
}

func readHTTPManifest(text []byte) (m httpManifest, err error) {
	if len(text) > maxHTTPManifest {
		return m, fmt.Errorf("it has %d bytes, at most %d are read", len(text), maxHTTPManifest)
	}
	v, err := pyjson.ParseAtMost(text, maxHTTPManifestValues)
	if err != nil {
		return m, err
	}
	object, ok := v.(*pyjson.Object)
	if !ok {
		return m, errors.New("a JSON object is expected")
	}
	fields, ok := member[*pyjson.Object](object, "admin_metadata")
	if !ok {
		return m, errors.New("admin_metadata is missing or no object")
	}
	if m.admin, err = checkedAdmin(admin{fields}); err != nil {
		return m, err
	}
	if m.readme, err = urlIn(object, "readme_url"); err != nil {
		return m, err
	}
	if m.manifest, err = urlIn(object, "manifest_url"); err != nil {
		return m, err
	}
	if _, ok := object.Get("item_urls"); !ok {
		return m, errors.New("item_urls is missing")
	}
	if m.items, err = urlsIn(object, "item_urls", identifierPattern.MatchString); err != nil {
		return m, err
	}
	if m.overlays, err = urlsIn(object, "overlays", isMember(".json")); err != nil {
		return m, err
	}
	if m.annotations, err = urlsIn(object, "annotations", isMember(".json")); err != nil {
		return m, err
	}
	m.tags, err = tagsIn(object)
	return m, err
}

// isMember tells names that can be those of overlays, annotations or tags.
func isMember(suffix string) func(name string) bool {
	return func(name string) bool {
		_, err := memberKey("", name, suffix)
		return err == nil
	}
}

func urlIn(object *pyjson.Object, name string) (string, error) {
	v, ok := object.Get(name)
	if !ok {
		return "", fmt.Errorf("%s is missing", quoted(name))
	}
	text, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%s is no text", quoted(name))
	}
	if _, err := web.ParseURL(text); err != nil {
		return "", fmt.Errorf("%s: %w", quoted(name), err)
	}
	return text, nil
}

// urlsIn reads an object of URLs; one that is missing has none.
func urlsIn(object *pyjson.Object, name string, isName func(string) bool) (map[string]string, error) {
	v, ok := object.Get(name)
	if !ok {
		return nil, nil
	}
	urls, ok := v.(*pyjson.Object)
	if !ok {
		return nil, fmt.Errorf("%s is no object", name)
	}
	read := make(map[string]string, urls.Len())
	for key := range urls.All() {
		if !isName(key) {
			return nil, fmt.Errorf("%s: %s cannot be the name of one", name, quoted(key))
		}
		url, err := urlIn(urls, key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		read[key] = url
	}
	return read, nil
}

func tagsIn(object *pyjson.Object) ([]string, error) {
	v, ok := object.Get("tags")
	if !ok {
		return nil, nil
	}
	list, ok := v.([]pyjson.Value)
	if !ok {
		return nil, errors.New("tags is no list")
	}
	isTag := isMember("")
	tags := make([]string, len(list))
	for i, v := range list {
		tag, ok := v.(string)
		if !ok || !isTag(tag) {
			return nil, fmt.Errorf("tags: the value %d cannot be a tag", i+1)
		}
		tags[i] = tag
	}
	return tags, nil
}
