package dtool

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// DefaultExpiry is for how long URLs are signed if nobody says it.
const DefaultExpiry = 24 * time.Hour

// SignOptions goes with [Dataset.Sign] and with the preparation of a [Delivery].
type SignOptions struct {
	// Expires is for how long the URLs hold: a second to [storage.MaxExpiry]. Zero
	// stands for [DefaultExpiry].
	Expires time.Duration
	Observer
}

// A SignedPart is a document of a dataset with the URL under which it can be read.
type SignedPart struct {
	Name string // "README.yml", "overlays/kind.json"
	URL  string
}

// A SignedItem is an item with the URL under which it can be read, or, in a [Delivery],
// that of a request of the method PUT which stores this item's very bytes and no others.
type SignedItem struct {
	Item
	URL    string
	Header map[string]string // all of which goes with a PUT; nil for reading
}

// A SignedDataset is a dataset with URLs that can be read without credentials until they
// expire. They are secrets, and nothing takes them back but revoking the access
// key that signed them.
type SignedDataset struct {
	UUID, Name, URI string
	ExpiresAt       time.Time
	Parts           []SignedPart // the administrative metadata, README, manifest, overlays, annotations
	Items           []SignedItem // in the order of their relpaths

	overHTTP httpManifest
}

// Sign gives URLs of the parts and items of a frozen dataset. It is [ErrCannotSign]
// where the store has no such URLs. What is read for it is the manifest, and a listing of
// overlays, annotations and tags: whether the items are there nobody asks.
func (d *Dataset) Sign(ctx context.Context, o SignOptions) (*SignedDataset, error) {
	sign, err := d.signing(d.client.now(), o)
	if err != nil {
		return nil, err
	}
	m, err := d.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	s := &SignedDataset{UUID: d.UUID(), Name: d.Name(), URI: d.URI(), ExpiresAt: sign.ends}
	if err := s.signParts(ctx, d, sign); err != nil {
		return nil, err
	}
	s.Items, err = signItems(ctx, d.client, m.items, func(ctx context.Context, item Item) (SignedItem, error) {
		key, err := d.layout.itemKey(item.Relpath)
		if err != nil {
			return SignedItem{}, err
		}
		url, err := sign.get(ctx, key)
		return SignedItem{Item: item, URL: url}, err
	})
	if err != nil {
		return nil, err
	}
	s.overHTTP.items = make(map[string]string, len(s.Items))
	for _, item := range s.Items {
		s.overHTTP.items[item.Identifier] = item.URL
	}
	return s, nil
}

// signParts signs the documents.
func (s *SignedDataset) signParts(ctx context.Context, d *Dataset, sign *signing) error {
	k := d.layout.keys()
	overlays, err := d.Overlays(ctx)
	if err != nil {
		return err
	}
	annotations, err := d.Annotations(ctx)
	if err != nil {
		return err
	}
	if s.overHTTP.tags, err = d.Tags(ctx); err != nil {
		return err
	}
	part := func(key string) (url string) {
		if err == nil {
			url, err = sign.get(ctx, key)
			s.Parts = append(s.Parts, SignedPart{strings.TrimPrefix(key, k.top()), url})
		}
		return url
	}
	members := func(dir string, names []string) map[string]string {
		urls := make(map[string]string, len(names))
		for _, name := range names {
			urls[name] = part(dir + name + ".json")
		}
		return urls
	}
	part(k.admin)
	s.overHTTP.admin = d.adminNow()
	s.overHTTP.readme, s.overHTTP.manifest = part(k.readme), part(k.manifest)
	s.overHTTP.overlays, s.overHTTP.annotations = members(k.overlays, overlays), members(k.annotations, annotations)
	return err
}

// JSON gives the document that docs/json.md describes: an http_manifest.json of
// docs/format.md, section 5, with further members, so that whatever reads a published
// dataset can read this one.
func (s *SignedDataset) JSON() []byte {
	object := pyjson.NewObject(
		"format", signedFormat,
		"uuid", s.UUID,
		"name", s.Name,
		"uri", s.URI,
		"expires_at", timeJSON(s.ExpiresAt),
	)
	for name, value := range s.overHTTP.object().All() {
		object.Set(name, value)
	}
	object.Set("items", itemsJSON(s.Items))
	return pyjson.Indent(object)
}

// The formats of what is signed, as JSON, their versions included. Whoever changes what a
// member means gives it another.
const (
	signedFormat   = "dtool-signed-1"
	deliveryFormat = "dtool-delivery-1"
)

func itemsJSON(items []SignedItem) []pyjson.Value {
	list := make([]pyjson.Value, len(items))
	for i, item := range items {
		object := pyjson.NewObject(
			"identifier", item.Identifier,
			"relpath", item.Relpath,
			"size_in_bytes", pyjson.Int(item.Size),
			"hash", item.Hash,
			"url", item.URL,
		)
		if item.Header != nil {
			object.Set("headers", urlObject(item.Header))
		}
		list[i] = object
	}
	return list
}

func timeJSON(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// signing signs requests to one store, all of them until the same moment.
type signing struct {
	signer  storage.Signer
	expires time.Duration
	ends    time.Time // of the first that is signed; of the others a little later
}

func (p *place) signing(now time.Time, o SignOptions) (*signing, error) {
	signer, ok := p.store.(storage.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: %w", p.uri, ErrCannotSign)
	}
	expires := o.Expires
	if expires == 0 {
		expires = DefaultExpiry
	}
	return &signing{signer, expires, now.Add(expires)}, nil
}

func (s *signing) get(ctx context.Context, key string) (string, error) {
	return s.signer.SignGet(ctx, key, s.expires)
}

// signItems signs a request for each of the items. That is work for the cores alone.
func signItems(ctx context.Context, c *Client, items []Item, sign func(context.Context, Item) (SignedItem, error)) ([]SignedItem, error) {
	signed := make([]SignedItem, len(items))
	err := transfer.Run(ctx, c.workers, items, func(ctx context.Context, i int, item Item) (err error) {
		if signed[i], err = sign(ctx, item); err != nil {
			return &ItemError{"signing", item.Identifier, item.Relpath, err}
		}
		return nil
	})
	return signed, err
}
