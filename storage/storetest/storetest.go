// Package storetest is the suite that a store passes to be one.
//
// Each sentence of the contract of [storage.Store] is a test here. A store
// adopts all of them by a test of its own that calls [Run]. The suite knows
// nothing of any store but what its [Features] say; what only one store does is
// tested beside that store.
package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"strconv"
	"testing"

	"github.com/dtool-go/dtool/storage"
)

// Features says what a store can do that the contract leaves open.
type Features struct {
	// Metadata tells that the store keeps PutOptions.Metadata.
	Metadata bool
	// ModTime tells that the store gives back PutOptions.ModTime, to the
	// microsecond.
	ModTime bool
	// AnyName tells that a part of a key may be any UTF-8 of up to 255 bytes
	// without NUL. Other stores may refuse control characters, the
	// characters that Windows forbids and the longest names, and those only.
	AnyName bool
	// DistinctNames tells that names that differ only in case or in Unicode
	// normalisation are two names.
	DistinctNames bool
	// KeysBelowKeys tells that the store holds "a" and "a/b" at the same
	// time. Other stores may refuse the second.
	KeysBelowKeys bool
	// TreeOrder tells that what is behind the store lists directories by their names,
	// so that "a/b" comes before "a-b" there. Listings of such keys may fail, and yet
	// none may be in another order than that of bytes.
	TreeOrder bool
	// LargeSize is the size in bytes of an object that the store sends in more
	// than one part. Zero means 20 MiB and one byte.
	LargeSize int64
	// Missing opens a store whose bucket or directory is not there. It is nil
	// for a store that is always there.
	Missing func(t *testing.T) storage.Store
}

// Run tests a store. The function open is called for each test, which keeps to
// keys below a random prefix and deletes them when it ends: open may give an
// empty store each time or the same store each time, and that store may hold
// other keys.
func Run(t *testing.T, features Features, open func(t *testing.T) storage.Store) {
	t.Helper()
	if features.LargeSize == 0 {
		features.LargeSize = 20<<20 + 1
	}
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"Get", getTests()},
		{"Put", putTests()},
		{"BadBody", badBodyTests()},
		{"Resume", resumeTests()},
		{"List", listTests()},
		{"Delete", deleteTests()},
		{"Copy", copyTests()},
		{"Names", nameTests()},
		{"Cancel", cancelTests()},
		{"Concurrent", concurrentTests()},
		{"Missing", missingTests()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) { test.run(newPlace(t, features, open)) })
			}
		})
	}
}

type test struct {
	name string
	run  func(*place)
}

// A place is what one test works in: a store, and a prefix of the test's own.
// Its methods end the test where the store fails them.
type place struct {
	*testing.T
	features Features
	store    storage.Store
	prefix   string
}

func newPlace(t *testing.T, features Features, open func(*testing.T) storage.Store) *place {
	t.Helper()
	p := &place{T: t, features: features, store: open(t), prefix: "storetest-" + rand.Text() + "/"}
	t.Cleanup(p.clear)
	return p
}

// clear deletes what the test has left. The context of the test is over by then.
func (p *place) clear() {
	ctx := context.Background()
	var keys []string
	for info, err := range p.store.List(ctx, p.prefix, storage.Deep) {
		if p.inTreeOrder(err) {
			return
		}
		if err != nil {
			p.Errorf("listing what to delete: %v", err)
			return
		}
		keys = append(keys, info.Key)
	}
	if err := p.store.Delete(ctx, keys...); err != nil {
		p.Errorf("deleting what the test left: %v", err)
	}
}

// key gives the full key of a name of the test's own.
func (p *place) key(name string) string { return p.prefix + name }

func (p *place) put(name string, content []byte) {
	p.Helper()
	if err := p.tryPut(name, content); err != nil {
		p.Fatalf("Put of %q: %v", name, err)
	}
}

func (p *place) tryPut(name string, content []byte) error {
	return p.tryPutWith(name, content, sized(content))
}

// putWith puts an object with options of its own.
func (p *place) putWith(name string, content []byte, opts storage.PutOptions) {
	p.Helper()
	if err := p.tryPutWith(name, content, opts); err != nil {
		p.Fatalf("Put of %q: %v", name, err)
	}
}

func (p *place) tryPutWith(name string, content []byte, opts storage.PutOptions) error {
	_, err := p.store.Put(p.Context(), p.key(name), bytes.NewReader(content), opts)
	return err
}

// get reads the part of an object that the range names.
func (p *place) get(name string, r storage.Range) ([]byte, error) {
	body, _, err := p.store.Get(p.Context(), p.key(name), r)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(body)
	return content, errors.Join(err, body.Close())
}

// holds checks that the name holds the content, by Get and by Stat.
func (p *place) holds(name string, want []byte) {
	p.Helper()
	got, err := p.get(name, storage.Range{})
	if err != nil {
		p.Fatalf("Get of %q: %v", name, err)
	}
	if !bytes.Equal(got, want) {
		p.Fatalf("%q holds %s, want %s", name, brief(got), brief(want))
	}
	info := p.stat(name)
	if info.Size != int64(len(want)) {
		p.Fatalf("Stat of %q gives %d bytes, want %d", name, info.Size, len(want))
	}
	if info.MD5 != "" && info.MD5 != hexMD5(want) {
		p.Fatalf("Stat of %q gives the MD5 %s, want %s", name, info.MD5, hexMD5(want))
	}
}

func (p *place) stat(name string) storage.Info {
	p.Helper()
	info, err := p.store.Stat(p.Context(), p.key(name))
	if err != nil {
		p.Fatalf("Stat of %q: %v", name, err)
	}
	if info.Key != p.key(name) {
		p.Fatalf("Stat of %q gives the key %q", p.key(name), info.Key)
	}
	return info
}

// lacks checks that the store says that there is no such name.
func (p *place) lacks(name string) {
	p.Helper()
	_, err := p.get(name, storage.Range{})
	p.failed(err, storage.ErrNotFound, p.key(name))
	_, err = p.store.Stat(p.Context(), p.key(name))
	p.failed(err, storage.ErrNotFound, p.key(name))
}

// failed checks that an error is of the kind, and that it says what was done
// where. The key is empty where the store as a whole is meant.
func (p *place) failed(err, kind error, key string) {
	p.Helper()
	if !errors.Is(err, kind) {
		p.Fatalf("error %v, want %v", err, kind)
	}
	p.described(err, key)
}

func (p *place) described(err error, key string) {
	p.Helper()
	var failure *storage.Error
	if !errors.As(err, &failure) {
		p.Fatalf("error %v is no *storage.Error", err)
	}
	if failure.Op == "" || failure.Store != p.store.String() || failure.Key != key {
		p.Fatalf("error %v has Op %q, Store %q, Key %q; want an operation, %q, %q",
			err, failure.Op, failure.Store, failure.Key, p.store.String(), key)
	}
}

func sized(content []byte) storage.PutOptions {
	return storage.PutOptions{Size: int64(len(content))}
}

// noise gives bytes that look random and are the same for the same seed.
func noise(seed int, size int64) []byte {
	var key [32]byte
	copy(key[:], strconv.Itoa(seed))
	content := make([]byte, size)
	_, _ = mathrand.NewChaCha8(key).Read(content) // it never fails
	return content
}

// brief shows content without filling the screen.
func brief(content []byte) string {
	const most = 40
	if len(content) <= most {
		return fmt.Sprintf("%q", content)
	}
	return fmt.Sprintf("%q and %d bytes more", content[:most], len(content)-most)
}
