package dtool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/storage"
)

// A Delivery is a dataset of which everything is in a bucket but the items, and for each of
// those a request that stores it, for somebody who has no credentials. Meanwhile it is an
// unfinished proto dataset that has its manifest already; [Client.CompleteDelivery]
// freezes it.
//
// A request lets in the bytes that the manifest promises, under the item's key and with the
// item's metadata. So to make it again, or after the dataset is frozen, changes nothing.
type Delivery struct {
	UUID, Name, URI string
	ExpiresAt       time.Time
	Items           []SignedItem // that are still to be delivered, in the order of their relpaths
	Delivered       int          // items that are there already
}

// JSON gives the document that docs/json.md describes.
func (d *Delivery) JSON() []byte {
	return pyjson.Indent(pyjson.NewObject(
		"format", deliveryFormat,
		"uuid", d.UUID,
		"name", d.Name,
		"uri", d.URI,
		"expires_at", timeJSON(d.ExpiresAt),
		"number_of_delivered_items", pyjson.Int(int64(d.Delivered)),
		"items", itemsJSON(d.Items),
	))
}

// PrepareDelivery has a frozen dataset delivered into a base, whose items themselves
// need not be at hand: all but them is copied, UUID and times included. Where that
// has been prepared before, or a copy was begun, it goes on, and what has arrived is not
// signed again; a copy that is frozen is [ErrFrozen]. [Client.Copy] with Resume can finish
// a delivery, too.
//
// Nothing is written before every request is signed. It is [ErrCannotSign] where the store
// has none to sign, [ErrUndeliverable] if the manifest lacks the MD5 of an item, and an error
// of the store if an item is larger than one request stores, 5 GiB for S3.
func (c *Client) PrepareDelivery(ctx context.Context, src *Dataset, baseURI string, o SignOptions) (*Delivery, error) {
	m, err := src.Manifest(ctx)
	if err == nil {
		err = m.mustBeDeliverable()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.uri, err)
	}
	cp, err := c.prepareCopy(ctx, src, baseURI, CopyOptions{Resume: true, Observer: o.Observer})
	if err != nil {
		return nil, err
	}
	if cp.state == copyFrozen {
		return nil, fmt.Errorf("%s: %w", cp.dst.uri, ErrFrozen)
	}
	d, err := cp.delivery(ctx, o)
	if err == nil {
		err = cp.announce(ctx)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// announce writes all that a dataset has but its items. The manifest comes last: where it
// is, nothing else is missing.
func (c *copying) announce(ctx context.Context) error {
	if err := c.occupy(ctx); err != nil {
		return err
	}
	if c.state == copyFrozen { // by somebody else, just now
		return fmt.Errorf("%s: %w", c.dst.uri, ErrFrozen)
	}
	if err := c.copyDocuments(ctx); err != nil {
		return err
	}
	return c.writeManifest(ctx)
}

// A NewDataset is what is to be known of a dataset before its items are delivered.
type NewDataset struct {
	Name     string
	Manifest *Manifest // see [ReadManifest]; its items and hashes are taken, and nothing else of it
	README   []byte
}

// ReadManifest reads a manifest.json (docs/format.md, section 2), at most 512 MiB of it. What
// it says may come from anyone, and nothing of that is tried. The error is [ErrBadManifest].
func ReadManifest(r io.Reader) (*Manifest, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxManifest:
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrBadManifest, maxManifest)
	}
	return parseManifest(text)
}

// PrepareNewDelivery has a dataset delivered that is nowhere yet. It gets a new UUID, and
// was created and frozen, by its administrative metadata, at the time of this call, from
// which on its items cannot be others. Their relpaths must be such as [Proto.Add] and
// [Proto.Freeze] allow. The rest is as with [Client.PrepareDelivery], but that nothing is left
// behind if it fails.
func (c *Client) PrepareNewDelivery(ctx context.Context, n NewDataset, baseURI string, o SignOptions) (*Delivery, error) {
	later, cancel := afterwards(ctx)
	defer cancel()
	cp, err := c.newDelivery(ctx, n, baseURI)
	if err != nil {
		return nil, err
	}
	d, err := cp.delivery(ctx, o)
	if err != nil {
		return nil, err
	}
	p, err := c.create(ctx, cp.base, cp.src.admin, "")
	if err != nil {
		return nil, err
	}
	err = p.WriteREADME(ctx, n.README)
	if err == nil {
		err = cp.writeManifest(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, p.discard(later, cp.base))
	}
	return d, nil
}

// newDelivery checks what is to become a dataset, as a copy of one that is nowhere.
func (c *Client) newDelivery(ctx context.Context, n NewDataset, baseURI string) (*copying, error) {
	if err := CheckName(n.Name); err != nil {
		return nil, err
	}
	if n.Manifest == nil {
		return nil, fmt.Errorf("%w: there is none", ErrBadManifest)
	}
	if err := c.mustBeFew("the manifest", n.Manifest.Len()); err != nil {
		return nil, err
	}
	if err := n.Manifest.mustBeNew(); err != nil {
		return nil, err
	}
	b, err := c.base(ctx, baseURI)
	if err != nil {
		return nil, err
	}
	m := newManifest(n.Manifest.items)
	if err := mustFit(b.layout(), relpaths(m.items)); err != nil {
		return nil, err
	}
	now := c.now()
	a := newAdmin(uuid.NewString(), n.Name, c.creator, now).unfinished(now)
	at, err := b.vacant(ctx, n.Name, a.text("uuid"))
	if err != nil {
		return nil, err
	}
	k := at.layout.keys()
	if err := errors.Join(mustBeReadable(at.store, k.readme, n.README, maxREADME), mustBeReadable(at.store, k.manifest, m.text, maxManifest)); err != nil {
		return nil, err
	}
	cp := &copying{client: c, src: &Dataset{place: *at, client: c, admin: a}, base: b, dst: at, manifest: m}
	cp.plan, err = cp.makePlan(ctx)
	return cp, err
}

// RenewDelivery signs requests for what is still missing of a delivery that was prepared.
// It is [ErrNoDelivery] where none was, and [ErrFrozen] once it is complete.
func (c *Client) RenewDelivery(ctx context.Context, uri string, o SignOptions) (*Delivery, error) {
	cp, err := c.openDelivery(ctx, uri, o.Observer)
	if err != nil {
		return nil, err
	}
	if cp.state == copyFrozen {
		return nil, fmt.Errorf("%s: %w", cp.dst.uri, ErrFrozen)
	}
	if err := cp.manifest.mustBeDeliverable(); err != nil {
		return nil, fmt.Errorf("%s: %w", cp.dst.uri, err)
	}
	found, err := cp.dst.findItems(ctx, cp.manifest)
	if err != nil {
		return nil, err
	}
	if cp.plan, err = cp.planFor(ctx, found); err != nil {
		return nil, err
	}
	return cp.delivery(ctx, o)
}

// openDelivery opens a delivery as a copy that was begun, and whose source is itself.
func (c *Client) openDelivery(ctx context.Context, uri string, o Observer) (*copying, error) {
	d, err := c.Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	cp := &copying{client: c, src: d, dst: &d.place, state: copyBegun, observer: o.oneAtATime()}
	if d.Frozen() {
		cp.state = copyFrozen
		return cp, nil
	}
	if !d.adminNow().isUnfinished() {
		return nil, fmt.Errorf("%s: %w: it is a proto dataset that items are added to", d.uri, ErrNoDelivery)
	}
	cp.manifest, err = d.readManifest(ctx)
	if errors.Is(err, storage.ErrNotFound) {
		err = fmt.Errorf("%s: %w: it is unfinished and has no manifest: %w", d.uri, ErrNoDelivery, err)
	}
	return cp, err
}

// delivery signs a request for each item that is to be moved.
func (c *copying) delivery(ctx context.Context, o SignOptions) (*Delivery, error) {
	sign, err := c.dst.signing(c.client.now(), o)
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(c.plan.Items))
	for i, p := range c.plan.Items {
		items[i] = p.Item
	}
	signed, err := signItems(ctx, c.client, items, func(ctx context.Context, item Item) (SignedItem, error) {
		return c.signPut(ctx, sign, item)
	})
	if err != nil {
		return nil, err
	}
	return &Delivery{
		UUID: c.src.UUID(), Name: c.src.Name(), URI: c.dst.uri,
		ExpiresAt: sign.ends, Items: signed, Delivered: c.plan.Kept,
	}, nil
}

func (c *copying) signPut(ctx context.Context, sign *signing, item Item) (SignedItem, error) {
	key, err := c.dst.layout.itemKey(item.Relpath)
	if err != nil {
		return SignedItem{}, err
	}
	o := storage.PutOptions{Size: item.Size, MD5: c.manifest.md5Of(item)}
	if o.Metadata, err = c.dst.layout.itemMetadata(item.Relpath, o.MD5); err != nil {
		return SignedItem{}, err
	}
	put, err := sign.signer.SignPut(ctx, key, o, sign.expires)
	return SignedItem{Item: item, URL: put.URL, Header: put.Header}, err
}

// mustBeDeliverable refuses a manifest with an item that no request could be signed for, or
// whose name could not be given to whoever delivers it.
func (m *Manifest) mustBeDeliverable() error {
	for _, item := range m.items {
		_, err := cleanRelpath(item.Relpath)
		if err == nil && !md5Pattern.MatchString(m.md5Of(item)) {
			err = fmt.Errorf("%w: the manifest does not have its MD5, which alone keeps other bytes out", ErrUndeliverable)
		}
		if err != nil {
			return &ItemError{"signing", item.Identifier, item.Relpath, err}
		}
	}
	return refuseNewlines(relpaths(m.items))
}

// mustBeNew refuses what no item of a new dataset may be called, besides.
func (m *Manifest) mustBeNew() error {
	if err := m.mustBeDeliverable(); err != nil {
		return err
	}
	for _, item := range m.items {
		if clean, err := cleanRelpath(item.Relpath); err != nil || clean != item.Relpath {
			return fmt.Errorf("%w %s: it would be %s", ErrInvalidItem, quoted(item.Relpath), quoted(clean))
		}
	}
	return nil
}
