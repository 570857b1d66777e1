package dtool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/web"
)

// readFromOutside opens a published dataset in the way of those for whom it is, and
// asks for each of its objects.
func (p *publishing) readFromOutside(ctx context.Context, accessURL string) error {
	var last error
	ask := func() (bool, error) {
		last = p.readOnce(ctx, accessURL)
		refused := errors.Is(last, storage.ErrForbidden) && p.way == ByPolicy && ctx.Err() == nil
		if refused { // who changes the policy at the same time may have taken out what was just put there
			return false, p.setStatement(ctx)
		}
		return last == nil, last
	}
	if err := settled(ctx, ask, errStillClosed); !errors.Is(err, errStillClosed) {
		return err
	}
	return last
}

var errStillClosed = errors.New("not readable yet")

func (p *publishing) readOnce(ctx context.Context, accessURL string) error {
	outside, err := p.client.Open(ctx, accessURL)
	if err != nil {
		return err
	}
	m, err := outside.Manifest(ctx)
	if err != nil {
		return err
	}
	if !bytes.Equal(m.text, p.manifest.text) {
		return fmt.Errorf("%w: the manifest there is another one", storage.ErrCorrupted)
	}
	return p.askFor(ctx, slices.Sorted(maps.Keys(p.urls)))
}

// askForDocuments asks for all but the items where everybody is to read them without
// anything having been done for that. A policy names what there was when it was made.
func (p *publishing) askForDocuments(ctx context.Context) error {
	keys := p.found.documents
	if p.lacksREADME {
		keys = keys[:len(keys)-1]
	}
	return p.askFor(ctx, keys)
}

// askFor asks for each of the keys under the URL that others are given: for the first
// alone, since who may not read one may mostly read none.
func (p *publishing) askFor(ctx context.Context, keys []string) error {
	client, err := p.client.web()
	if err != nil {
		return err
	}
	store := client.Open("without credentials", web.Index{URLs: p.urls})
	meter := p.o.meter("Asking from outside", len(keys), 0)
	ask := func(ctx context.Context, _ int, key string) error {
		info, err := store.Stat(ctx, key)
		if err == nil && info.Size != p.found.sizes[key] {
			err = fmt.Errorf("%s: %w", quoted(key), wrongSize(info.Size, p.found.sizes[key]))
		}
		meter.ItemDone()
		return err
	}
	if err := ask(ctx, 0, keys[0]); err != nil {
		return err
	}
	return transfer.Run(ctx, p.client.workersFor(store), keys[1:], ask)
}

// askAll asks without credentials for each of the keys, by its URL, and tells which of
// them are answered with what they have. A refusal is an answer; a server that cannot be
// reached is an error.
func (d *Dataset) askAll(ctx context.Context, s *survey, keys []string, urlOf func(key string) string) ([]bool, error) {
	urls := make(map[string]string, len(keys))
	for _, key := range keys {
		urls[key] = urlOf(key)
	}
	answered := make([]bool, len(keys))
	client, err := d.client.web()
	if err != nil {
		return answered, err
	}
	store := client.Open("without credentials", web.Index{URLs: urls})
	err = transfer.Run(ctx, d.client.workersFor(store), keys, func(ctx context.Context, i int, key string) error {
		info, err := store.Stat(ctx, key)
		switch {
		case errors.Is(err, storage.ErrForbidden), errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrNoStore):
			return nil
		case err != nil:
			return err
		}
		answered[i] = info.Size == s.sizes[key]
		return nil
	})
	return answered, err
}
