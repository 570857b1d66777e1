package dtool

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

// A Source is a local file, or a directory with all files below it, that is to be
// added to a proto dataset.
type Source struct {
	Path string
	// Relpath is where a file goes; empty stands for its base name. For a
	// directory it is what the relpaths of its files begin with; empty puts
	// them at the top.
	Relpath string
}

// An addition is a local file that becomes an item.
type addition struct {
	store   storage.Store
	key     string
	relpath string
	size    int64
}

func (a addition) item() Item { return Item{Relpath: a.relpath, Size: a.size} }

func (a addition) relpathOf() string { return a.relpath }

// AddOptions goes with [Proto.Add].
type AddOptions struct{ Observer }

// Add adds local files as items, each in place of one of the same relpath. Links
// to files are followed; links to directories are skipped, which the observer
// is warned of. What cannot be read, or cannot be an item here, is an error before
// anything is added.
func (p *Proto) Add(ctx context.Context, sources []Source, opts AddOptions) error {
	o := opts.oneAtATime()
	if _, err := p.openNow(ctx); err != nil {
		return err
	}
	if err := p.layout.takesItems(ctx, p.store); err != nil {
		return fmt.Errorf("%s: %w", p.uri, err)
	}
	files, err := gather(ctx, sources, p.uri, o)
	if err != nil {
		return err
	}
	if err := mustFit(p.layout, relpaths(files)); err != nil {
		return err
	}
	if _, err := p.take(ctx, files, false, o); err != nil {
		return err
	}
	if _, err := p.openNow(ctx); err != nil { // then it is not known which of the files are in the manifest
		return fmt.Errorf("while items were added: %w", err)
	}
	return nil
}

// gather finds the files that are to become the items of a dataset at a URI or
// in a base.
func gather(ctx context.Context, sources []Source, uri string, o Observer) ([]addition, error) {
	var files []addition
	for _, source := range sources {
		info, err := os.Stat(source.Path)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoSource, err)
		}
		find := fileOf
		if info.IsDir() {
			find = filesBelow
			if err := refuseInside(source.Path, uri); err != nil {
				return nil, err
			}
		}
		found, err := find(ctx, source, o)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

func fileOf(ctx context.Context, source Source, _ Observer) ([]addition, error) {
	file, err := filepath.Abs(source.Path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	relpath := source.Relpath
	if relpath == "" {
		relpath = filepath.Base(file)
	}
	if relpath, err = cleanRelpath(filepath.ToSlash(relpath)); err != nil {
		return nil, err
	}
	store, err := disk.New(filepath.Dir(file), disk.Options{})
	if err != nil {
		return nil, err
	}
	info, err := store.Stat(ctx, filepath.Base(file))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return []addition{{store, info.Key, relpath, info.Size}}, nil
}

func filesBelow(ctx context.Context, source Source, o Observer) ([]addition, error) {
	under := ""
	if source.Relpath != "" {
		var err error
		if under, err = cleanRelpath(filepath.ToSlash(source.Relpath)); err != nil {
			return nil, err
		}
	}
	store, err := disk.New(source.Path, disk.Options{})
	if err != nil {
		return nil, err
	}
	infos, err := itemsListed(ctx, store, "", o)
	if err != nil {
		return nil, err
	}
	if _, err := store.Stat(ctx, diskLayout{}.keys().admin); err == nil {
		o.Warn(fmt.Sprintf("%s is a dataset itself: its items and its metadata become items alike", quoted(source.Path)))
	}
	files := make([]addition, 0, len(infos))
	for _, info := range infos {
		relpath, err := cleanRelpath(path.Join(under, info.Key))
		if err != nil {
			return nil, err
		}
		files = append(files, addition{store, info.Key, relpath, info.Size})
	}
	return files, nil
}

// refuseInside refuses a directory in which the place lies that should take it in.
func refuseInside(dir, uri string) error {
	ref, err := parseURI(uri)
	if err != nil || !ref.isDirectory() {
		return err
	}
	outer, err := resolved(dir)
	if err != nil {
		return err
	}
	inner, err := resolved(ref.path)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(outer, inner)
	if err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("%s: %w: %s", quoted(uri), ErrInside, quoted(dir))
	}
	return nil
}

// resolved gives the absolute path of a directory without links in it; of one
// that is not there, the path as it is, since others say what is wrong with it.
func resolved(dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if target, err := filepath.EvalSymlinks(absolute); err == nil {
		return target, nil
	}
	return absolute, nil
}

// itemsListed lists what can be items below a prefix. What is skipped is said,
// and what would be lost by skipping it is an error.
func itemsListed(ctx context.Context, store storage.Store, prefix string, o Observer) ([]storage.Info, error) {
	var infos, outside []storage.Info
	for info, err := range store.List(ctx, prefix, storage.Deep) {
		if info.Outside != "" {
			outside = append(outside, info)
		}
		switch {
		case err != nil:
			return nil, err
		case info.Irregular == storage.LinkToDirectory:
			o.Warn(fmt.Sprintf("%s is skipped: it is %s", quoted(info.Key), info.Irregular))
		case info.Irregular != "":
			return nil, fmt.Errorf("%w: %s in %s is %s", ErrUnreadable, quoted(info.Key), store, info.Irregular)
		case !info.IsPlace():
			infos = append(infos, info)
		}
	}
	warnOfOutside(outside, o)
	return infos, nil
}

// warnOfOutside tells of links through which files of elsewhere become items, for who
// made the links may not be who makes the dataset.
func warnOfOutside(links []storage.Info, o Observer) {
	if len(links) == 0 {
		return
	}
	all := ""
	if n := len(links) - 1; n > 0 {
		all = fmt.Sprintf(", as with %s", others(n))
	}
	o.Warn(fmt.Sprintf("%s is a link to %s, out of the directory%s: what they lead to is taken for items",
		quoted(links[0].Key), quoted(links[0].Outside), all))
}

// others counts in words those that a warning does not name.
func others(n int) string {
	if n == 1 {
		return "1 other"
	}
	return fmt.Sprintf("%d others", n)
}

// An added is an item as it was stored just now.
type added struct {
	listedItem
	info storage.Info
}

// is tells whether an object that a listing gives is the one that was stored.
func (a added) is(listed storage.Info) bool {
	return a.md5 != "" && a.info.Size == listed.Size && a.info.ETag == listed.ETag &&
		(listed.ETag != "" || a.info.ModTime.Equal(listed.ModTime))
}

// take stores files as items, and gives what was stored by its key. If the dataset
// is a fresh one, which is made in one go, then the MD5 of items that have none
// recorded beside them is found on the way, and nothing of a failure is kept.
func (p *Proto) take(ctx context.Context, files []addition, fresh bool, o Observer) (map[string]added, error) {
	if err := p.mustHold(ctx, relpaths(files)); err != nil {
		return nil, err
	}
	var bytes int64
	for _, file := range files {
		bytes += file.size
	}
	meter := o.meter("Adding", len(files), bytes)
	stored := make([]added, len(files))
	work := itemWork{p.client, "adding", meter, []storage.Store{p.store}}
	err := doForItems(ctx, work, files, addition.item, func(ctx context.Context, i int, file addition) (err error) {
		stored[i], err = p.takeOne(ctx, file, fresh, meter)
		return err
	})
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]added, len(stored))
	for _, a := range stored {
		byKey[a.info.Key] = a
	}
	return byKey, p.sync(ctx)
}

func (p *Proto) takeOne(ctx context.Context, file addition, fresh bool, meter *transfer.Meter) (added, error) {
	item := added{listedItem: listedItem{relpath: file.relpath}}
	key, err := p.layout.itemKey(file.relpath)
	if err != nil {
		return item, err
	}
	body, info, err := file.store.Get(ctx, file.key, storage.Range{})
	if err != nil {
		return item, err
	}
	defer body.Close()
	o := storage.PutOptions{Size: info.Size, ModTime: info.ModTime, Lazy: true, Resume: !fresh, Once: fresh}
	if p.layout.recordsMD5() {
		if o.MD5, _, err = readMD5(ctx, file.store, file.key, nil); err != nil {
			return item, err
		}
		item.md5 = o.MD5
	}
	if o.Metadata, err = p.layout.itemMetadata(file.relpath, o.MD5); err != nil {
		return item, err
	}
	reader := meter.Try().Reader(body)
	if item.md5 != "" || !fresh {
		item.info, err = p.store.Put(ctx, key, reader, o)
		return item, err
	}
	checked := storage.NewCheckedBody(reader, o)
	item.info, err = p.store.Put(ctx, key, checked, o)
	item.md5 = checked.MD5()
	return item, err
}

// readMD5 reads an object for its MD5 alone.
func readMD5(ctx context.Context, store storage.Store, key string, meter *transfer.Meter) (string, storage.Info, error) {
	return settle(meter, func(try *transfer.Try) (string, storage.Info, error) {
		body, info, err := store.Get(ctx, key, storage.Range{})
		if err != nil {
			return "", info, err
		}
		defer body.Close()
		checked := storage.NewCheckedBody(try.Reader(body), storage.PutOptions{Size: info.Size})
		err = drain(checked, info.Size)
		return checked.MD5(), info, err
	})
}
