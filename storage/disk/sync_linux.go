package disk

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// syncsMany tells that Sync makes up for what lazy Puts leave undone.
const syncsMany = true

// Sync asks the file system to send all that it holds back to the disk, and
// waits for that. It is one request however many files were written: asking for
// each of thousands of small files takes most of the time of writing them.
func (s *Store) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return s.fail("sync", "", err)
	}
	dir, err := os.Open(s.dir)
	if isAbsent(err) {
		err = s.absence(".", err)
	}
	if err != nil {
		return s.fail("sync", "", err)
	}
	defer dir.Close()
	step("send all to the disk")
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		return s.fail("sync", "", os.NewSyscallError("syncfs", err))
	}
	return nil
}
