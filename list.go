package dtool

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/internal/transfer"
)

// listConcurrency is how many datasets of a base are opened at a time: more than
// items travel, since their documents are small and round trips are all that
// takes time.
const listConcurrency = 64

// List gives the datasets that a base holds, proto datasets among them: those of
// a bucket in the order of their keys, as they come, those of a directory by
// name. What lies there and is no dataset is passed over. A dataset that is there
// and cannot be opened is given as an error, and the others follow. If the
// listing itself fails, that is the last error.
func (c *Client) List(ctx context.Context, baseURI string) iter.Seq2[*Dataset, error] {
	return list(ctx, c, baseURI, c.openListed)
}

// openListed gives nil where there is no dataset.
func (c *Client) openListed(ctx context.Context, find candidate) (*Dataset, error) {
	at, err := find(ctx)
	if err != nil {
		return nil, err
	}
	d, err := c.open(ctx, at)
	if errors.Is(err, ErrNotDataset) {
		return nil, nil
	}
	return d, err
}

// named is what a listing gives. The zero value stands for what is passed over.
type named interface {
	comparable
	Name() string
}

func list[T named](ctx context.Context, c *Client, baseURI string, open func(context.Context, candidate) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		b, err := c.base(ctx, baseURI)
		if err != nil {
			yield(none, err)
			return
		}
		found := transfer.Ordered(ctx, c.listing, b.candidates, open)
		if _, ok := b.(directory); ok {
			found = byName(ctx, found)
		}
		for one, err := range found {
			passedOver := one == none && err == nil
			if !passedOver && !yield(one, err) {
				return
			}
		}
	}
}

// byName gives by name, once all of it is there, what comes in another order. Errors
// come first.
func byName[T named](ctx context.Context, found iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		var failed []error
		var sorted []T
		for one, err := range found {
			switch {
			case err != nil:
				failed = append(failed, err)
			case one != none:
				sorted = append(sorted, one)
			}
		}
		if ctx.Err() != nil {
			yield(none, context.Cause(ctx))
			return
		}
		for _, err := range failed {
			if !yield(none, err) {
				return
			}
		}
		slices.SortStableFunc(sorted, func(a, b T) int { return strings.Compare(a.Name(), b.Name()) })
		for _, one := range sorted {
			if !yield(one, nil) {
				return
			}
		}
	}
}

// IsBase tells a base from a dataset: a bucket without anything behind it, or a
// directory that is no dataset. Whether anything is there is not asked of a bucket, nor
// of a web server, which has no bases.
func (c *Client) IsBase(ctx context.Context, uri string) (bool, error) {
	ref, err := parseURI(uri)
	if err != nil {
		return false, err
	}
	switch {
	case ref.isWeb():
		return false, nil
	case !ref.isDirectory():
		return ref.path == "", nil
	}
	_, err = c.Open(ctx, uri)
	if errors.Is(err, ErrNotDataset) {
		return true, nil
	}
	return false, err
}

// URI gives the full form of the URI or path of a dataset or base, without
// asking whether anything is there.
func (c *Client) URI(uri string) (string, error) {
	ref, err := parseURI(uri)
	if err != nil {
		return "", err
	}
	return ref.uri(c.hostname), nil
}
