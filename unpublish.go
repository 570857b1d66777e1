package dtool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// UnpublishOptions goes with [Dataset.Unpublish].
type UnpublishOptions struct{ Observer }

// A Withdrawal is what taking back a publication came to.
type Withdrawal struct {
	Never     bool      // nothing showed that the dataset was ever published
	Manifest  bool      // http_manifest.json was removed
	Versions  bool      // the bucket keeps what was removed, as older versions
	Page      bool      // the page for browsers was removed
	Statement bool      // the dataset's statement was taken out of the bucket's policy
	Private   int       // objects whose ACL was made private
	Readable  []string  // keys of what can still be read without credentials
	Kept      error     // why the statement may still be in the bucket's policy, by its Sid; nil if it is not, or nothing can be read
	Signed    time.Time // until when URLs that Publish signed are good, unless the key is revoked that signed them; zero if there are none
}

// Unpublish takes back what Publish did, in whichever way, and asks without credentials
// whether anything can still be read. That something can is no error: what others let
// everybody read, such as a policy of the whole bucket, is not undone. Signed URLs stay
// good until they expire. What was done is told even if there is an error, and to
// unpublish again goes on from there.
func (d *Dataset) Unpublish(ctx context.Context, o UnpublishOptions) (*Withdrawal, error) {
	o.Observer = o.oneAtATime()
	share, err := d.sharing()
	if err != nil {
		return nil, err
	}
	u := unpublishing{Dataset: d, o: o.Observer, share: share, result: &Withdrawal{}}
	if u.found, err = d.survey(ctx, nil); err != nil {
		return nil, err
	}
	if u.record, u.recorded, err = d.publication(ctx, u.found.has(u.found.httpManifest), o.Observer); err != nil {
		return nil, err
	}
	if u.recorded && !u.found.has(u.found.record) {
		// What shows that others have published it is about to be removed.
		if err := d.writeRecord(ctx, u.record); err != nil {
			return nil, err
		}
	}
	return u.result, u.run(ctx)
}

// unpublishing is one run of Unpublish.
type unpublishing struct {
	*Dataset
	o        Observer
	share    sharing
	record   record
	recorded bool
	found    *survey
	kept     error // why the statement is left, if there is one
	unknown  bool  // the place where the dataset was published could not be asked
	result   *Withdrawal
}

// run takes http_manifest.json away first, and the record last, so that whoever is
// interrupted can go on.
func (u *unpublishing) run(ctx context.Context) error {
	if err := u.removeLast(ctx); err != nil {
		return err
	}
	if err := u.removeStatement(ctx); err != nil {
		return err
	}
	if err := u.closeByACL(ctx); err != nil {
		return err
	}
	r := u.result
	if len(r.Readable) > 0 {
		r.Kept = u.kept
	}
	r.Signed = u.record.signedUntil(u.client.now())
	r.Never = !u.recorded && !r.Manifest && !r.Page && !r.Statement && r.Private == 0 && len(r.Readable) == 0
	if r.Kept == nil {
		return u.settleRecord(ctx)
	}
	return nil // whoever may change the policy goes on from the record
}

func (u *unpublishing) removeLast(ctx context.Context) error {
	manifest, page := u.found.has(u.found.httpManifest), u.found.has(u.found.page)
	if !manifest && !page {
		return nil
	}
	if err := u.store.Delete(ctx, u.found.httpManifest, u.found.page); err != nil {
		return err
	}
	delete(u.found.sizes, u.found.httpManifest)
	delete(u.found.sizes, u.found.page)
	u.result.Manifest, u.result.Page = manifest, page
	u.result.Versions = manifest && keepsVersions(ctx, u.store)
	return nil
}

// removeStatement leaves a policy alone that it may not see or change. Whether that
// matters shows in what can be read then.
func (u *unpublishing) removeStatement(ctx context.Context) error {
	if u.share.policy == nil {
		return nil
	}
	kept := "whether the policy of the bucket has the statement %s is not known: %w"
	removed, err := u.dropStatement(ctx, u.UUID())
	if removed {
		kept = "the policy of the bucket has the statement %s: %w"
		u.result.Statement = err == nil
	}
	switch {
	case errors.Is(err, errors.ErrUnsupported) && !u.record.has(ByPolicy):
		return nil
	case err != nil && ctx.Err() == nil && (errors.Is(err, storage.ErrForbidden) || !u.record.has(ByPolicy)):
		u.kept = fmt.Errorf(kept, sid(u.UUID()), err)
		return nil
	}
	return err
}

// closeByACL makes all objects private that everybody may read by their own ACL,
// and finds those that can still be read.
func (u *unpublishing) closeByACL(ctx context.Context) (err error) {
	keys := u.found.all()
	open := u.record.has(ByACL)
	if !open {
		if u.result.Readable, err = u.readable(ctx, keys); err != nil || len(u.result.Readable) == 0 {
			return err
		}
	}
	err = u.setPrivate(ctx, keys)
	if errors.Is(err, storage.ErrNoACLs) || !open && errors.Is(err, storage.ErrForbidden) {
		err = nil // nothing shows that it was ACLs
	}
	if err == nil && (open || u.result.Private > 0) {
		u.result.Readable, err = u.readable(ctx, keys)
	}
	return err
}

// setPrivate begins with one object, since a store without ACLs refuses them all.
func (u *unpublishing) setPrivate(ctx context.Context, keys []string) error {
	meter := u.o.meter("Taking back", len(keys), 0)
	one := func(ctx context.Context, _ int, key string) error {
		err := u.share.SetPublic(ctx, key, false)
		if err == nil {
			meter.ItemDone()
		}
		return err
	}
	if err := one(ctx, 0, keys[0]); err != nil {
		return err
	}
	if err := transfer.Run(ctx, u.client.workersFor(u.store), keys[1:], one); err != nil {
		return err
	}
	u.result.Private = len(keys)
	return nil
}

// readable gives those of the keys that can be read without credentials: from the store
// itself, and where the dataset was published.
func (u *unpublishing) readable(ctx context.Context, keys []string) ([]string, error) {
	var found []string
	ask := func() (bool, error) {
		answered, err := u.askAll(ctx, u.found, keys, u.share.PublicURL)
		if err != nil {
			return false, err
		}
		elsewhere := u.askElsewhere(ctx, keys)
		found = nil
		for i, key := range keys {
			if answered[i] || elsewhere[i] {
				found = append(found, key)
			}
		}
		if len(found) == 0 || !u.result.Statement {
			return true, nil
		}
		return false, u.removeStatement(ctx) // which somebody may have put back who changes the policy at the same time
	}
	err := settled(ctx, ask, errStillReadable)
	if errors.Is(err, errStillReadable) {
		err = nil
	}
	return found, err
}

// askElsewhere asks where the dataset was published, if that was not the store itself.
// Nobody can wait until that place is back.
func (u *unpublishing) askElsewhere(ctx context.Context, keys []string) []bool {
	at := u.record.elsewhere(u.share, u.found)
	if at == "" {
		return make([]bool, len(keys))
	}
	answered, err := u.askAll(ctx, u.found, keys, u.urlsBelow(at))
	u.unknown = err != nil
	if u.unknown && ctx.Err() == nil {
		u.o.Warn(fmt.Sprintf("whether the dataset can still be read at %s is not known: %v", at, err))
	}
	return answered
}

var errStillReadable = errors.New("still readable")

// settleRecord keeps of the record what still matters: until when signed URLs are good, and
// where to ask what can still be read.
func (u *unpublishing) settleRecord(ctx context.Context) error {
	left := record{until: u.result.Signed}
	if len(u.result.Readable) > 0 || u.unknown {
		left.accessURL = u.record.accessURL
	}
	switch {
	case !u.recorded:
		return nil
	case left.accessURL == "" && left.until.IsZero():
		return u.store.Delete(ctx, u.found.record)
	}
	return u.writeRecord(ctx, left)
}
