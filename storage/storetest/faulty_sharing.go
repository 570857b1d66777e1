package storetest

import (
	"context"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// Operations of stores that let others read.
const (
	SetPublic Op = "set public"
	Policy    Op = "policy"     // its Key is empty
	SetPolicy Op = "set policy" // likewise
)

// sharing is what a store can do that lets others read.
type sharing interface {
	storage.Copier
	storage.Signer
	storage.Publisher
	storage.PolicyKeeper
}

// faultySharing can let others read. Signing and naming URLs is no call of the store.
type faultySharing struct {
	*faultyBucket
	sharing sharing
}

func (s *faultySharing) SignGet(ctx context.Context, key string, expires time.Duration) (string, error) {
	return s.sharing.SignGet(ctx, key, expires)
}

func (s *faultySharing) SignPut(ctx context.Context, key string, opts storage.PutOptions, expires time.Duration) (storage.SignedPut, error) {
	return s.sharing.SignPut(ctx, key, opts, expires)
}

func (s *faultySharing) PublicURL(key string) string { return s.sharing.PublicURL(key) }

func (s *faultySharing) SetPublic(ctx context.Context, key string, public bool) error {
	return s.call(ctx, SetPublic, key, func() error { return s.sharing.SetPublic(ctx, key, public) })
}

func (s *faultySharing) Policy(ctx context.Context) (policy []byte, err error) {
	err = s.call(ctx, Policy, "", func() (err error) {
		policy, err = s.sharing.Policy(ctx)
		return err
	})
	return policy, err
}

func (s *faultySharing) SetPolicy(ctx context.Context, policy []byte) error {
	return s.call(ctx, SetPolicy, "", func() error { return s.sharing.SetPolicy(ctx, policy) })
}

var _ sharing = (*faultySharing)(nil)
