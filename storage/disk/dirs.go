package disk

import (
	"context"
	"fmt"
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
	err := s.inRoot(ctx, dir, func(root *os.Root, name string) error {
		step("remove a directory")
		return root.RemoveAll(name)
	})
	if err != nil {
		return s.fail("remove", dir, err)
	}
	return nil
}

var (
	_ storage.DirMaker = (*Store)(nil)
	_ storage.Sweeper  = (*Store)(nil)
)
