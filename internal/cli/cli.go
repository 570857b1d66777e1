// Package cli is the command line of dtool: for each command it parses the
// arguments, calls the library and prints what came of it.
//
// It knows the words, the output and the exit codes that scripts rely on, and
// what a terminal is. It knows nothing of layouts and stores, and takes nothing
// from the machine by itself: arguments, environment, streams and clock come in
// as a [Process].
package cli

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// A Process is the world around one run of the program.
type Process struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Environ []string // NAME=value
	Home    string   // empty where there is none
	Version string   // of a release; empty: what the Go build recorded

	// What follows is for tests and may be left empty.

	Hostname string                    // for file URIs
	Now      func() time.Time          // the clock
	Buckets  map[string]storage.Opener // further schemes and what opens their buckets
}

// Run carries out the command that the arguments name and gives the exit code.
// Whatever was printed as an error, the code is not 0. When the context is
// cancelled the command stops; if its cause is a [Signal], then the exit code is
// that of a process which the signal ended.
func Run(ctx context.Context, p Process) int {
	a := &app{
		Process: p,
		out:     newOutput(p.Stdout),
		notes:   notes{w: p.Stderr},
		waits:   newTeller(p.Stderr, p.Now),
	}
	err := a.execute(ctx)
	if flushErr := a.out.Flush(); err == nil {
		err = flushErr
	}
	return a.report(ctx, err)
}

// An app is what the commands of one run share.
type app struct {
	Process
	out         *output // results
	notes       notes   // what is said beside them
	waits       *teller // what is said of waiting
	debug       bool
	quiet       bool
	concurrency concurrency
	bandwidth   byteRate
	client      *dtool.Client // nil until it is needed
}

func (a *app) execute(ctx context.Context) error {
	root := a.rootCommand()
	root.SetArgs(append([]string{}, a.Args...)) // cobra takes os.Args in place of nil
	root.SetIn(a.Stdin)
	root.SetOut(a.out)
	root.SetErr(a.Stderr)
	return root.ExecuteContext(ctx)
}

// library gives the client through which every command reaches datasets. It is
// made when it is first asked for, so that --help needs no settings.
func (a *app) library() (*dtool.Client, error) {
	if a.client != nil {
		return a.client, nil
	}
	client, err := dtool.NewClient(dtool.Options{
		Environ:     a.Environ,
		Home:        a.Home,
		Hostname:    a.Hostname,
		Concurrency: int(a.concurrency),
		Bandwidth:   int64(a.bandwidth),
		Now:         a.Now,
		Logger:      a.logger(),
		Buckets:     a.Buckets,
	})
	a.client = client
	return client, err
}

func (a *app) logger() *slog.Logger {
	switch {
	case a.debug:
		return slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	case a.quiet:
		return nil
	}
	return slog.New(waits{teller: a.waits})
}

func (a *app) open(ctx context.Context, uri string) (*dtool.Dataset, error) {
	client, err := a.library()
	if err != nil {
		return nil, err
	}
	return client.Open(ctx, uri)
}

func (a *app) openFrozen(ctx context.Context, uri string) (*dtool.Dataset, error) {
	client, err := a.library()
	if err != nil {
		return nil, err
	}
	return client.OpenFrozen(ctx, uri)
}

func (a *app) openProto(ctx context.Context, uri string) (*dtool.Proto, error) {
	client, err := a.library()
	if err != nil {
		return nil, err
	}
	return client.OpenProto(ctx, uri)
}
