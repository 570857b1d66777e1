// Command dtool makes, copies, lists and checks datasets. All that it does is in
// package cli; what it takes from the machine is gathered here.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/dtool-go/dtool/internal/cli"
)

// version is set by the linker.
var version string

func main() {
	home, _ := os.UserHomeDir() // empty where there is none
	os.Exit(cli.Run(untilSignal(), cli.Process{
		Args:    os.Args[1:],
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Environ: os.Environ(),
		Home:    home,
		Version: version,
	}))
}

// untilSignal gives a context that the first signal cancels. The second one ends
// the process.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		s := <-signals
		signal.Stop(signals)
		cancel(cli.Signal(s.(syscall.Signal)))
	}()
	return ctx
}
