//go:build !unix

package disk

import "os"

// isRunning tells whether there is a process of that number: here, only of one
// that is there a handle can be had.
func isRunning(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = process.Release() // the handle was all that was wanted
	return true
}
