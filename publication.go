package dtool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/web"
)

// A record says what publishing a dataset has given out, for as long as that is in the
// world: it lies beside the manifest, and nobody but its owner needs it
// (docs/format.md, section 5). It holds no signature.
type record struct {
	ways      []Way
	accessURL string    // without a query
	until     time.Time // when the last signed URL expires; zero if there is none
}

// with adds a publication.
func (r record) with(way Way, accessURL string, until time.Time) record {
	if !slices.Contains(r.ways, way) {
		r.ways = append(slices.Clone(r.ways), way)
		slices.Sort(r.ways)
	}
	r.accessURL, _, _ = strings.Cut(accessURL, "?")
	if until.After(r.until) {
		r.until = until
	}
	return r
}

// elsewhere gives the access URL if it is not the store's own, or nothing.
func (r record) elsewhere(share sharing, found *survey) string {
	if r.accessURL == accessURL(share.PublicURL(found.httpManifest)) {
		return ""
	}
	return r.accessURL
}

func (r record) has(way Way) bool { return slices.Contains(r.ways, way) }

// signedUntil gives when the last signed URL expires that is still good at a time.
func (r record) signedUntil(now time.Time) time.Time {
	if r.until.After(now) {
		return r.until
	}
	return time.Time{}
}

func (r record) document() []byte {
	ways := make([]pyjson.Value, len(r.ways))
	for i, way := range r.ways {
		ways[i] = string(way)
	}
	object := pyjson.NewObject("ways", ways)
	if r.accessURL != "" {
		object.Set("access_url", r.accessURL)
	}
	if !r.until.IsZero() {
		object.Set("signed_until", pyjson.Float(unixSeconds(r.until)))
	}
	return pyjson.Indent(object)
}

func parseRecord(text []byte) (record, error) {
	v, err := pyjson.Parse(text)
	object, ok := v.(*pyjson.Object)
	if err == nil && !ok {
		err = errors.New("a JSON object is expected")
	}
	if err != nil {
		return record{}, fmt.Errorf("%w: %w", ErrBadDocument, err)
	}
	var r record
	if list, ok := member[[]pyjson.Value](object, "ways"); ok {
		for _, v := range list {
			if way, ok := v.(string); ok {
				r.ways = append(r.ways, Way(way))
			}
		}
	}
	r.accessURL, _ = member[string](object, "access_url")
	if _, err := web.ParseURL(r.accessURL); err != nil && r.accessURL != "" {
		return record{}, fmt.Errorf("%w: access_url: %w", ErrBadDocument, err)
	}
	if seconds, ok := (admin{object}).seconds("signed_until"); ok {
		r.until = fromUnixSeconds(seconds)
	}
	return r, nil
}

// readRecord gives what is recorded, or nothing. A record that nobody can read is warned
// of, and counts as one of a dataset that everybody may read.
func (p *place) readRecord(ctx context.Context, o Observer) (r record, known bool, err error) {
	key := p.layout.keys().top() + recordName
	text, err := readDocument(ctx, p.store, key, maxRecord)
	if errors.Is(err, storage.ErrNotFound) {
		return record{}, false, nil
	}
	if err == nil {
		r, err = parseRecord(text)
	}
	if errors.Is(err, ErrBadDocument) {
		o.Warn(fmt.Sprintf("it is not known how the dataset was published, and until when signed URLs are good: %v", p.inDocument(key, err)))
		return record{ways: []Way{ByACL}}, true, nil
	}
	return r, err == nil, err
}

func (d *Dataset) writeRecord(ctx context.Context, r record) error {
	return writeDocument(ctx, d.store, d.layout.keys().top()+recordName, r.document(), nil)
}

// Ways tells how the dataset is published at present, as far as that is known: in no
// way if it is not, which takes one request to find out. Documents that are written
// later are for others only once it is published again.
func (d *Dataset) Ways(ctx context.Context, o Observer) ([]Way, error) {
	if _, ok := d.store.(storage.Publisher); !ok {
		return nil, nil
	}
	_, err := d.store.Stat(ctx, d.layout.keys().top()+httpManifestName)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r, _, err := d.publication(ctx, true, o.oneAtATime())
	return r.ways, err
}

// publication gives the record, or makes one of what another program has published, by its
// http_manifest.json if that is there.
func (d *Dataset) publication(ctx context.Context, published bool, o Observer) (r record, known bool, err error) {
	r, known, err = d.readRecord(ctx, o)
	if err != nil || known || !published {
		return r, known, err
	}
	text, err := readDocument(ctx, d.store, d.layout.keys().top()+httpManifestName, maxHTTPManifest)
	if err != nil && !errors.Is(err, ErrBadDocument) {
		return record{}, false, err
	}
	if m, err := parseHTTPManifest(text); err == nil {
		for _, url := range m.all() {
			if until, signed := web.Expiry(url); signed {
				r = r.with(BySignature, "", until)
			}
		}
	}
	if r.ways == nil {
		r.ways = []Way{ByACL}
	}
	return r, true, nil
}

// begin records the publication, before anything is opened and anybody can have a URL.
func (p *publishing) begin(ctx context.Context) error {
	r, _, err := p.publication(ctx, p.found.has(p.found.httpManifest), p.o.Observer)
	if err != nil {
		return err
	}
	p.before = r
	if p.way == BySignature {
		keys := []string{p.layout.keys().manifest}
		if p.found.has(p.found.httpManifest) {
			keys = append(keys, p.found.httpManifest)
		}
		if err := p.mustBeClosed(ctx, keys...); err != nil {
			return err
		}
	}
	err = p.writeRecord(ctx, r.with(p.way, accessURL(p.manifestURL), p.signedUntil))
	p.begun = err == nil
	return err
}

// unlessRefused has the record be what it was before, if the store has refused to
// open anything.
func (p *publishing) unlessRefused(ctx context.Context, err error) error {
	refused := errors.Is(err, storage.ErrNoACLs) || errors.Is(err, storage.ErrForbidden) && !errors.Is(err, errPolicyUnseen)
	if !refused {
		return err
	}
	var undone error
	if p.found.has(p.found.record) {
		undone = p.writeRecord(ctx, p.before)
	} else {
		undone = p.store.Delete(ctx, p.found.record)
	}
	p.begun = undone != nil
	return errors.Join(err, undone)
}

// addREADME makes an empty one where there is none.
func (p *publishing) addREADME(ctx context.Context) error {
	if !p.lacksREADME {
		return nil
	}
	return writeDocument(ctx, p.store, p.layout.keys().readme, nil, nil)
}
