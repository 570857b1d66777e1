package dtool

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/dtool-go/dtool/internal/transfer"
)

// List gives the datasets that a base holds, proto datasets among them: those
// of a bucket in the order of their keys, those of a directory by name. What
// lies there and is no dataset is passed over. A dataset that is there and
// cannot be opened is given as an error, and the others follow.
func (c *Client) List(ctx context.Context, baseURI string) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) {
		found, err := c.openAll(ctx, baseURI)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, f := range found {
			if !errors.Is(f.err, ErrNotDataset) && !yield(f.dataset, f.err) {
				return
			}
		}
	}
}

type listed struct {
	dataset *Dataset
	err     error
}

func (c *Client) openAll(ctx context.Context, baseURI string) ([]listed, error) {
	b, err := c.base(ctx, baseURI)
	if err != nil {
		return nil, err
	}
	candidates, err := b.candidates(ctx)
	if err != nil {
		return nil, err
	}
	found := make([]listed, len(candidates))
	err = transfer.Run(ctx, c.requests, candidates, func(ctx context.Context, i int, f candidate) error {
		found[i].dataset, found[i].err = c.openCandidate(ctx, f)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	if _, ok := b.(directory); ok {
		slices.SortStableFunc(found, func(a, b listed) int { return cmp.Compare(a.name(), b.name()) })
	}
	return found, nil
}

func (c *Client) openCandidate(ctx context.Context, f candidate) (*Dataset, error) {
	at, err := f(ctx)
	if err != nil {
		return nil, err
	}
	return c.open(ctx, at)
}

func (l listed) name() string {
	if l.dataset == nil {
		return ""
	}
	return l.dataset.Name()
}

// IsBase tells a base from a dataset: a bucket without anything behind it, or a
// directory that is no dataset. Whether anything is there is not asked of a bucket.
func (c *Client) IsBase(ctx context.Context, uri string) (bool, error) {
	ref, err := parseURI(uri)
	if err != nil {
		return false, err
	}
	if !ref.isDirectory() {
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
