package s3test

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel end the command when its parent dies, however
// that happens.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
