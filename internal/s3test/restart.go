package s3test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
)

// Restart kills a server that was started here, in the midst of whatever it does, and
// starts it again at the same address with all that it had. Nobody may use the
// Server's methods meanwhile.
func (s *Server) Restart(ctx context.Context) error {
	if s.External() {
		return errors.New("a server that was not started here cannot be started again")
	}
	old := s.run
	old.stop()
	output, err := os.OpenFile(serverLog(old.dir), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer output.Close() // the child has its own handle
	again := &process{addr: old.addr, dir: old.dir, health: old.health, ended: make(chan struct{})}
	again.cmd = exec.Command(old.cmd.Path, slices.Clone(old.cmd.Args[1:])...)
	again.cmd.Env, again.cmd.Stdout, again.cmd.Stderr = old.cmd.Env, output, output
	if err := again.run(ctx, old.health); err != nil {
		return err
	}
	s.run = again
	return nil
}
