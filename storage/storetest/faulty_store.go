package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// Around gives a store that does what another does, but where the script of the
// Faulty has it otherwise. It can do what the inner store can: what only some
// stores can do is found by type assertion, so there is a type for each of the sets
// that stores of the project have. None is a [storage.Diagnoser].
func (f *Faulty) Around(inner storage.Store) storage.Store {
	s := &faultyStore{faulty: f, inner: inner}
	files, isFiles := inner.(directory)
	copier, isCopier := inner.(storage.Copier)
	shares, isSharing := inner.(sharing)
	switch {
	case isSharing && !isFiles:
		sharing := &faultySharing{&faultyBucket{s, copier}, shares}
		if keeps, ok := inner.(keeping); ok {
			return &faultyKeeping{sharing, keeps}
		}
		return sharing
	case isFiles && !isCopier:
		return &faultyDirectory{s, files}
	case isCopier && !isFiles:
		return &faultyBucket{s, copier}
	case !isCopier && !isFiles:
		return s
	}
	panic(fmt.Sprintf("%T can do what no faulty store can", inner))
}

// directory is what a store in a file system can do.
type directory interface {
	storage.LocalPather
	storage.DirMaker
	storage.Syncer
	storage.Sweeper
	storage.KeyChecker
}

// faultyStore is a store that can do nothing but what all stores can.
type faultyStore struct {
	faulty *Faulty
	inner  storage.Store
}

func (s *faultyStore) String() string { return s.inner.String() }

// call has the script decide about a call, and makes it by the function: not at all,
// once or twice.
func (s *faultyStore) call(ctx context.Context, op Op, key string, do func() error) error {
	fault := s.faulty.next(op, s.String(), key)
	return s.suffer(ctx, fault, op, key, do)
}

func (s *faultyStore) suffer(ctx context.Context, fault Fault, op Op, key string, do func() error) error {
	if err := wait(ctx, fault); err != nil {
		return &storage.Error{Op: string(op), Store: s.String(), Key: key, Err: err}
	}
	switch fault.Kind {
	case Fail:
		return fault.error(op, s, key)
	case LoseAnswer:
		return errors.Join(fault.error(op, s, key), do())
	case Twice:
		_ = do() // what it said is lost
	case Lose:
		return nil
	default:
	}
	return do()
}

// wait spends the time that a fault takes.
func wait(ctx context.Context, fault Fault) error {
	if fault.Kind == Hang {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	if fault.Delay <= 0 {
		return nil
	}
	timer := time.NewTimer(fault.Delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

func (s *faultyStore) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	var body io.ReadCloser
	var info storage.Info
	fault := s.faulty.next(Get, s.String(), key)
	err := s.suffer(ctx, fault, Get, key, func() (err error) {
		if body != nil {
			_ = body.Close() // of the first of two
		}
		body, info, err = s.inner.Get(ctx, key, r)
		return err
	})
	if err != nil {
		if body != nil {
			_ = body.Close()
		}
		return nil, storage.Info{}, err
	}
	length := r.Length
	if length == 0 {
		length = info.Size - r.Offset
	}
	return fault.received(body, length, fault.error(Get, s, key)), info, nil
}

func (s *faultyStore) Stat(ctx context.Context, key string) (info storage.Info, err error) {
	err = s.call(ctx, Stat, key, func() (err error) {
		info, err = s.inner.Stat(ctx, key)
		return err
	})
	return info, err
}

func (s *faultyStore) Put(ctx context.Context, key string, body io.Reader, opts storage.PutOptions) (info storage.Info, err error) {
	fault := s.faulty.next(Put, s.String(), key)
	sent, opts, err := fault.sent(body, opts, fault.error(Put, s, key))
	if err != nil {
		return info, &storage.Error{Op: string(Put), Store: s.String(), Key: key, Err: err}
	}
	err = s.suffer(ctx, fault, Put, key, func() (err error) {
		info, err = s.inner.Put(ctx, key, sent(), opts)
		return err
	})
	switch {
	case err != nil:
		return storage.Info{}, err
	case fault.Kind == Lose:
		return storage.Info{Key: key, Size: opts.Size, ModTime: opts.ModTime, ETag: opts.MD5}, nil
	}
	s.faulty.wasPut(s.String(), key)
	return info, nil
}

func (s *faultyStore) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		fault := s.faulty.next(List, s.String(), prefix)
		listing := s.inner.List(ctx, prefix, depth)
		if fault.Kind == Twice {
			_, _ = collect(listing) // a listing is made by reading it
		}
		err := s.suffer(ctx, fault, List, "", func() error {
			if fault.editsListing() {
				entries, err := collect(listing)
				listing = fault.edit(entries, err, s.faulty.lastPut(s.String()), fault.error(List, s, ""))
			}
			return nil
		})
		if err != nil { // of a lost answer nothing has arrived
			yield(storage.Info{}, err)
			return
		}
		listing(yield)
	}
}

func (s *faultyStore) Delete(ctx context.Context, keys ...string) error {
	first := ""
	if len(keys) > 0 {
		first = keys[0]
	}
	return s.call(ctx, Delete, first, func() error { return s.inner.Delete(ctx, keys...) })
}

// faultyDirectory can do what a store in a file system can.
type faultyDirectory struct {
	*faultyStore
	files directory
}

func (s *faultyDirectory) LocalPath(key string) (string, error) { return s.files.LocalPath(key) }

func (s *faultyDirectory) MakeDir(ctx context.Context, dir string, exclusive bool) error {
	return s.call(ctx, MakeDir, dir, func() error { return s.files.MakeDir(ctx, dir, exclusive) })
}

func (s *faultyDirectory) LinkDir(ctx context.Context, dir, target string) error {
	return s.call(ctx, LinkDir, dir, func() error { return s.files.LinkDir(ctx, dir, target) })
}

func (s *faultyDirectory) RemoveDir(ctx context.Context, dir string) error {
	return s.call(ctx, RemoveDir, dir, func() error { return s.files.RemoveDir(ctx, dir) })
}

func (s *faultyDirectory) CheckRemoval(ctx context.Context, dir string) error {
	return s.call(ctx, CheckRemoval, dir, func() error { return s.files.CheckRemoval(ctx, dir) })
}

func (s *faultyDirectory) Sync(ctx context.Context) error {
	return s.call(ctx, Sync, "", func() error { return s.files.Sync(ctx) })
}

func (s *faultyDirectory) Sweep(ctx context.Context) error {
	return s.call(ctx, Sweep, "", func() error { return s.files.Sweep(ctx) })
}

func (s *faultyDirectory) CheckKeys(ctx context.Context, keys []string) error {
	return s.call(ctx, CheckKeys, "", func() error { return s.files.CheckKeys(ctx, keys) })
}

// faultyBucket can make copies by itself.
type faultyBucket struct {
	*faultyStore
	copier storage.Copier
}

// CopiesFrom and CopyFrom look at what is inside of another faulty store.
func (s *faultyBucket) CopiesFrom(ctx context.Context, from storage.Store) bool {
	return s.copier.CopiesFrom(ctx, inside(from))
}

func (s *faultyBucket) CopyFrom(ctx context.Context, key string, from storage.Store, source storage.Info, opts storage.PutOptions) (info storage.Info, err error) {
	err = s.call(ctx, CopyFrom, key, func() (err error) {
		info, err = s.copier.CopyFrom(ctx, key, inside(from), source, opts)
		return err
	})
	if err != nil {
		return storage.Info{}, err
	}
	s.faulty.wasPut(s.String(), key)
	return info, nil
}

func inside(store storage.Store) storage.Store {
	switch faulty := store.(type) {
	case *faultyBucket:
		return faulty.inner
	case *faultySharing:
		return faulty.inner
	}
	return store
}

var (
	_ directory      = (*faultyDirectory)(nil)
	_ storage.Copier = (*faultyBucket)(nil)
)
