package dtool

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dtool-go/dtool/internal/readme"
	"github.com/dtool-go/dtool/storage"
)

// MaxREADMESize is the most bytes of a README that are checked or normalised.
const MaxREADMESize = readme.MaxSize

// A READMEVersion is a README that was replaced in a frozen dataset.
type READMEVersion struct {
	Replaced time.Time // to the microsecond; the Python tools wrote their local clock here
	Text     []byte
}

// ValidateREADME tells whether a text is YAML without duplicate keys. The error
// is [ErrInvalidYAML] and names the line.
func ValidateREADME(text []byte) error {
	if err := readme.Validate(text); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidYAML, err)
	}
	return nil
}

// NormaliseREADME gives a README the form that the Python tools store: a leading
// "---" and an indent of two, with comments, order and flow style kept.
func NormaliseREADME(text []byte) ([]byte, error) {
	normal, err := readme.Normalise(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidYAML, err)
	}
	return normal, nil
}

// README gives the text of the dataset's README, as it is.
func (d *Dataset) README(ctx context.Context) ([]byte, error) { return d.readREADME(ctx) }

func (p *place) readREADME(ctx context.Context) ([]byte, error) {
	text, err := readDocument(ctx, p.store, p.layout.keys().readme, maxREADME)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	return text, err
}

// WriteREADME replaces the README with any text. A frozen dataset keeps the old
// one, see [Dataset.READMEHistory].
func (d *Dataset) WriteREADME(ctx context.Context, text []byte) error {
	key := d.layout.keys().readme
	if err := mustBeReadable(d.store, key, text, maxREADME); err != nil {
		return err
	}
	now, err := d.readAdmin(ctx)
	if err != nil {
		return err
	}
	if now.frozen() {
		old, err := d.README(ctx)
		if err != nil || bytes.Equal(old, text) {
			return err
		}
		if err := d.keepREADME(ctx, old, d.client.now()); err != nil {
			return err
		}
	}
	return writeDocument(ctx, d.store, key, text, nil)
}

// keepREADME stores an old README under the first moment, from now on, that
// none is kept under. If it is the one that was kept last, then somebody was
// interrupted before the new README was written, and nothing is left to do.
func (p *place) keepREADME(ctx context.Context, old []byte, now time.Time) error {
	taken, err := p.historyKeys(ctx)
	if err != nil {
		return err
	}
	if keys := oldestFirst(taken); len(keys) > 0 {
		last, err := readDocument(ctx, p.store, keys[len(keys)-1], maxREADME)
		if err != nil || bytes.Equal(last, old) {
			return err
		}
	}
	for at := now; ; at = at.Add(time.Microsecond) {
		key := p.layout.keys().history(strconv.FormatFloat(unixSeconds(at), 'f', 6, 64))
		if _, ok := taken[key]; !ok {
			return writeDocument(ctx, p.store, key, old, nil)
		}
	}
}

// READMEHistory gives the READMEs that were replaced, the oldest first.
func (d *Dataset) READMEHistory(ctx context.Context) ([]READMEVersion, error) {
	keys, err := d.historyKeys(ctx)
	if err != nil {
		return nil, err
	}
	var versions []READMEVersion
	left := int64(maxHistory)
	for _, key := range oldestFirst(keys) {
		text, err := readDocument(ctx, d.store, key, left)
		if err != nil {
			return nil, err
		}
		left -= int64(len(text))
		versions = append(versions, READMEVersion{fromUnixSeconds(keys[key]), text})
	}
	return versions, nil
}

func oldestFirst(keys map[string]float64) []string {
	return slices.SortedFunc(maps.Keys(keys), func(a, b string) int { return cmp.Compare(keys[a], keys[b]) })
}

// historyKeys gives the keys of the old READMEs with their moments in Unix seconds.
func (p *place) historyKeys(ctx context.Context) (map[string]float64, error) {
	prefix := p.layout.keys().history("")
	keys := map[string]float64{}
	for info, err := range p.store.List(ctx, prefix, storage.Shallow) {
		if err != nil {
			return nil, err
		}
		seconds, err := strconv.ParseFloat(strings.TrimPrefix(info.Key, prefix), 64)
		isTime := err == nil && !math.IsNaN(seconds) && !math.IsInf(seconds, 0)
		if isTime && info.IsObject() {
			keys[info.Key] = seconds
		}
	}
	return keys, nil
}
