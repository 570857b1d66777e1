package dtool

import (
	"context"
	"errors"
	"fmt"

	"github.com/dtool-go/dtool/internal/policy"
	"github.com/dtool-go/dtool/storage"
)

// withdraw takes the statement of a dataset that is published or was, and is to be removed,
// out of the bucket's policy: it would open whatever gets the same keys later. Who may not
// change the policy is only refused if the dataset was published by it.
func (p *place) withdraw(ctx context.Context, uuid string, warn func(string)) error {
	_, err := p.dropStatement(ctx, uuid)
	if !errors.Is(err, storage.ErrForbidden) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	r, _, unread := p.readRecord(ctx, Observer{Warn: warn})
	switch {
	case unread != nil:
		return unread
	case r.has(ByPolicy):
		return fmt.Errorf("%w, %s: %w", ErrStatement, sid(uuid), err)
	}
	return nil
}

// dropStatement tells whether there was one.
func (p *place) dropStatement(ctx context.Context, uuid string) (bool, error) {
	share, err := p.sharing()
	if errors.Is(err, ErrCannotPublish) || share.policy == nil {
		return false, nil
	}
	return share.changePolicy(ctx, func(d *policy.Document) bool { return d.Remove(sid(uuid)) })
}

// UnpublishRemains takes the statement of a dataset that is not there any more out of the
// bucket's policy, and tells whether there was one. All else that publishing leaves
// goes with the dataset.
func (c *Client) UnpublishRemains(ctx context.Context, uri string) (bool, error) {
	base, err := c.base(ctx, uri)
	b, ok := base.(bucket)
	if err != nil || !ok || !uuidPattern.MatchString(b.ref.path) {
		return false, err
	}
	return b.place(b.prefix, b.ref.path).dropStatement(ctx, b.ref.path)
}
