package dtool

import (
	"context"
	"time"
)

// Published is what can be read of a dataset without credentials.
type Published struct {
	URI, UUID, Name string

	// AccessURL is the URL by which everybody would read the dataset, without any
	// signature: the one that it was published at last, or else the store's own.
	AccessURL string
	// What answers there, and how many of the items.
	HTTPManifest, Page, README, Manifest bool
	Items, ReadableItems                 int

	// Ways is how it was published and not taken back, as far as that is recorded.
	Ways []Way
	// SignedUntil is when the last signed URL expires that Publish gave out. Whoever has one reads
	// what it is of. Zero if there is none, or none is recorded.
	SignedUntil time.Time
}

// Whole tells that everybody can read the dataset and all of its items.
func (p *Published) Whole() bool {
	return p.HTTPManifest && p.README && p.Manifest && p.ReadableItems == p.Items
}

// Nothing tells that nobody without a signed URL can read any of it.
func (p *Published) Nothing() bool {
	return !p.HTTPManifest && !p.Page && !p.README && !p.Manifest && p.ReadableItems == 0
}

// Readable gives the word for how much of the dataset everybody can read: "whole",
// "part" or "nothing".
func (p *Published) Readable() string {
	switch {
	case p.Whole():
		return "whole"
	case p.Nothing():
		return "nothing"
	}
	return "part"
}

// PublishedOptions goes with [Dataset.Published].
type PublishedOptions struct{ Observer }

// Published asks without credentials what can be read of a frozen dataset, published or
// not.
func (d *Dataset) Published(ctx context.Context, opts PublishedOptions) (*Published, error) {
	o := opts.oneAtATime()
	share, err := d.sharing()
	if err != nil {
		return nil, err
	}
	m, err := d.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	found, err := d.survey(ctx, m.items)
	if err != nil {
		return nil, err
	}
	r, _, err := d.publication(ctx, found.has(found.httpManifest), o)
	if err != nil {
		return nil, err
	}
	p := &Published{
		URI: d.uri, UUID: d.UUID(), Name: d.Name(), Items: m.Len(),
		AccessURL: accessURL(share.PublicURL(found.httpManifest)), Ways: r.ways, SignedUntil: r.signedUntil(d.client.now()),
	}
	urlOf := share.PublicURL
	if r.accessURL != "" {
		p.AccessURL, urlOf = r.accessURL, d.urlsBelow(r.accessURL)
	}
	return p, d.askForParts(ctx, p, found, urlOf)
}

// urlsBelow gives the URLs of the dataset's keys where its access URL is known.
func (d *Dataset) urlsBelow(accessURL string) func(key string) string {
	top := d.layout.keys().top()
	return func(key string) string { return below(accessURL, key[len(top):]) }
}

func (d *Dataset) askForParts(ctx context.Context, p *Published, found *survey, urlOf func(key string) string) error {
	k := d.layout.keys()
	parts := map[string]*bool{found.httpManifest: &p.HTTPManifest, found.page: &p.Page, k.readme: &p.README, k.manifest: &p.Manifest}
	var keys []string
	for key := range parts {
		if found.has(key) {
			keys = append(keys, key)
		}
	}
	for _, key := range found.itemKeys() {
		if found.has(key) {
			keys = append(keys, key)
		}
	}
	answered, err := d.askAll(ctx, found, keys, urlOf)
	for i, ok := range answered {
		if part, isPart := parts[keys[i]]; isPart {
			*part = ok
		} else if ok {
			p.ReadableItems++
		}
	}
	return err
}
