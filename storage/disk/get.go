package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dtool-go/dtool/storage"
)

// Get opens a file. A file that is changed in place while it is read gives
// [storage.ErrCorrupted]; one that is replaced by Put goes on giving its old
// bytes.
func (s *Store) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	body, err := s.open(ctx, key, r)
	if err != nil {
		return nil, storage.Info{}, s.fail("open", key, err)
	}
	return body, objectInfo(key, body.info), nil
}

// Stat describes a file.
func (s *Store) Stat(ctx context.Context, key string) (storage.Info, error) {
	info, err := s.stat(ctx, key)
	if err != nil {
		return storage.Info{}, s.fail("stat", key, err)
	}
	return objectInfo(key, info), nil
}

func (s *Store) open(ctx context.Context, key string, r storage.Range) (*body, error) {
	// Looking comes first, since opening a named pipe would wait for its writer.
	if _, err := s.stat(ctx, key); err != nil {
		return nil, err
	}
	name, err := localName(key)
	if err != nil {
		return nil, err
	}
	file, err := s.openFile(key, name)
	if isAbsent(err) {
		return nil, s.absence(name, err)
	}
	if err != nil {
		return nil, err
	}
	b := &body{ctx: ctx, store: s, key: key, file: file}
	if err := b.start(r); err != nil {
		file.Close()
		return nil, err
	}
	return b, nil
}

// stat describes the regular file of a key, behind whatever links.
func (s *Store) stat(ctx context.Context, key string) (fs.FileInfo, error) {
	name, err := localName(key)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	info, err := s.statFile(key, name)
	switch {
	case isAbsent(err):
		return nil, s.absence(name, err)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%w: it is a directory", storage.ErrNotFound)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("it is %s", irregular(info.Mode()))
	}
	return info, nil
}

// inside tells whether links must not lead from a key out of the directory.
func (s *Store) inside(key string) bool { return !strings.HasPrefix(key, s.opts.LinksBelow) }

func (s *Store) openFile(key, name string) (*os.File, error) {
	if s.inside(key) {
		return os.OpenInRoot(s.dir, name)
	}
	return os.Open(filepath.Join(s.dir, name))
}

// leadsOut gives the reason for a failure to look at a file, if that is a link
// out of the directory.
func (s *Store) leadsOut(name string, cause error) error {
	dir, errDir := filepath.EvalSymlinks(s.dir)
	target, err := filepath.EvalSymlinks(filepath.Join(s.dir, name))
	if errDir != nil || err != nil {
		return cause
	}
	if rel, err := filepath.Rel(dir, target); err == nil && filepath.IsLocal(rel) {
		return cause
	}
	return fmt.Errorf("it is a link to %s, outside of the directory", target)
}

func (s *Store) statFile(key, name string) (fs.FileInfo, error) {
	if !s.inside(key) {
		return os.Stat(filepath.Join(s.dir, name))
	}
	root, err := os.OpenRoot(s.dir)
	switch {
	case err != nil && s.missing():
		return nil, &fs.PathError{Op: "open", Path: s.dir, Err: fs.ErrNotExist}
	case err != nil:
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err != nil && !isAbsent(err) {
		return nil, s.leadsOut(name, err)
	}
	return info, err
}

func objectInfo(key string, info fs.FileInfo) storage.Info {
	return storage.Info{Key: key, Size: info.Size(), ModTime: info.ModTime()}
}

// A body gives the promised part of a file or fails.
type body struct {
	ctx   context.Context //nolint:containedctx // a body lives as long as its Get
	store *Store
	key   string
	file  *os.File
	info  fs.FileInfo // as it was opened
	left  int64       // bytes still to give
	err   error       // what Read gives from now on
}

func (b *body) start(r storage.Range) error {
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	b.info = info
	if b.left, err = r.In(info.Size()); err != nil {
		return err
	}
	if r.Offset > 0 {
		_, err = b.file.Seek(r.Offset, io.SeekStart)
	}
	return err
}

// Read looks at the file once more before it gives the last bytes, since a
// caller who knows the size may never ask for the end.
func (b *body) Read(p []byte) (int, error) {
	if b.err == nil && b.left > 0 {
		return b.read(p[:min(int64(len(p)), b.left)])
	}
	if b.err == nil {
		b.err = b.unchanged()
	}
	if b.err == nil {
		b.err = io.EOF
	}
	return 0, b.err
}

func (b *body) read(p []byte) (int, error) {
	err := b.ctx.Err()
	if err != nil {
		b.err = b.store.fail("read", b.key, err)
		return 0, b.err
	}
	n, err := b.file.Read(p)
	b.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("%w: it was cut short while it was read, %d bytes are missing", storage.ErrCorrupted, b.left)
	case err == nil && b.left == 0:
		b.err = b.unchanged()
		return n, b.err
	}
	if err != nil {
		b.err = b.store.fail("read", b.key, err)
	}
	return n, b.err
}

func (b *body) unchanged() error {
	now, err := b.file.Stat()
	if err == nil && (now.Size() != b.info.Size() || !now.ModTime().Equal(b.info.ModTime())) {
		err = fmt.Errorf("%w: it was changed while it was read", storage.ErrCorrupted)
	}
	if err != nil {
		return b.store.fail("read", b.key, err)
	}
	return nil
}

// Close closes the file.
func (b *body) Close() error { return b.file.Close() }
