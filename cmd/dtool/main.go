// Command dtool makes, copies, lists and checks datasets. All that it does is in
// package cli; what it takes from the machine is gathered here.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

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
// the process, and so does the end of its patience.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		s := cli.Signal((<-signals).(syscall.Signal))
		cancel(s)
		select {
		case second := <-signals:
			s = cli.Signal(second.(syscall.Signal))
		case <-time.After(patience):
		}
		endNow(s)
	}()
	return ctx
}

// patience is how long a command has to tidy up after a signal and to say how to go
// on. Whoever sent it waits for no more than a second. The library takes 0.7 s of it to
// tidy up: tidyingOnceCalledOff in package dtool.
const patience = 900 * time.Millisecond

// endNow ends the process in the middle of something that cannot be interrupted: a
// disk that does not answer, a reader that takes no more of the output. At any
// moment what is under final names is whole.
func endNow(s cli.Signal) {
	said := make(chan struct{})
	go func() {
		fmt.Fprintf(os.Stderr, "dtool: %v, before all was tidied up\n"+
			"hint: if something was being made, it is unfinished: dtool cp --resume completes a copy, and dtool rm URI removes what dtool create left\n", s)
		close(said)
	}()
	select {
	case <-said:
	case <-time.After(patience / 20): // it is the output that nobody takes
	}
	os.Exit(128 + int(s))
}
