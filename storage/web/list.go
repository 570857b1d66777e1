package web

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

const opList = "LIST"

// List goes by the index, and asks for the size of each object. What is not there
// any more is left out.
func (s *Store) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		if ctx.Err() != nil {
			yield(storage.Info{}, s.error(opList, prefix, nil, ctx.Err()))
			return
		}
		entries := func(context.Context) iter.Seq2[string, error] { return s.entries(prefix, depth) }
		for info, err := range transfer.Ordered(ctx, s.client.requests, entries, s.describe) {
			if _, own := errors.AsType[*storage.Error](err); err != nil && !own {
				err = s.error(opList, prefix, nil, err)
			}
			gone := err == nil && info.Key == ""
			if !gone && !yield(info, err) || err != nil {
				return
			}
		}
	}
}

// entries gives the keys below a prefix, and the places in a shallow listing.
func (s *Store) entries(prefix string, depth storage.Depth) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		last := ""
		first, _ := slices.BinarySearch(s.keys, prefix)
		for _, key := range s.keys[first:] {
			name, ok := strings.CutPrefix(key, prefix)
			if !ok {
				return
			}
			if top, _, below := strings.Cut(name, "/"); below && depth == storage.Shallow {
				key = prefix + top + "/"
			}
			if key != last && !yield(key, nil) {
				return
			}
			last = key
		}
	}
}

// describe gives nothing for what is not there.
func (s *Store) describe(ctx context.Context, entry string) (storage.Info, error) {
	if strings.HasSuffix(entry, "/") {
		return storage.Info{Key: entry}, nil
	}
	info, err := s.Stat(ctx, entry)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Info{}, nil
	}
	return info, err
}
