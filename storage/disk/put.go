package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// Put writes a file under a random name, sends it to the disk, and then gives it
// its own name: under that name lies the old file or the whole new one, even if
// the power fails. A lazy Put leaves the sending to Sync, where the system can
// do that for many files at once: if the power fails before, the file may be
// empty or cut short under its own name. Where there is a link, it is the link
// that is replaced.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, opts storage.PutOptions) (storage.Info, error) {
	var info fs.FileInfo
	err := s.inRoot(ctx, key, func(root *os.Root, name string) (err error) {
		if err := s.holdable(name); err != nil {
			return err
		}
		tempDir := filepath.FromSlash(s.opts.TempDir)
		if tempDir == "" {
			tempDir = filepath.Dir(name)
		} else {
			s.unfinished.Add(1)
			defer func() {
				if s.unfinished.Add(-1) == 0 {
					leave(root, tempDir)
				}
			}()
		}
		info, err = s.put(ctx, root, tempDir, name, body, opts)
		return err
	})
	if err != nil {
		return storage.Info{}, s.fail("write", key, err)
	}
	return objectInfo(key, info), nil
}

// leave removes the directory for unfinished objects when nothing is being written
// any more. What lies there still is another process's, or is swept away.
func leave(root *os.Root, tempDir string) {
	if err := root.Remove(tempDir); err != nil && !isAbsent(err) {
		_ = sweep(root, tempDir) // the object is in its place, and Sweep tells failures
	}
}

// holdable refuses a name that could be written step by step and yet not be
// read at once, because it is too long, and one that a directory has.
func (s *Store) holdable(name string) error {
	info, err := os.Lstat(filepath.Join(s.dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && info.IsDir():
		return fmt.Errorf("%w: there is a directory of this name", storage.ErrExists)
	}
	return err
}

func (s *Store) put(ctx context.Context, root *os.Root, tempDir, name string, body io.Reader, opts storage.PutOptions) (fs.FileInfo, error) {
	temp, err := createTemp(root, tempDir)
	if err != nil {
		return nil, err
	}
	defer temp.letGo()
	var info fs.FileInfo
	if err = s.fill(ctx, temp.File, body, opts); err == nil {
		info, err = finish(root, temp, opts.ModTime)
	} else {
		err = errors.Join(err, temp.Close())
	}
	if err == nil {
		err = publish(root, temp.name, name, opts)
	}
	if err != nil {
		return nil, errors.Join(err, root.Remove(temp.name))
	}
	return info, nil
}

// bufferSize is how many bytes are read, hashed and written at a time: few
// enough to stay in the cache of a core between the three.
const bufferSize = 128 << 10

type buffer = [bufferSize]byte

// sendStep is how many bytes of a large file are written before the disk is told
// of them, so that there is less to wait for in the end.
const sendStep = 8 << 20

// fill writes the body and, unless that is left to Sync, waits for the disk to
// have it.
func (s *Store) fill(ctx context.Context, file *os.File, body io.Reader, opts storage.PutOptions) error {
	if err := reserve(file, opts.Size); err != nil {
		return err
	}
	buf, ok := s.buffers.Get().(*buffer)
	if !ok {
		buf = new(buffer)
	}
	defer s.buffers.Put(buf)
	checked := storage.CheckBody(body, opts)
	var written, sent int64
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, bodyErr := checked.Read(buf[:])
		step("write a file")
		if _, err := file.Write(buf[:n]); err != nil {
			return err
		}
		if written += int64(n); written-sent >= sendStep {
			startSending(file, sent, written-sent)
			sent = written
		}
		switch {
		case bodyErr == io.EOF:
			if leftToSync(opts) {
				return nil
			}
			step("send a file to the disk")
			return file.Sync()
		case bodyErr != nil:
			return bodyError{bodyErr}
		}
	}
}

// finish gives a written file its time, closes it and describes it. A time that
// the caller chose can be given to the open file, where the system can do that;
// otherwise closing may change it.
func finish(root *os.Root, file *unfinished, modTime time.Time) (fs.FileInfo, error) {
	if !modTime.IsZero() && setModTime(file.File, modTime) == nil {
		info, err := file.Stat()
		return info, errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	if !modTime.IsZero() {
		if err := root.Chtimes(file.name, time.Time{}, modTime); err != nil {
			return nil, err
		}
	}
	return root.Lstat(file.name)
}

// publish gives a finished file its name.
func publish(root *os.Root, temp, name string, opts storage.PutOptions) error {
	step("give a file its name")
	err := root.Rename(temp, name)
	if errors.Is(err, fs.ErrNotExist) {
		if err = root.MkdirAll(filepath.Dir(name), newDir); err == nil {
			err = root.Rename(temp, name)
		}
	}
	if err != nil {
		return err
	}
	step("send a name to the disk")
	if !leftToSync(opts) {
		syncDir(root, filepath.Dir(name))
	}
	return nil
}

func leftToSync(opts storage.PutOptions) bool { return opts.Lazy && syncsMany }

// syncDir asks the disk to keep the new name. It cannot fail, since the object
// is in its place by now, and not every system can do this to a directory:
// where it could not, a power failure may still bring back what the key held
// before.
func syncDir(root *os.Root, name string) {
	dir, err := root.Open(name)
	if err != nil {
		return
	}
	defer dir.Close()
	_ = dir.Sync() // see above
}
