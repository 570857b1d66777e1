package dtool

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/storage"
)

// A Proto is a proto dataset: items can be added to it until it is frozen.
type Proto struct{ *Dataset }

func (p *Proto) mustBeProto() error {
	if p.Frozen() {
		return fmt.Errorf("%s: %w", p.uri, ErrFrozen)
	}
	return nil
}

// openNow reads the administrative metadata again, since somebody else may have
// frozen the dataset meanwhile, and refuses a dataset to which nothing is added
// any more.
func (p *Proto) openNow(ctx context.Context) (admin, error) {
	a, err := p.readAdmin(ctx)
	switch {
	case err != nil:
		return admin{}, err
	case a.frozen():
		return admin{}, fmt.Errorf("%s: %w", p.uri, ErrFrozen)
	case a.isUnfinished():
		return admin{}, fmt.Errorf("%s: %w", p.uri, p.unfinished(ctx))
	}
	return a, nil
}

// AddMetadata sets a value for an item, which freezing makes a part of the
// overlay named by the key. The item must be there: [ErrNoItem].
func (p *Proto) AddMetadata(ctx context.Context, relpath, key string, value Value) error {
	if err := CheckName(key); err != nil {
		return err
	}
	if _, err := p.openNow(ctx); err != nil {
		return err
	}
	handle, err := p.handleOf(ctx, relpath)
	if err != nil {
		return err
	}
	fragment := p.layout.keys().fragments + Identifier(handle) + "." + key + ".json"
	if err := writeBounded(ctx, p.store, fragment, pyjson.Line(value.v), maxFragment); err != nil {
		return err
	}
	if _, err := p.openNow(ctx); err != nil { // then it is not known whether the value is in an overlay
		return fmt.Errorf("while metadata was added: %w", err)
	}
	return nil
}

// handleOf finds the handle of an item by its relpath: the cleaned one, or, in
// a proto dataset that an old tool filled, the relpath to the letter.
func (p *Proto) handleOf(ctx context.Context, relpath string) (string, error) {
	clean, err := cleanRelpath(relpath)
	if err != nil {
		return "", err
	}
	for _, handle := range slices.Compact([]string{clean, relpath}) {
		key, err := p.layout.itemKey(handle)
		if err != nil {
			return "", err
		}
		if _, err := p.store.Stat(ctx, key); !errors.Is(err, storage.ErrNotFound) {
			return handle, err
		}
	}
	return "", fmt.Errorf("%s: %w: %s", p.uri, ErrNoItem, quoted(relpath))
}
