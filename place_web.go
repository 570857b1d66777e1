package dtool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/web"
)

// website is where one published dataset is to be had over HTTP (docs/format.md,
// section 5): no base, since a web server does not tell what it has, and nothing is
// made there.
type website struct {
	ref    reference
	client *web.Client
}

// find reads the document that tells where the parts of the dataset are.
func (w website) find(ctx context.Context) (*place, error) {
	uri, uuid := w.ref.uri(""), path.Base(w.ref.path)
	if before := len(uuid) - uuidLength; before > 0 {
		uuid = uuid[before:] // a prefix may stand before it without a slash
	}
	if !uuidPattern.MatchString(uuid) {
		return nil, fmt.Errorf("%s: %w: the URL of one ends in its UUID", quoted(uri), ErrNotPublished)
	}
	m, err := w.manifest(ctx)
	if err != nil {
		return nil, err
	}
	l := newObjectLayout("", uuid)
	return &place{uri: uri, store: w.client.Open(uri, m.index(l.keys())), layout: l, cached: uuid + "-" + Identifier(uri)}, nil
}

func (w website) manifest(ctx context.Context) (httpManifest, error) {
	uri := w.ref.uri("")
	url := uri + "/" + httpManifestName
	if w.ref.query != "" {
		url += "?" + w.ref.query
	}
	store := w.client.Open(uri, web.Index{URLs: map[string]string{httpManifestName: url}})
	text, err := readDocument(ctx, store, httpManifestName, maxHTTPManifest)
	if errors.Is(err, storage.ErrNotFound) {
		return httpManifest{}, fmt.Errorf("%s: %w: %w", quoted(uri), ErrNotPublished, err)
	}
	if err != nil {
		return httpManifest{}, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")) {
		return httpManifest{}, fmt.Errorf("%s: %w: %s: it is a page or XML, and no JSON", quoted(uri), ErrBadDocument, httpManifestName)
	}
	m, err := parseHTTPManifest(text)
	if err == nil {
		err = w.refuseLess(m)
	}
	if err != nil {
		return httpManifest{}, fmt.Errorf("%s: %w", quoted(uri), err)
	}
	return m, nil
}

// refuseLess refuses what anybody could read along and alter on its way, where the
// dataset itself was asked for in a way that nobody can.
func (w website) refuseLess(m httpManifest) error {
	if w.ref.scheme != schemeHTTPS {
		return nil
	}
	for what, url := range m.all() {
		if !strings.HasPrefix(strings.ToLower(url), schemeHTTPS+":") {
			return fmt.Errorf("%w: %s: %s: a URL begins with http:, where the dataset itself was asked for by https", ErrBadDocument, httpManifestName, what)
		}
	}
	return nil
}

// index gives the parts of the dataset under the keys of a layout. What the document
// itself tells need not be asked for.
func (m httpManifest) index(k keys) web.Index {
	urls := map[string]string{k.readme: m.readme, k.manifest: m.manifest}
	for id, url := range m.items {
		urls[k.data+id] = url
	}
	for name, url := range m.overlays {
		urls[k.overlays+name+".json"] = url
	}
	for name, url := range m.annotations {
		urls[k.annotations+name+".json"] = url
	}
	known := map[string][]byte{k.admin: m.admin.document()}
	for _, tag := range m.tags {
		known[k.tags+tag] = nil
	}
	return web.Index{URLs: urls, Known: known}
}

func (website) layout() layout { return objectLayout{} }

func (w website) readOnly() error {
	return fmt.Errorf("%s: %w", quoted(w.ref.uri("")), storage.ErrReadOnly)
}

func (w website) vacant(context.Context, string, string) (*place, error) { return nil, w.readOnly() }

func (w website) reserve(context.Context, string, string) (*place, error) { return nil, w.readOnly() }

func (w website) begun(context.Context, string, string) (*place, error) { return nil, w.readOnly() }
func (w website) remove(context.Context, string, string) error          { return w.readOnly() }
func (w website) release(context.Context, string) error                 { return w.readOnly() }

func (w website) removal(context.Context, *Client) (*Removal, error) { return nil, w.readOnly() }

func (w website) candidates(context.Context) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		yield(nil, fmt.Errorf("%w %s: a web server does not tell which datasets it has: name one", ErrInvalidURI, quoted(w.ref.uri(""))))
	}
}

var _ base = website{}
