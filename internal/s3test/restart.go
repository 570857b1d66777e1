package s3test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Restart kills a server that was started here, in the midst of whatever it does, and
// starts it again at the same address with all that it had. What it was about to write
// is removed as by whoever runs it: versitygw would list such files as objects. Nobody
// may use the Server's methods meanwhile.
func (s *Server) Restart(ctx context.Context) error {
	if s.External() {
		return errors.New("a server that was not started here cannot be started again")
	}
	old := s.run
	old.stop()
	if err := removeUnfinished(dataDir(old.dir)); err != nil {
		return err
	}
	output, err := os.OpenFile(serverLog(old.dir), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer output.Close() // the child has its own handle
	again := &process{addr: old.addr, dir: old.dir, health: old.health, ended: make(chan struct{})}
	again.cmd = exec.Command(old.cmd.Path, slices.Clone(old.cmd.Args[1:])...)
	again.cmd.Env, again.cmd.Stdout, again.cmd.Stderr = old.cmd.Env, output, output
	if err := again.run(ctx, answering(old.health)); err != nil {
		return err
	}
	s.run = again
	return nil
}

// removeUnfinished removes the files that a server has beside the objects that they were
// to become.
func removeUnfinished(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.Contains(entry.Name(), ".sgwtmp.") {
			return err
		}
		return os.Remove(path)
	})
}
