package dtool

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// removalKey is that of the note which tells, while a dataset is removed that lies
// under another prefix than the settings have, what its keys begin with. It lies where
// the dataset would by the settings, since nothing else is looked at without a
// registration.
func (b bucket) removalKey(uuid string) string { return b.prefix + uuid + "/removal" }

// removal goes by the registration, then by the note of an interrupted removal, and
// then by the settings.
func (b bucket) removal(ctx context.Context, c *Client) (*Removal, error) {
	at, err := b.find(ctx)
	if err != nil {
		return nil, err
	}
	uuid := b.ref.path
	if at.unregistered {
		if at, err = b.noted(ctx, at); err != nil {
			return nil, err
		}
	}
	top := at.layout.keys().top()
	r := &Removal{URI: at.uri, Where: top, at: at}
	hasManifest := false
	for info, err := range b.store.List(ctx, top, storage.Deep) {
		if err != nil {
			return nil, err
		}
		if within := path.Base(path.Dir(info.Key)); path.Base(info.Key) == "dtool" && uuidPattern.MatchString(within) && within != uuid {
			return nil, fmt.Errorf("%s: %w it: there is one at %s", at.uri, ErrInside, quoted(path.Dir(info.Key)))
		}
		r.Published = r.Published || info.Key == top+httpManifestName || info.Key == top+recordName
		hasManifest = hasManifest || info.Key == at.layout.keys().manifest
		r.Objects++
		r.Bytes += info.Size
	}
	if r.Objects == 0 && at.unregistered {
		return nil, fmt.Errorf("%s: %w", at.uri, ErrNotDataset)
	}
	r.Dataset, err = c.openRemains(ctx, at)
	r.Delivery = hasManifest && r.Dataset != nil && r.Dataset.Unfinished()
	r.Versions = keepsVersions(ctx, b.store)
	r.work = func(ctx context.Context, tell func(int, int64), warn func(string)) error {
		if err := b.mustRemoveBelow(ctx, top); err != nil {
			return err
		}
		if r.Published {
			if err := at.withdraw(ctx, uuid, warn); err != nil {
				return err
			}
		}
		return b.removePlace(ctx, at, uuid, tell, warn)
	}
	return r, err
}

// keepsVersions tells whether a store is known to keep what is removed from it.
func keepsVersions(ctx context.Context, store storage.Store) bool {
	v, ok := store.(storage.Versioner)
	if !ok {
		return false
	}
	keeps, err := v.KeepsVersions(ctx)
	return keeps && err == nil
}

// noted gives the place that the note of a removal tells of, or else the one that there
// is without a registration.
func (b bucket) noted(ctx context.Context, unregistered *place) (*place, error) {
	key := b.removalKey(b.ref.path)
	at, err := b.prefixed(ctx, key, b.ref.path)
	if errors.Is(err, storage.ErrNotFound) {
		return unregistered, nil
	}
	return at, err
}

// removePlace removes the registration first, and the administrative metadata next:
// from then on there is no dataset, whichever way somebody comes.
func (b bucket) removePlace(ctx context.Context, at *place, uuid string, tell func(int, int64), warn func(string)) error {
	k := at.layout.keys()
	elsewhere := k.top() != b.prefix+uuid+"/"
	if elsewhere {
		if err := b.note(ctx, uuid, strings.TrimSuffix(k.top(), uuid+"/"), warn); err != nil {
			return err
		}
	}
	objects, err := b.below(ctx, k.top())
	if err != nil {
		return err
	}
	if err := b.store.Delete(ctx, registrationPrefix+uuid); err != nil {
		return err
	}
	if err := b.store.Delete(ctx, k.admin, k.top()+httpManifestName); err != nil {
		return err
	}
	if forgetter, ok := b.store.(storage.Forgetter); ok {
		err := forgetter.Forget(ctx, k.top())
		if err != nil && ctx.Err() == nil && !errors.Is(err, storage.ErrForbidden) { // a right that users commonly lack
			warn(fmt.Sprintf("parts of interrupted uploads may be left below %s: %v", k.top(), err))
		}
	}
	if err := deleteListed(ctx, b.store, objects, tell); err != nil {
		return err
	}
	if err := b.clear(ctx, k.top()); err != nil || !elsewhere {
		return err
	}
	return b.store.Delete(ctx, b.removalKey(uuid))
}

// mustRemoveBelow makes sure that there is a right to remove what lies below the keys of a
// dataset, by removing what is not there. Everybody who uses a bucket may remove registrations,
// and is not to hide by that what others have.
func (b bucket) mustRemoveBelow(ctx context.Context, top string) error {
	return b.store.Delete(ctx, top+"nothing-has-this-key")
}

// note leaves word for whoever goes on with the removal. It is not necessary, and where
// it is not allowed the removal goes on without.
func (b bucket) note(ctx context.Context, uuid, prefix string, warn func(string)) error {
	err := writeDocument(ctx, b.store, b.removalKey(uuid), []byte(prefix), nil)
	if errors.Is(err, storage.ErrForbidden) {
		warn(fmt.Sprintf("should this be interrupted, it can only be gone on with where the settings have the prefix %s: %v", quoted(prefix), err))
		return nil
	}
	return err
}

// clear removes all whose keys begin with those of a dataset. It looks again for what a
// store still makes of requests that were called off, until two listings in a row are
// empty, a moment apart.
func (b bucket) clear(ctx context.Context, top string) error {
	const most = 10
	const moment = 200 * time.Millisecond
	for empty, n := 0, 0; empty < 2; n++ {
		if n == most {
			return fmt.Errorf("%s: %w: somebody goes on writing there", quoted(top), ErrExists)
		}
		objects, err := b.below(ctx, top)
		if err != nil {
			return err
		}
		if empty++; len(objects) > 0 {
			empty = 0
			err = deleteListed(ctx, b.store, objects, func(int, int64) {})
		} else if empty == 1 {
			err = transport.Sleep(ctx, moment)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b bucket) below(ctx context.Context, top string) ([]listedObject, error) {
	var objects []listedObject
	for info, err := range b.store.List(ctx, top, storage.Deep) {
		if err != nil {
			return nil, err
		}
		objects = append(objects, listedObject{info.Key, info.Size})
	}
	return objects, nil
}
