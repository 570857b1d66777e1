package dtool

import (
	"context"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/internal/portable"
	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// FreezeOptions goes with [Proto.Freeze].
type FreezeOptions struct{ Observer }

// Freeze makes the proto dataset a frozen one: it hashes every item, or takes
// the MD5 that the store keeps beside it, and writes overlays, manifest and
// administrative metadata, in that order, so that the dataset is a proto
// dataset until all is there. It fails with [ErrRogue], [ErrNewline],
// [ErrTooManyItems] (by the setting DTOOL_MAX_FILES_LIMIT) or [ErrUnreadable]
// before anything is written.
func (p *Proto) Freeze(ctx context.Context, o FreezeOptions) (*Dataset, error) {
	a, err := p.openNow(ctx)
	if err != nil {
		return nil, err
	}
	return p.freeze(ctx, a, o.oneAtATime(), nil, func([]Item) error { return nil })
}

// freeze freezes what is there, if that may be judged by the items. Those that
// were stored just now need no second look, if they are still what they were.
func (p *Proto) freeze(ctx context.Context, a admin, o Observer, stored map[string]added, judge func([]Item) error) (*Dataset, error) {
	if err := p.layout.checkTop(ctx, p.store); err != nil {
		return nil, fmt.Errorf("%s: %w", p.uri, err)
	}
	text, err := p.README(ctx)
	if err != nil {
		return nil, err
	}
	if err := ValidateREADME(text); err != nil { // any text may be frozen
		o.Warn(fmt.Sprintf("README.yml: %v", err))
	}
	infos, err := itemsListed(ctx, p.store, p.layout.keys().data, o)
	if err != nil {
		return nil, err
	}
	if err := p.client.mustBeFew(p.uri, len(infos)); err != nil {
		return nil, err
	}
	items, err := p.describe(ctx, infos, stored, o)
	if err == nil {
		err = judge(items)
	}
	if err == nil && text == nil { // its maker was interrupted before that
		err = writeDocument(ctx, p.store, p.layout.keys().readme, nil, nil)
	}
	if err != nil {
		return nil, err
	}
	return p.seal(ctx, a, newManifest(items), infos, o)
}

func (c *Client) mustBeFew(where string, items int) error {
	if items <= c.maxItems {
		return nil
	}
	return fmt.Errorf("%s: %w: %d, and DTOOL_MAX_FILES_LIMIT is %d", quoted(where), ErrTooManyItems, items, c.maxItems)
}

// describe makes items of what a listing of the data gave.
func (p *Proto) describe(ctx context.Context, infos []storage.Info, stored map[string]added, o Observer) ([]Item, error) {
	items := make([]Item, len(infos))
	workers := p.client.workersFor(p.store)
	err := transfer.Run(ctx, workers, infos, func(ctx context.Context, i int, info storage.Info) error {
		item, err := stored[info.Key].listedItem, error(nil)
		if !stored[info.Key].is(info) {
			item, err = p.layout.listed(ctx, p.store, info)
		}
		if item.doubtful() {
			item.md5 = ""
		}
		items[i] = Item{
			Identifier: Identifier(item.relpath),
			Relpath:    item.relpath,
			Size:       info.Size,
			Hash:       item.md5,
			Timestamp:  unixSeconds(info.ModTime),
		}
		return err
	})
	if isForeign(err) {
		err = fmt.Errorf("%s: %w", p.uri, err)
	}
	if err != nil {
		return nil, err
	}
	if err := refuseNewlines(relpaths(items)); err != nil {
		return nil, err
	}
	warnOfNames(relpaths(items), o)
	return items, p.hashItems(ctx, infos, items, o)
}

// hashItems reads the items whose MD5 is not known.
func (p *Proto) hashItems(ctx context.Context, infos []storage.Info, items []Item, o Observer) error {
	var unknown []int
	var bytes int64
	for i := range items {
		if items[i].Hash == "" {
			unknown = append(unknown, i)
			bytes = plus(bytes, items[i].Size)
		}
	}
	meter := o.meter("Hashing", len(unknown), bytes)
	work := itemWork{p.client, "hashing", meter, []storage.Store{p.store}}
	return doForItems(ctx, work, unknown, func(i int) Item { return items[i] }, func(ctx context.Context, _, i int) error {
		return p.hashItem(ctx, infos[i], &items[i], meter)
	})
}

// mustBeStill lists the data again, since somebody may have added to them
// meanwhile. Who adds still later is told by [Proto.Add] that the dataset was
// frozen.
func (p *Proto) mustBeStill(ctx context.Context, before []storage.Info) error {
	now, err := itemsListed(ctx, p.store, p.layout.keys().data, Observer{}.oneAtATime())
	if err != nil {
		return err
	}
	same := func(a, b storage.Info) bool {
		return a.Key == b.Key && a.Size == b.Size && a.ModTime.Equal(b.ModTime)
	}
	if !slices.EqualFunc(before, now, same) {
		return fmt.Errorf("%s: %w: its items were changed while it was frozen", p.uri, storage.ErrCorrupted)
	}
	return nil
}

// hashItem reads an item, which must still be what the listing said of it.
func (p *Proto) hashItem(ctx context.Context, listed storage.Info, item *Item, meter *transfer.Meter) error {
	sum, info, err := readMD5(ctx, p.store, listed.Key, meter)
	if err != nil {
		return err
	}
	if info.Size != listed.Size || !info.ModTime.Equal(listed.ModTime) {
		return fmt.Errorf("%w: it was changed while the dataset was frozen", storage.ErrCorrupted)
	}
	item.Hash = sum
	return nil
}

func refuseNewlines(relpaths iter.Seq[string]) error {
	for relpath := range relpaths {
		if strings.ContainsAny(relpath, "\n\r") {
			return fmt.Errorf("%w: %q", ErrNewline, relpath)
		}
	}
	return nil
}

// warnOfNames warns of names that some file system or person would take for one,
// of those that Windows has not, once for each reason, and of what a file manager
// may have left.
func warnOfNames(relpaths iter.Seq[string], o Observer) {
	first, more := map[string]string{}, map[string]int{} // by the reason
	var reasons []string
	for relpath := range relpaths {
		if path.Base(relpath) == ".DS_Store" {
			o.Warn(fmt.Sprintf("%s is an item of the dataset", quoted(relpath)))
		}
		why := portable.Windows(relpath)
		if _, known := first[why]; known {
			more[why]++
		} else if why != "" {
			first[why] = relpath
			reasons = append(reasons, why)
		}
	}
	for _, why := range reasons {
		all := ""
		if n := more[why]; n > 0 {
			all = fmt.Sprintf(", as with %s", others(n))
		}
		o.Warn(fmt.Sprintf("the name of item %s %s%s: a disk of Windows cannot hold it", quoted(first[why]), why, all))
	}
	for _, pair := range portable.Collisions(relpaths) {
		o.Warn(fmt.Sprintf("%+q and %+q differ only by case or by Unicode normalisation: they cannot lie side by side on every disk", pair[0], pair[1]))
	}
}

// seal writes what a frozen dataset has and a proto dataset has not, the
// administrative metadata last, and those only if the data are what they were.
func (p *Proto) seal(ctx context.Context, a admin, m *Manifest, data []storage.Info, o Observer) (*Dataset, error) {
	later, cancel := afterwards(ctx)
	defer cancel()
	if err := mustBeReadable(p.store, p.layout.keys().manifest, m.text, maxManifest); err != nil {
		return nil, err
	}
	overlays, fragments, err := p.overlaysOfFragments(ctx, m, o)
	if err != nil {
		return nil, err
	}
	for name, overlay := range overlays {
		if err := p.writeOverlay(ctx, name, overlay); err != nil {
			return nil, err
		}
	}
	if err := writeDocument(ctx, p.store, p.layout.keys().manifest, m.text, nil); err != nil {
		return nil, err
	}
	if err := p.mustBeStill(ctx, data); err != nil {
		return nil, err
	}
	frozen := a.with("type", typeFrozen).with("frozen_at", pyjson.Float(unixSeconds(p.client.now())))
	if err := p.setAdmin(ctx, frozen); err != nil {
		return nil, err
	}
	d := &Dataset{place: p.place, client: p.client, admin: frozen, manifest: m}
	if err := d.tidy(later, fragments); err != nil {
		o.Warn(fmt.Sprintf("the dataset is frozen, but what only a proto dataset has could not be removed, which another freeze tries again: %v", err))
	}
	return d, nil
}

// tidy removes what only a proto dataset has.
func (d *Dataset) tidy(ctx context.Context, fragments []string) error {
	if err := d.store.Delete(ctx, fragments...); err != nil {
		return err
	}
	if err := d.removeIfEmpty(ctx, d.layout.keys().fragments); err != nil {
		return err
	}
	return d.sweep(ctx)
}

// removeIfEmpty removes a directory that nothing has come into meanwhile.
func (p *place) removeIfEmpty(ctx context.Context, dir string) error {
	dirs, ok := p.store.(storage.DirMaker)
	if !ok {
		return nil
	}
	for _, err := range p.store.List(ctx, dir, storage.Shallow) {
		return err
	}
	return dirs.RemoveDir(ctx, strings.TrimSuffix(dir, "/"))
}
