//go:build crashpoint

package disk

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// The environment of a build with the tag crashpoint.
const (
	crashAt     = "DTOOL_CRASHPOINT"        // the number of the step at which the process gets a signal
	crashSignal = "DTOOL_CRASHPOINT_SIGNAL" // the number of the signal, SIGKILL if there is none
)

//nolint:gochecknoglobals // the steps of the process are counted, whichever the store
var steps atomic.Int64

// step counts the moments between two changes of the disk, tells of each on
// standard error, and sends the process the signal when it is at the one. The
// disk is slow then: the step takes as long as the signal may need to be noticed.
func step(what string) {
	n := strconv.FormatInt(steps.Add(1), 10)
	fmt.Fprintf(os.Stderr, "crashpoint %s: %s\n", n, what)
	if n != os.Getenv(crashAt) {
		return
	}
	signal := syscall.SIGKILL
	if number, err := strconv.Atoi(os.Getenv(crashSignal)); err == nil {
		signal = syscall.Signal(number)
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(signal)
	}
	if err != nil {
		panic(err)
	}
	time.Sleep(200 * time.Millisecond)
}
