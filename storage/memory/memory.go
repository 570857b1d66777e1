// Package memory keeps objects in a map, for tests and for trying things out.
//
// It does what a store promises in the plainest way there is, metadata and
// modification times included. It does not outlive the process, and it has no
// bound on what it holds.
package memory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// A Store keeps objects in a map.
type Store struct {
	mu      sync.RWMutex
	objects map[string]object
}

// An object is replaced and never changed, so that readers need no lock.
type object struct {
	info storage.Info
	body []byte
}

// New gives an empty store.
func New() *Store {
	return &Store{objects: make(map[string]object)}
}

// String names the store.
func (s *Store) String() string { return "memory" }

// Get opens the bytes of an object as they are now.
func (s *Store) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	o, err := s.object(ctx, key)
	if err != nil {
		return nil, storage.Info{}, s.fail("get", key, err)
	}
	length, err := r.In(o.info.Size)
	if err != nil {
		return nil, storage.Info{}, s.fail("get", key, err)
	}
	part := o.body[r.Offset:][:length]
	return &reader{ctx: ctx, store: s, key: key, rest: bytes.NewReader(part)}, o.copyInfo(), nil
}

// Stat describes an object.
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	o, err := s.object(ctx, key)
	if err != nil {
		return storage.Info{}, s.fail("stat", key, err)
	}
	return o.copyInfo(), nil
}

// Put reads the whole body and then stores it.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, opts storage.PutOptions) (storage.Info, error) {
	if err := checkPut(ctx, key, opts); err != nil {
		return storage.Info{}, s.fail("put", key, err)
	}
	checked := storage.NewCheckedBody(body, opts)
	content, err := io.ReadAll(checked)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return storage.Info{}, s.fail("put", key, err)
	}
	return s.hold(key, content, checked.MD5(), opts), nil
}

// CopiesFrom tells whether the other store is in memory, too.
func (s *Store) CopiesFrom(_ context.Context, from storage.Store) bool {
	_, ok := from.(*Store)
	return ok
}

// CopyFrom makes an object that shares its bytes with the other one.
func (s *Store) CopyFrom(ctx context.Context, key string, from storage.Store, source storage.Info, opts storage.PutOptions) (storage.Info, error) {
	other, ok := from.(*Store)
	if !ok {
		return storage.Info{}, s.fail("copy", key, fmt.Errorf("%w from %v", errors.ErrUnsupported, from))
	}
	if err := checkPut(ctx, key, opts); err != nil {
		return storage.Info{}, s.fail("copy", key, err)
	}
	o, err := other.object(ctx, source.Key)
	if err != nil {
		return storage.Info{}, other.fail("copy", source.Key, err)
	}
	if o.info.ETag != source.ETag {
		return storage.Info{}, s.fail("copy", key, &storage.Mismatch{What: "ETag", Found: o.info.ETag, Expected: source.ETag})
	}
	if o.info.Size != opts.Size {
		return storage.Info{}, s.fail("copy", key, &storage.Mismatch{
			What: "size", Found: strconv.FormatInt(o.info.Size, 10), Expected: strconv.FormatInt(opts.Size, 10),
		})
	}
	return s.hold(key, o.body, o.info.ETag, opts), nil
}

// hold puts an object under its key.
func (s *Store) hold(key string, body []byte, md5 string, opts storage.PutOptions) storage.Info {
	o := object{body: body, info: storage.Info{
		Key:      key,
		Size:     opts.Size,
		ModTime:  opts.ModTime,
		ETag:     md5,
		MD5:      md5,
		Metadata: maps.Clone(opts.Metadata),
	}}
	if o.info.ModTime.IsZero() {
		o.info.ModTime = time.Now()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = o
	return o.copyInfo()
}

// List gives the objects of the moment at which it begins.
func (s *Store) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(storage.Info{}, s.fail("list", "", err))
			return
		}
		for _, info := range s.snapshot(prefix, depth) {
			if !yield(info, nil) {
				return
			}
		}
	}
}

// Delete removes objects, all of them or none.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := check(ctx, key); err != nil {
			return s.fail("delete", key, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		delete(s.objects, key)
	}
	return nil
}

// snapshot gives the entries of a listing in the byte order of their keys.
func (s *Store) snapshot(prefix string, depth storage.Depth) []storage.Info {
	s.mu.RLock()
	defer s.mu.RUnlock()
	entries := make(map[string]storage.Info)
	for key, o := range s.objects {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		info := o.info
		info.Metadata = nil
		if name, _, below := strings.Cut(rest, "/"); below && depth == storage.Shallow {
			info = storage.Info{Key: prefix + name + "/"}
		}
		entries[info.Key] = info
	}
	return slices.SortedFunc(maps.Values(entries), func(a, b storage.Info) int {
		return strings.Compare(a.Key, b.Key)
	})
}

func (s *Store) object(ctx context.Context, key string) (object, error) {
	if err := check(ctx, key); err != nil {
		return object{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.objects[key]
	if !ok {
		return object{}, storage.ErrNotFound
	}
	return o, nil
}

func (o object) copyInfo() storage.Info {
	info := o.info
	info.Metadata = maps.Clone(info.Metadata)
	return info
}

// A reader gives bytes for as long as its context lets it.
type reader struct {
	ctx   context.Context //nolint:containedctx // a reader lives as long as its Get
	store *Store
	key   string
	rest  *bytes.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, r.store.fail("get", r.key, err)
	}
	return r.rest.Read(p)
}

func (r *reader) Close() error { return nil }

func check(ctx context.Context, key string) error {
	if err := storage.CheckKey(key); err != nil {
		return fmt.Errorf("%w: %w", storage.ErrInvalidKey, err)
	}
	return ctx.Err()
}

func checkPut(ctx context.Context, key string, opts storage.PutOptions) error {
	if err := check(ctx, key); err != nil {
		return err
	}
	if err := storage.CheckMetadata(opts.Metadata); err != nil {
		return fmt.Errorf("%w: %w", storage.ErrInvalidKey, err)
	}
	return nil
}

// fail says what failed on which key. Its kind is whatever the cause wraps.
func (s *Store) fail(op, key string, err error) error {
	return &storage.Error{Op: op, Store: s.String(), Key: key, Err: err}
}

var (
	_ storage.Store  = (*Store)(nil)
	_ storage.Copier = (*Store)(nil)
)
