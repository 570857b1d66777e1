package dtool

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// mustBeClosed is [ErrPublic] if everybody can read one of the keys, from the store itself or
// where the dataset was published before. What holds signed URLs is for those alone
// who are given its own.
func (p *publishing) mustBeClosed(ctx context.Context, keys ...string) error {
	places := []func(key string) string{p.share.PublicURL}
	if at := p.before.elsewhere(p.share, p.found); at != "" {
		places = append(places, p.urlsBelow(at))
	}
	for _, urlOf := range places {
		answered, err := p.askAll(ctx, p.found, keys, urlOf)
		if i := slices.Index(answered, true); i >= 0 {
			return fmt.Errorf("%w: %s answers without credentials", ErrPublic, urlOf(keys[i]))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mustStayClosed removes what holds signed URLs if it turns out that everybody can read it.
func (p *publishing) mustStayClosed(ctx context.Context, key string) error {
	err := p.mustBeClosed(ctx, key)
	if errors.Is(err, ErrPublic) {
		return errors.Join(err, p.removeLast(ctx))
	}
	return err
}

// removeSigned removes what was signed before a policy lets everybody read it, as it
// does at once with all that has its name.
func (p *publishing) removeSigned(ctx context.Context) error {
	if p.before.signedUntil(p.client.now()).IsZero() {
		return nil
	}
	return p.removeLast(ctx)
}

func (p *publishing) removeLast(ctx context.Context) error {
	return p.store.Delete(ctx, p.found.httpManifest, p.found.page)
}
