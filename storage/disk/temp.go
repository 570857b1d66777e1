package disk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tempPrefix begins the names of the files that are not whole yet. Behind it
// come the machine and the process that write them, so that others can tell
// whether they still do, where no lock says so.
const tempPrefix = ".unfinished-"

func tempName() string {
	return fmt.Sprintf("%s%s-%d-%s", tempPrefix, machine(), os.Getpid(), rand.Text())
}

// machine gives a short name for this computer: several may work in one
// directory, on a file system that they share.
func machine() string {
	host, _ := os.Hostname() // where there is none, all are alike
	sum := fnv.New32a()
	sum.Write([]byte(host))
	return fmt.Sprintf("%08x", sum.Sum32())
}

// An unfinished object is a file that has not got its own name yet.
type unfinished struct {
	*os.File
	name string
	lock *os.File // nil where locks tell nothing
}

// letGo lets others sweep the file away if it is still there.
func (u *unfinished) letGo() {
	if u.lock != nil {
		u.lock.Close()
	}
}

// createTemp makes a file that nobody else has. It tries again where another
// Put, of another process perhaps, has just removed the empty directory, which
// shows as a file that cannot be made or as a directory that is there and is
// not, and where it has swept away the file itself.
func createTemp(root *os.Root, dir string) (*unfinished, error) {
	var err error
	for range 100 {
		u := &unfinished{name: filepath.Join(dir, tempName())}
		step("make a file")
		u.File, err = root.OpenFile(u.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, newFile)
		if err == nil {
			if u.lock, err = hold(u.File); err == nil {
				return u, nil
			}
			u.Close()
			if !errors.Is(err, errSwept) {
				return nil, errors.Join(err, root.Remove(u.name))
			}
			continue
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = root.MkdirAll(dir, newDir)
			if err == nil {
				continue
			}
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return nil, err
}

// longestWrite is how long a process of another computer may have been silent
// about a file that it still writes.
const longestWrite = 24 * time.Hour

// Sweep removes the unfinished objects of processes that are no more, and the
// directory that they lie in if it is then empty. What a process writes, it holds
// a lock on. Where locks tell nothing, the name does: what a running process of
// this computer writes is left alone. What another computer has written to within a
// day is left alone in any case.
func (s *Store) Sweep(ctx context.Context) error {
	if s.opts.TempDir == "" {
		return nil
	}
	if err := s.inRoot(ctx, s.opts.TempDir, sweep); err != nil {
		return s.fail("remove", s.opts.TempDir, err)
	}
	return nil
}

func sweep(root *os.Root, dir string) error {
	entries, err := fs.ReadDir(root.FS(), filepath.ToSlash(dir))
	if isAbsent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := sweepOne(root, filepath.Join(dir, entry.Name()), entry); err != nil {
			return err
		}
	}
	_ = root.Remove(dir) // unless something is left in it
	return nil
}

func sweepOne(root *os.Root, name string, entry fs.DirEntry) error {
	var dead, known bool
	if entry.Type().IsRegular() { // others would be waited for
		file, err := root.Open(name)
		if err == nil {
			defer file.Close() // and with it the lock
			dead, known = abandoned(file)
		}
	}
	if known && !dead || namesWriter(entry, known) {
		return nil
	}
	step("sweep a file away")
	return root.RemoveAll(name)
}

// namesWriter tells whether the name of a file is that of a process which may still
// write it. If the file is known to be locked by no process of this computer, then only
// another one can: the disk may be this one's own, and others reach it over a network.
func namesWriter(entry fs.DirEntry, notHere bool) bool {
	rest, ok := strings.CutPrefix(entry.Name(), tempPrefix)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "-")
	if len(parts) != 3 {
		return false
	}
	if parts[0] == machine() {
		pid, err := strconv.Atoi(parts[1])
		return err == nil && !notHere && isRunning(pid)
	}
	info, err := entry.Info()
	return err == nil && time.Since(info.ModTime()) < longestWrite
}
