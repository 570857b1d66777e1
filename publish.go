package dtool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/web"
)

// PublishOptions goes with [Dataset.Publish]. The zero value lets everybody read
// the dataset, by the ACL of each of its objects; where there are none, and everybody can
// read already, that is enough.
type PublishOptions struct {
	// Expires has the dataset read by signed URLs instead, which hold for so long: a
	// second to [storage.MaxExpiry]. Whoever has the access URL can read it.
	Expires time.Duration
	// Policy has a statement put into the bucket's policy instead, see
	// [Dataset.PublishPolicy]. What else the policy says is left alone.
	Policy bool
	// PublicURL is the URL below which the keys of the bucket lie for everybody, if
	// that is not the store's own. Without Policy, nothing is done to let them be read.
	PublicURL string
	// Page puts a page for browsers beside the rest. One that is there already
	// is made anew in any case.
	Page bool
	Observer
}

// A Way is how a dataset is published.
type Way string

// The ways.
const (
	ByACL       Way = "acl"        // everybody may read each object
	ByPolicy    Way = "policy"     // a statement of the bucket's policy lets everybody read
	ByURL       Way = "public-url" // the bucket was public before, or somebody else hands its objects out
	BySignature Way = "signed"     // URLs are signed, and expire
)

func (o PublishOptions) way() Way {
	switch {
	case o.Expires != 0:
		return BySignature
	case o.Policy:
		return ByPolicy
	case o.PublicURL != "":
		return ByURL
	}
	return ByACL
}

func (o PublishOptions) check() error {
	switch {
	case o.Expires == 0:
	case o.Policy || o.PublicURL != "":
		return errors.New("what is readable for everybody needs no signed URLs: an expiry goes with neither a policy nor a public URL")
	case o.Expires < time.Second || o.Expires > storage.MaxExpiry:
		return fmt.Errorf("an expiry of %v is not between 1s and %v", o.Expires, storage.MaxExpiry)
	}
	if o.PublicURL == "" {
		return nil
	}
	u, err := web.ParseURL(o.PublicURL)
	if err == nil && u.RawQuery != "" {
		err = errors.New("a URL that keys are to lie below has no query")
	}
	if err != nil {
		return fmt.Errorf("%w as the public URL: %w", ErrInvalidURI, err)
	}
	return nil
}

// Publish lets others read a frozen dataset over HTTP without credentials. What is
// readable then are its administrative metadata, README, manifest, items, overlays,
// annotations and tags as they are now, and not the READMEs that were replaced.
// http_manifest.json, which names them, is written last, and the access URL given only
// when the dataset was opened by it without credentials and every object answered that
// others are to read.
//
// To publish again does what is missing, and brings http_manifest.json up to date. A
// store that cannot publish is [ErrCannotPublish]; one without ACLs is
// [storage.ErrNoACLs], and one that lets everybody read what is to be signed is
// [ErrPublic]; then nothing has changed, unless that shows only when it is written, and is removed.
func (d *Dataset) Publish(ctx context.Context, o PublishOptions) (*Publication, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	p, err := d.newPublishing(ctx, o)
	if err != nil {
		return nil, err
	}
	result, err := p.run(ctx)
	if err != nil {
		return nil, p.failed(err)
	}
	return result, nil
}

// publishing is one run of Publish.
type publishing struct {
	*Dataset
	o        PublishOptions
	way      Way
	share    sharing
	manifest *Manifest
	found    *survey

	lacksREADME          bool
	urls                 map[string]string // of all that others are to read, by key
	manifestURL, pageURL string            // among them; the latter is empty if there is to be no page
	expires, signedUntil time.Time         // when the first and the last of the URLs expire; zero if they do not

	before record // what was recorded before this
	begun  bool
	closed bool
	unread bool
	meter  *transfer.Meter
}

func (d *Dataset) newPublishing(ctx context.Context, o PublishOptions) (*publishing, error) {
	p := &publishing{Dataset: d, o: o, way: o.way()}
	p.o.Observer = o.oneAtATime()
	var err error
	if p.share, err = d.sharing(); err != nil {
		return nil, err
	}
	if p.manifest, err = d.Manifest(ctx); err != nil {
		return nil, err
	}
	if p.found, err = d.survey(ctx, p.manifest.items); err != nil {
		return nil, err
	}
	if key := p.layout.keys().readme; !p.found.has(key) {
		// Of an old dataset without a README. http_manifest.json has to name one.
		p.found.documents, p.found.sizes[key], p.lacksREADME = append(p.found.documents, key), 0, true
	}
	return p, p.found.mustBeWhole()
}

func (p *publishing) failed(err error) error {
	return &PublishError{URI: p.uri, Way: p.way, Begun: p.begun, Closed: p.closed, Unread: p.unread, Err: err}
}

func (p *publishing) run(ctx context.Context) (*Publication, error) {
	last, err := p.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	for _, doc := range last {
		if err := p.putLast(ctx, doc); err != nil {
			return nil, err
		}
	}
	result := &Publication{
		Way: p.way, AccessURL: accessURL(p.manifestURL), PageURL: p.pageURL, Expires: p.expires,
		Objects: len(p.urls),
	}
	if err := p.readFromOutside(ctx, result.AccessURL); err != nil {
		p.unread = ctx.Err() == nil
		return nil, err
	}
	return result, nil
}

// A lastDocument tells others that the dataset is there.
type lastDocument struct {
	key, contentType string
	text             []byte
}

// prepare makes the documents that are written last, and all URLs.
func (p *publishing) prepare(ctx context.Context) ([]lastDocument, error) {
	began := p.client.now().Truncate(time.Second) // as signatures have it
	if err := p.makeURLs(ctx); err != nil {
		return nil, err
	}
	m := p.httpManifest()
	text := m.document()
	if err := mustBeReadable(p.store, p.found.httpManifest, text, maxHTTPManifest); err != nil {
		return nil, err
	}
	docs := []lastDocument{{p.found.httpManifest, "application/json", text}}
	if p.way == BySignature {
		p.expires = began.Add(p.o.Expires)
	}
	if p.pageURL != "" {
		doc, err := p.page(ctx, m)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	if p.way == BySignature {
		p.signedUntil = p.client.now().Add(p.o.Expires)
	}
	return docs, nil
}

func (p *publishing) page(ctx context.Context, m httpManifest) (lastDocument, error) {
	text, err := p.landingPage(ctx, m, accessURL(p.manifestURL), p.manifestURL, p.expires)
	return lastDocument{p.found.page, "text/html; charset=utf-8", text}, err
}

// httpManifest tells where all is.
func (p *publishing) httpManifest() httpManifest {
	k, urls := p.layout.keys(), p.urls
	m := httpManifest{
		admin: p.adminNow(), readme: urls[k.readme], manifest: urls[k.manifest], tags: p.found.tags,
		items: map[string]string{}, overlays: map[string]string{}, annotations: map[string]string{},
	}
	for key, item := range p.found.items {
		m.items[item.Identifier] = urls[key]
	}
	for _, name := range p.found.overlays {
		m.overlays[name] = urls[k.overlays+name+".json"]
	}
	for _, name := range p.found.annotations {
		m.annotations[name] = urls[k.annotations+name+".json"]
	}
	return m
}

// makeURLs makes the URL under which each object is to be read. Those that are signed are
// of what http_manifest.json names, and of nothing that readers can do without.
func (p *publishing) makeURLs(ctx context.Context) error {
	keys := p.found.shared()
	if p.way == BySignature {
		keys = p.found.named()
	}
	keys = append(keys, p.found.httpManifest)
	if p.o.Page || p.found.has(p.found.page) {
		keys = append(keys, p.found.page)
	}
	list := make([]string, len(keys))
	err := transfer.Run(ctx, p.client.workers, keys, func(ctx context.Context, i int, key string) (err error) {
		list[i], err = p.url(ctx, key)
		return err
	})
	p.urls = make(map[string]string, len(keys))
	for i, key := range keys {
		p.urls[key] = list[i]
	}
	p.manifestURL, p.pageURL = p.urls[p.found.httpManifest], p.urls[p.found.page]
	return err
}

func (p *publishing) url(ctx context.Context, key string) (string, error) {
	switch {
	case p.way == BySignature && p.share.signer == nil:
		return "", fmt.Errorf("%w by signed URLs: %s cannot sign", ErrCannotPublish, p.store)
	case p.way == BySignature:
		return p.share.signer.SignGet(ctx, key, p.o.Expires)
	case p.o.PublicURL != "":
		return below(p.o.PublicURL, key), nil
	}
	return p.share.PublicURL(key), nil
}

func (p *publishing) putLast(ctx context.Context, doc lastDocument) error {
	_, err := p.store.Put(ctx, doc.key, bytes.NewReader(doc.text), storage.PutOptions{
		Size: int64(len(doc.text)), MD5: md5Hex(doc.text), ContentType: doc.contentType,
	})
	p.found.sizes[doc.key] = int64(len(doc.text))
	switch {
	case err == nil && p.way == ByACL:
		return p.openByACL(ctx, []string{doc.key})
	case err == nil && p.way == BySignature:
		return p.mustStayClosed(ctx, doc.key)
	}
	return err
}

// accessURL gives the URL of a dataset by that of its http_manifest.json: a query
// stays.
func accessURL(ofManifest string) string {
	path, query, signed := strings.Cut(ofManifest, "?")
	path = strings.TrimSuffix(path, "/"+httpManifestName)
	if signed {
		return path + "?" + query
	}
	return path
}
