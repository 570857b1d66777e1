package dtool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// bucket is a base in an object store: a registration key at its root tells of
// each dataset, and its body is what the keys of the dataset begin with.
type bucket struct {
	ref    reference
	store  storage.Store
	prefix string // of new datasets, and of those without a registration
}

// find goes by the registration. Only where there is none, the prefix of the
// settings is tried.
func (b bucket) find(ctx context.Context) (*place, error) {
	uuid := b.ref.path
	if !uuidPattern.MatchString(uuid) {
		return nil, fmt.Errorf("%s: %w: a dataset's URI is %s://%s/<UUID>", quoted(b.ref.uri("")), ErrNotDataset, b.ref.scheme, b.ref.bucket)
	}
	at, err := b.registered(ctx, uuid)
	if errors.Is(err, storage.ErrNotFound) {
		at = b.place(b.prefix, uuid)
		at.unregistered = true
		return at, nil
	}
	return at, err
}

func (bucket) layout() layout { return objectLayout{} }

// registered gives the place that a registration tells of;
// [storage.ErrNotFound] where there is none.
func (b bucket) registered(ctx context.Context, uuid string) (*place, error) {
	return b.prefixed(ctx, registrationPrefix+uuid, uuid)
}

// prefixed gives the place whose prefix is the body of an object.
func (b bucket) prefixed(ctx context.Context, key, uuid string) (*place, error) {
	body, err := readDocument(ctx, b.store, key, maxRegistration)
	if err != nil {
		return nil, err
	}
	if why := badPrefix(string(body)); why != "" {
		return nil, fmt.Errorf("%s: %w: %s: its prefix %s %s", b.ref.uri(""), ErrBadDocument, key, quoted(string(body)), why)
	}
	return b.place(string(body), uuid), nil
}

// badPrefix tells why keys must not begin with a prefix, or gives "".
func badPrefix(prefix string) string {
	for part := range strings.SplitSeq(strings.TrimSuffix(prefix, "/"), "/") {
		switch {
		case part == "." || part == "..":
			return "points outside its place"
		case part == "" && prefix != "":
			return "has an empty part"
		}
	}
	if strings.ContainsFunc(prefix, unicode.IsControl) || strings.ToValidUTF8(prefix, "") != prefix {
		return "holds control characters or is not UTF-8"
	}
	return ""
}

func (b bucket) place(prefix, uuid string) *place {
	ref := b.ref
	ref.path = uuid
	return &place{uri: ref.uri(""), store: b.store, layout: newObjectLayout(prefix, uuid)}
}

func (b bucket) vacant(_ context.Context, _, uuid string) (*place, error) {
	if err := b.mustBeWhole(); err != nil {
		return nil, err
	}
	return b.place(b.prefix, uuid), nil
}

func (b bucket) reserve(ctx context.Context, name, uuid string) (*place, error) {
	at, err := b.vacant(ctx, name, uuid)
	if err != nil {
		return nil, err
	}
	return at, writeDocument(ctx, b.store, registrationPrefix+uuid, []byte(b.prefix), nil)
}

// mustBeWhole refuses a URI of something within a bucket as that of a base.
func (b bucket) mustBeWhole() error {
	if b.ref.path == "" {
		return nil
	}
	return fmt.Errorf("%w %s: a bucket holds datasets directly: use %s://%s", ErrInvalidURI, quoted(b.ref.uri("")), b.ref.scheme, b.ref.bucket)
}

// begun finds a dataset by its registration, or, without one, by anything that
// lies where the dataset would. It asks for both at once.
func (b bucket) begun(ctx context.Context, _, uuid string) (*place, error) {
	if err := b.mustBeWhole(); err != nil {
		return nil, err
	}
	var registered *place
	unregistered := b.place(b.prefix, uuid)
	err := transfer.Together(ctx, func(ctx context.Context) (err error) {
		registered, err = b.registered(ctx, uuid)
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		return err
	}, func(ctx context.Context) error {
		for _, err := range b.store.List(ctx, unregistered.layout.keys().top(), storage.Deep) {
			unregistered.unregistered = true
			return err
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case registered != nil:
		return registered, nil
	case unregistered.unregistered:
		return unregistered, nil
	}
	return nil, fmt.Errorf("%s: %w", unregistered.uri, ErrNotDataset)
}

// remove deletes the registration last, so that an interrupted removal can still be
// found: nobody knows yet of a dataset that is being made.
func (b bucket) remove(ctx context.Context, _, uuid string) error {
	if err := b.clear(ctx, b.place(b.prefix, uuid).layout.keys().top()); err != nil {
		return err
	}
	return b.store.Delete(ctx, registrationPrefix+uuid)
}

func (b bucket) release(ctx context.Context, uuid string) error {
	if err := b.removeFirst(ctx, b.place(b.prefix, uuid).layout.keys()); err != nil {
		return err
	}
	return b.store.Delete(ctx, registrationPrefix+uuid)
}

// removeFirst removes the documents that a dataset begins with. Who may not write them
// may not remove them either, which is no failure if they are not there.
func (b bucket) removeFirst(ctx context.Context, k keys) error {
	refused := b.store.Delete(ctx, k.structure, k.about)
	if !errors.Is(refused, storage.ErrForbidden) {
		return refused
	}
	for _, key := range []string{k.structure, k.about} {
		if _, err := b.store.Stat(ctx, key); !errors.Is(err, storage.ErrNotFound) {
			return refused
		}
	}
	return nil
}

func (b bucket) candidates(ctx context.Context) iter.Seq2[candidate, error] {
	return func(yield func(candidate, error) bool) {
		if err := b.mustBeWhole(); err != nil {
			yield(nil, err)
			return
		}
		for info, err := range b.store.List(ctx, registrationPrefix, storage.Deep) {
			if err != nil {
				yield(nil, err)
				return
			}
			uuid := strings.TrimPrefix(info.Key, registrationPrefix)
			if uuidPattern.MatchString(uuid) && !yield(b.candidate(uuid, info.Size), nil) {
				return
			}
		}
	}
}

// candidate reads the registration only if it has a body.
func (b bucket) candidate(uuid string, size int64) candidate {
	return func(ctx context.Context) (*place, error) {
		if size == 0 {
			return b.place("", uuid), nil
		}
		return b.registered(ctx, uuid)
	}
}
