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

	Forget        Op = "forget"         // its Key is the prefix
	KeepsVersions Op = "keeps versions" // its Key is empty
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

// keeping is what a store can do that may keep what nobody sees.
type keeping interface {
	storage.Forgetter
	storage.Versioner
}

// faultyKeeping can let others read, and keeps what nobody sees.
type faultyKeeping struct {
	*faultySharing
	keeping keeping
}

func (s *faultyKeeping) Forget(ctx context.Context, prefix string) error {
	return s.call(ctx, Forget, prefix, func() error { return s.keeping.Forget(ctx, prefix) })
}

func (s *faultyKeeping) KeepsVersions(ctx context.Context) (keeps bool, err error) {
	err = s.call(ctx, KeepsVersions, "", func() (err error) {
		keeps, err = s.keeping.KeepsVersions(ctx)
		return err
	})
	return keeps, err
}

var (
	_ sharing = (*faultySharing)(nil)
	_ keeping = (*faultyKeeping)(nil)
)
