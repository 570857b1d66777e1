package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// errSwept means that a new file was taken for one that nobody writes any more.
var errSwept = errors.New("the file was swept away")

// hold locks a file that is about to be written, through a handle of its own: the
// file may be closed before it has its name. The system gives the lock back when
// the process is no more, whatever ended it. Where a lock tells nothing there is
// none, and no handle.
func hold(file *os.File) (*os.File, error) {
	if !locksTell(file) {
		return nil, nil //nolint:nilnil // nothing is held, and that is no failure
	}
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	held := os.NewFile(uintptr(fd), file.Name())
	if err := lockStill(fd); err != nil {
		held.Close()
		return nil, err
	}
	return held, nil
}

// lockStill locks a file that was made just now, and is to be there still.
func lockStill(fd int) error {
	err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return errSwept
	case err != nil:
		return os.NewSyscallError("flock", err)
	}
	var now unix.Stat_t
	if err := unix.Fstat(fd, &now); err != nil {
		return os.NewSyscallError("fstat", err)
	}
	if now.Nlink == 0 {
		return errSwept
	}
	return nil
}

// abandoned tells of a file whether the process that wrote it is no more, if that
// can be known from its lock. It keeps the lock until the handle is closed, so that
// nobody goes on with the file meanwhile.
func abandoned(file *os.File) (yes, known bool) {
	if !locksTell(file) {
		return false, false
	}
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	return err == nil, err == nil || errors.Is(err, unix.EWOULDBLOCK)
}

// locksTell tells the file systems that one computer has for itself. On those that
// several share a lock may be known to one of them alone, and costs a round trip.
func locksTell(file *os.File) bool {
	var system unix.Statfs_t
	if err := unix.Fstatfs(int(file.Fd()), &system); err != nil {
		return false
	}
	switch system.Type {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC,
		unix.TMPFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC:
		return true
	}
	return false
}
