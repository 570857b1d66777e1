package dtool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/storage"
)

// Annotations gives the names of the dataset's annotations, sorted.
func (d *Dataset) Annotations(ctx context.Context) ([]string, error) {
	return d.names(ctx, d.layout.keys().annotations, ".json")
}

// Annotation gives the value of an annotation, or [ErrNoAnnotation].
func (d *Dataset) Annotation(ctx context.Context, name string) (Value, error) {
	key, err := memberKey(d.layout.keys().annotations, name, ".json")
	if err != nil {
		return Value{}, fmt.Errorf("%w: %w", ErrNoAnnotation, err)
	}
	text, err := readDocument(ctx, d.store, key, maxAnnotation)
	if errors.Is(err, storage.ErrNotFound) {
		return Value{}, fmt.Errorf("%s: %w: %s", d.uri, ErrNoAnnotation, quoted(name))
	}
	if err != nil {
		return Value{}, err
	}
	value, err := ParseValue(text)
	if err != nil {
		return Value{}, d.inDocument(key, err)
	}
	return value, nil
}

// SetAnnotation gives an annotation a value, of frozen datasets too.
func (d *Dataset) SetAnnotation(ctx context.Context, name string, value Value) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := d.mustBeFinished(ctx); err != nil {
		return err
	}
	return writeBounded(ctx, d.store, d.layout.keys().annotations+name+".json", value.JSON(), maxAnnotation)
}

// Tags gives the dataset's tags, sorted.
func (d *Dataset) Tags(ctx context.Context) ([]string, error) {
	return d.names(ctx, d.layout.keys().tags, "")
}

// SetTag puts a tag on the dataset, frozen or not.
func (d *Dataset) SetTag(ctx context.Context, tag string) error {
	if err := CheckName(tag); err != nil {
		return err
	}
	if err := d.mustBeFinished(ctx); err != nil {
		return err
	}
	return writeDocument(ctx, d.store, d.layout.keys().tags+tag, nil, nil)
}

// DeleteTag takes a tag off. One that is not there is no error.
func (d *Dataset) DeleteTag(ctx context.Context, tag string) error {
	if err := d.mustBeFinished(ctx); err != nil {
		return err
	}
	key, err := memberKey(d.layout.keys().tags, tag, "")
	if err != nil {
		return nil //nolint:nilerr // what cannot be a tag's key is no tag of this dataset
	}
	return d.store.Delete(ctx, key)
}

// names lists what lies directly under a prefix with a suffix, without the two.
// A missing directory holds nothing.
func (p *place) names(ctx context.Context, prefix, suffix string) ([]string, error) {
	var names []string
	for info, err := range p.store.List(ctx, prefix, storage.Shallow) {
		if err != nil {
			return nil, err
		}
		name, ok := strings.CutSuffix(strings.TrimPrefix(info.Key, prefix), suffix)
		if ok && name != "" && info.IsObject() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// memberKey gives the key of what goes by a name under a prefix. Readers take
// any name that stays there.
func memberKey(prefix, name, suffix string) (string, error) {
	if name == "" || strings.Contains(name, "/") || storage.CheckKey(name+suffix) != nil {
		return "", fmt.Errorf("%w %s", ErrInvalidName, quoted(name))
	}
	return prefix + name + suffix, nil
}
