package disk

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// What a path need not be walked for, since the file is open.

// setModTime gives an open file its time, and leaves that of the last access.
func setModTime(file *os.File, t time.Time) error {
	modified, err := unix.TimeToTimespec(t)
	if err != nil {
		return err
	}
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, modified}
	return unix.UtimesNanoAt(int(file.Fd()), "", times, unix.AT_EMPTY_PATH)
}

// worthReserving is the size from which on room is set aside for a file. Below
// it that would take longer than the writing.
const worthReserving = 4 << 20

// reserve sets room aside for a file of a size, so that a full disk is found
// before the body is read, and the file lies in one piece. Its length stays what
// was written to it. It fails only where there is no room for certain.
func reserve(file *os.File, size int64) error {
	if size < worthReserving {
		return nil
	}
	var system unix.Statfs_t
	if err := unix.Fstatfs(int(file.Fd()), &system); err != nil || !reserves(&system) {
		return nil //nolint:nilerr // then nothing is known beforehand
	}
	// A disk that is too small by far is not filled to find that out.
	limited := system.Blocks > 0 // a tmpfs may have no bound of its own
	if limited && uint64(size)/uint64(system.Bsize) > system.Bfree {
		return os.NewSyscallError("fallocate", unix.ENOSPC)
	}
	err := unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) {
		return os.NewSyscallError("fallocate", err)
	}
	return nil
}

// reserves tells the file systems in which room that was set aside is kept, and
// costs nothing else. Others refuse it, or promise it and may break the promise,
// or no longer compress the file (Btrfs).
func reserves(system *unix.Statfs_t) bool {
	switch system.Type {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		return true
	}
	return false
}

// startSending has the system begin to send a part of a file to the disk, and
// does not wait for it. What comes of it, a later sync tells.
func startSending(file *os.File, offset, length int64) {
	_ = unix.SyncFileRange(int(file.Fd()), offset, length, unix.SYNC_FILE_RANGE_WRITE)
}
