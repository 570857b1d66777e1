// Demo shows dtool at work: a dataset made from real files goes to an S3 bucket
// and comes back, and each step is checked. It is run by "make demo" at the root
// of a checkout, which builds bin/dtool first.
//
// It needs no account, key or setting: it starts an S3 server of its own, keeps
// everything in a temporary directory, and stops and removes both, however it
// ends. It knows the command line of dtool and nothing of its inside.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/dtool-go/dtool/internal/s3test"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := demonstrate(ctx)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Fprintln(os.Stderr, "demo: interrupted; the server is stopped and its directory removed")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo: failed:", err)
		os.Exit(1)
	}
}

// demonstrate sets up the machine that the tour needs, and takes it down again.
func demonstrate(ctx context.Context) (err error) {
	program, err := filepath.Abs(filepath.Join("bin", "dtool"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("run it by make demo, which builds bin/dtool: %w", err)
	}
	dir, err := os.MkdirTemp("", "dtool-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	server, err := s3test.Run(ctx, filepath.Join(dir, "server"))
	if err != nil {
		return err
	}
	defer server.Stop()
	if err := server.MakeBucket(ctx, bucket); err != nil {
		return err
	}

	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	s := &session{program: program, dir: home, out: os.Stdout, env: cleanEnvironment(os.Environ())}
	return tour(ctx, s, server)
}
