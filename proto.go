package dtool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"

	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

// A Proto is a proto dataset: items can be added to it until it is frozen.
type Proto struct{ *Dataset }

func (p *Proto) mustBeProto() error {
	if p.Frozen() {
		return fmt.Errorf("%s: %w", p.uri, ErrFrozen)
	}
	return nil
}

// An addition is a local file that becomes an item.
type addition struct {
	store   storage.Store
	key     string
	relpath string
	size    int64
}

// AddFile adds a local file as an item, in place of one of the same relpath. An empty relpath
// stands for the file's base name.
func (p *Proto) AddFile(ctx context.Context, file, relpath string, o Observer) error {
	if relpath == "" {
		relpath = filepath.Base(file)
	}
	relpath, err := cleanRelpath(filepath.ToSlash(relpath))
	if err != nil {
		return err
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	store, err := disk.New(filepath.Dir(file), disk.Options{})
	if err != nil {
		return err
	}
	info, err := store.Stat(ctx, filepath.Base(file))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return p.add(ctx, []addition{{store, info.Key, relpath, info.Size}}, o.oneAtATime())
}

// AddDir adds every file below a local directory as an item whose relpath is
// the file's path below that directory, behind the path under where that is not
// empty. Links to files are followed; links to directories are skipped, which the observer is warned of.
func (p *Proto) AddDir(ctx context.Context, dir, under string, o Observer) error {
	o = o.oneAtATime()
	files, err := p.client.filesBelow(ctx, dir, p.uri, o)
	if err != nil {
		return err
	}
	for i := range files {
		if files[i].relpath, err = cleanRelpath(path.Join(filepath.ToSlash(under), files[i].relpath)); err != nil {
			return err
		}
	}
	return p.add(ctx, files, o)
}

// filesBelow finds the files below a directory that are to become the items of
// a dataset at a URI or in a base. It fails if one of them could not be read as an item.
func (c *Client) filesBelow(ctx context.Context, dir, uri string, o Observer) ([]addition, error) {
	if err := refuseInside(dir, uri); err != nil {
		return nil, err
	}
	store, err := disk.New(dir, disk.Options{})
	if err != nil {
		return nil, err
	}
	infos, err := itemsListed(ctx, store, "", o)
	if err != nil {
		return nil, err
	}
	if _, err := store.Stat(ctx, diskLayout{}.keys().admin); err == nil {
		o.Warn(fmt.Sprintf("%s is a dataset itself: its items and its metadata become items alike", quoted(dir)))
	}
	files := make([]addition, 0, len(infos))
	for _, info := range infos {
		files = append(files, addition{store, info.Key, info.Key, info.Size})
	}
	return files, nil
}

// refuseInside refuses a directory in which the dataset lies that should take it in.
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

// itemsListed lists what can be items below a prefix. What is skipped is said, and what
// would be lost by skipping it is an error.
func itemsListed(ctx context.Context, store storage.Store, prefix string, o Observer) ([]storage.Info, error) {
	var infos []storage.Info
	for info, err := range store.List(ctx, prefix, storage.Deep) {
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
	return infos, nil
}

func (p *Proto) add(ctx context.Context, files []addition, o Observer) error {
	if err := p.mustTakeItems(ctx); err != nil {
		return err
	}
	return p.take(ctx, files, o)
}

// take stores files as items.
func (p *Proto) take(ctx context.Context, files []addition, o Observer) error {
	var bytes int64
	for _, file := range files {
		bytes += file.size
	}
	meter := o.meter("Adding", len(files), bytes)
	err := transfer.Run(ctx, p.client.workersFor(p.store), files, func(ctx context.Context, _ int, file addition) error {
		if err := p.addOne(ctx, file, meter); err != nil {
			return &ItemError{"adding", Identifier(file.relpath), file.relpath, err}
		}
		meter.ItemDone()
		return nil
	})
	if err != nil {
		return err
	}
	return p.sync(ctx)
}

// mustTakeItems asks again whether the dataset is not frozen, since somebody
// else may have frozen it meanwhile.
func (p *Proto) mustTakeItems(ctx context.Context) error {
	a, err := p.readAdmin(ctx)
	if err == nil {
		err = p.mustBeOpen(a)
	}
	if err != nil {
		return err
	}
	return p.mustOwnItems(ctx)
}

// mustBeOpen refuses a dataset to which nothing is added any more.
func (p *place) mustBeOpen(a admin) error {
	switch {
	case a.frozen():
		return fmt.Errorf("%s: %w", p.uri, ErrFrozen)
	case a.isUnfinished():
		return fmt.Errorf("%s: %w", p.uri, ErrUnfinished)
	}
	return nil
}

// mustOwnItems refuses to add to a dataset that describes somebody else's directory.
func (p *Proto) mustOwnItems(ctx context.Context) error {
	if !p.isDirectory() {
		return nil
	}
	k := p.layout.keys()
	for info, err := range p.store.List(ctx, k.top(), storage.Shallow) {
		if err != nil {
			return err
		}
		if info.Key+"/" == k.data && info.Irregular == storage.LinkToDirectory {
			return fmt.Errorf("%s: %w: its data directory is a link, items lie where it points", p.uri, ErrCannotAdd)
		}
	}
	return nil
}

func (p *Proto) addOne(ctx context.Context, file addition, meter *transfer.Meter) error {
	key, err := p.layout.itemKey(file.relpath)
	if err != nil {
		return err
	}
	body, info, err := file.store.Get(ctx, file.key, storage.Range{})
	if err != nil {
		return err
	}
	defer body.Close()
	o := storage.PutOptions{Size: info.Size, ModTime: info.ModTime, Lazy: true}
	if p.layout.recordsMD5() {
		if o.MD5, _, err = readMD5(ctx, file.store, file.key, nil); err != nil {
			return err
		}
	}
	if o.Metadata, err = p.layout.itemMetadata(file.relpath, o.MD5); err != nil {
		return err
	}
	_, err = p.store.Put(ctx, key, meter.Reader(body), o)
	return err
}

// readMD5 reads an object for its MD5 alone.
func readMD5(ctx context.Context, store storage.Store, key string, meter *transfer.Meter) (string, storage.Info, error) {
	body, info, err := store.Get(ctx, key, storage.Range{})
	if err != nil {
		return "", info, err
	}
	defer body.Close()
	checked := storage.NewCheckedBody(meter.Reader(body), storage.PutOptions{Size: info.Size})
	if _, err := io.Copy(io.Discard, checked); err != nil {
		return "", info, err
	}
	return checked.MD5(), info, nil
}

// AddMetadata sets a value for an item, which freezing makes a part of the overlay named by
// the key. The item must be there: [ErrNoItem].
func (p *Proto) AddMetadata(ctx context.Context, relpath, key string, value Value) error {
	if err := CheckName(key); err != nil {
		return err
	}
	itemKey, err := p.layout.itemKey(relpath)
	if err != nil {
		return err
	}
	if _, err := p.store.Stat(ctx, itemKey); errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("%s: %w: %s", p.uri, ErrNoItem, quoted(relpath))
	} else if err != nil {
		return err
	}
	fragment := p.layout.keys().fragments + Identifier(relpath) + "." + key + ".json"
	return writeDocument(ctx, p.store, fragment, pyjson.Line(value.v), nil)
}
