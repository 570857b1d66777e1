//go:build unix

package disk

import (
	"errors"
	"os"
	"syscall"
)

// isRunning tells whether there is a process of that number, whosever it is.
func isRunning(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil || pid <= 0 {
		return false
	}
	err = process.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, syscall.EPERM)
}
