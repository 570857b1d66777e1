package main

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// programs gives what this test's own program can be, by the name that it is run by.
func programs() map[string]func() {
	return map[string]func(){"dtool": main, "curl": curl, "peak-of": peakOf}
}

// peakOf runs a program, writes into a file how many KiB that had resident at most,
// and ends as it did. The system counts into it what the process that began it had:
// that is why this is a process of its own, small beside the one of the tests.
func peakOf() {
	runtime.LockOSThread() // the kernel ends a child with the thread that began it
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	_ = cmd.Run() // its exit code is told
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok || os.WriteFile(os.Args[1], []byte(strconv.FormatInt(usage.Maxrss, 10)), 0o600) != nil {
		os.Exit(1)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}
