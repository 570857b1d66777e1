package disk

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dtool-go/dtool/storage"
)

// MakeDir makes a directory and those above it, up to the store's own.
func (s *Store) MakeDir(ctx context.Context, dir string, exclusive bool) error {
	err := s.inRoot(ctx, dir, func(root *os.Root, name string) error {
		step("make a directory")
		if !exclusive {
			return root.MkdirAll(name, newDir)
		}
		if err := root.MkdirAll(filepath.Dir(name), newDir); err != nil {
			return err
		}
		return root.Mkdir(name, newDir)
	})
	if err != nil {
		return s.fail("mkdir", dir, err)
	}
	return nil
}

// LinkDir makes a link to a directory elsewhere, which must be there.
func (s *Store) LinkDir(ctx context.Context, dir, target string) error {
	err := s.inRoot(ctx, dir, func(root *os.Root, name string) error {
		if !filepath.IsAbs(target) {
			return fmt.Errorf("the target %q is no absolute path", target)
		}
		if info, err := os.Stat(target); err != nil {
			return err
		} else if !info.IsDir() {
			return fmt.Errorf("the target %q is no directory", target)
		}
		if err := root.MkdirAll(filepath.Dir(name), newDir); err != nil {
			return err
		}
		step("make a link")
		return root.Symlink(target, name)
	})
	if err != nil {
		return s.fail("symlink", dir, err)
	}
	return nil
}

// RemoveDir removes a directory with all that is below it, or a link to one.
func (s *Store) RemoveDir(ctx context.Context, dir string) error {
	err := s.inRoot(ctx, dir, func(root *os.Root, name string) error { return removeTree(ctx, root, name) })
	if err != nil {
		return s.fail("remove", dir, err)
	}
	return nil
}

// removeTree removes what is below a directory before the directory.
func removeTree(ctx context.Context, root *os.Root, name string) error {
	if _, err := root.Lstat(name); isAbsent(err) {
		return nil
	}
	entries, err := entriesOf(root, name)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := removeTree(ctx, root, filepath.Join(name, entry.Name())); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	step("remove a file or directory")
	if err := root.Remove(name); !isAbsent(err) {
		return err
	}
	return nil
}

// CheckRemoval looks for directories from which nothing may be removed.
func (s *Store) CheckRemoval(ctx context.Context, dir string) error {
	err := s.inRoot(ctx, dir, func(root *os.Root, name string) error {
		if _, err := root.Lstat(name); isAbsent(err) {
			return nil
		}
		if err := s.mayChange(filepath.Dir(name)); err != nil {
			return err
		}
		return s.mayEmpty(ctx, root, name)
	})
	if err != nil {
		return s.fail("remove", dir, err)
	}
	return nil
}

func (s *Store) mayEmpty(ctx context.Context, root *os.Root, name string) error {
	entries, err := entriesOf(root, name)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && len(entries) > 0 {
		err = s.mayChange(name)
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		if err := s.mayEmpty(ctx, root, filepath.Join(name, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// entriesOf lists a directory, whatever bytes the names are of. What is no directory
// has none, a link to one neither.
func entriesOf(root *os.Root, name string) ([]fs.DirEntry, error) {
	info, err := root.Lstat(name)
	if err != nil || !info.IsDir() {
		return nil, err
	}
	dir, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.ReadDir(-1)
}

var (
	_ storage.DirMaker = (*Store)(nil)
	_ storage.Sweeper  = (*Store)(nil)
)
