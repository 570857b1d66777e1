package dtool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/dtool-go/dtool/internal/portable"
	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

// OpenItem opens the content of an item as a stream. A content that is not that
// of the manifest gives [storage.ErrCorrupted] in place of io.EOF, so that what
// was read to its end is right. The caller closes the stream.
func (d *Dataset) OpenItem(ctx context.Context, identifier string) (io.ReadCloser, error) {
	m, err := d.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	item, err := m.Item(identifier)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.uri, err)
	}
	key, err := d.layout.itemKey(item.Relpath)
	if err != nil {
		return nil, err
	}
	body, _, err := d.store.Get(ctx, key, storage.Range{})
	if err != nil {
		return nil, &ItemError{"opening", item.Identifier, item.Relpath, err}
	}
	return struct {
		io.Reader
		io.Closer
	}{m.checked(body, item), body}, nil
}

// ItemPath gives the absolute path of a local file that holds the content of an
// item: where the dataset lies in a directory, the item itself; else a file in
// the cache, which is fetched unless a file of the right size and hash is
// there.
func (d *Dataset) ItemPath(ctx context.Context, identifier string) (string, error) {
	m, err := d.Manifest(ctx)
	if err != nil {
		return "", err
	}
	item, err := m.Item(identifier)
	if err != nil {
		return "", fmt.Errorf("%s: %w", d.uri, err)
	}
	if local, ok := d.store.(storage.LocalPather); ok {
		return d.localItem(ctx, local, item)
	}
	file, err := d.fetch(ctx, m, item)
	if err != nil {
		return "", &ItemError{"fetching", item.Identifier, item.Relpath, err}
	}
	return file, nil
}

func (d *Dataset) localItem(ctx context.Context, local storage.LocalPather, item Item) (string, error) {
	key, err := d.layout.itemKey(item.Relpath)
	if err != nil {
		return "", err
	}
	if _, err := d.store.Stat(ctx, key); err != nil {
		return "", &ItemError{"fetching", item.Identifier, item.Relpath, err}
	}
	return local.LocalPath(key)
}

// fetch puts an item into the cache. Two processes that fetch one item do not
// disturb each other, since the file appears whole.
func (d *Dataset) fetch(ctx context.Context, m *Manifest, item Item) (string, error) {
	within := cmp.Or(d.cached, d.UUID())
	dir, err := d.client.cacheDirectory(within)
	if err != nil {
		return "", err
	}
	cache, err := d.client.openDirectory(dir, disk.Options{TempDir: ".tmp"})
	if err != nil {
		return "", err
	}
	key := within + "/" + item.Identifier + lastSuffix(item.Relpath)
	switch err = m.checkItem(ctx, cache, key, item, nil); {
	case err == nil && m.unverifiable(item) == "":
		return cache.LocalPath(key)
	case err != nil && !errors.Is(err, storage.ErrNotFound) && !isMismatch(err):
		return "", err
	}
	o := storage.PutOptions{Size: item.Size, MD5: m.md5Of(item), ModTime: fromUnixSeconds(item.Timestamp)}
	err = reread(d.uri, nil, func(*transfer.Try) error {
		body, err := d.OpenItem(ctx, item.Identifier)
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = cache.Put(ctx, key, body, o)
		return err
	})
	if err != nil {
		return "", err
	}
	return cache.LocalPath(key)
}

// cacheDirectory gives the cache, which has a directory within for the dataset. Only its
// owner can look into what is made there, also if others can into the cache.
func (c *Client) cacheDirectory(within string) (string, error) {
	dir := c.settings.CacheDirectory(c.home)
	if dir == "" {
		return "", errors.New("there is no home directory for the cache: set DTOOL_CACHE_DIRECTORY")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding the cache: %w", err)
	}
	const ownerOnly = 0o700
	if err := os.MkdirAll(filepath.Join(dir, within), ownerOnly); err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	return dir, nil
}

// lastSuffix gives the suffix of a file name with its dot, or "". A name of
// dots and one word has none, and no suffix is what not every system could have behind
// an identifier: the file is printed, and belongs to somebody who did not choose it.
func lastSuffix(relpath string) string {
	suffix := path.Ext(strings.TrimLeft(path.Base(relpath), "."))
	const longest = 200 // bytes
	if len(suffix) > longest || strings.ContainsFunc(suffix, unicode.IsControl) || portable.Windows("x"+suffix) != "" {
		return ""
	}
	return suffix
}
