// Package main is behind `make soak`: it does random work with the library for a set time,
// in directories and in buckets of a real server behind proxies that do to connections what
// bad networks do, while the server is killed and started again now and then. It ends with
// counts, and fails if anything was lost or wrong.
//
// What must come of the work is known by package model. This package knows how to make
// things go wrong, and to count.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

// options are what the command line says.
type options struct {
	duration time.Duration
	workers  int
	seed     uint64
}

// run gives the exit code: 0 if nothing was lost and nothing wrong, 1 if something
// was, 2 if that could not be found out.
func run(ctx context.Context, args []string, out io.Writer) int {
	var o options
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.DurationVar(&o.duration, "for", 10*time.Minute, "how long to work")
	flags.IntVar(&o.workers, "workers", 3, "how many work at a time, each on datasets of its own")
	flags.Uint64Var(&o.seed, "seed", rand.Uint64(), "what the work is drawn from")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	totals, err := soak(ctx, o, out)
	fmt.Fprint(out, totals)
	if err != nil {
		fmt.Fprintln(out, "the soak ended early:", err)
	}
	return exitCode(totals, err)
}

func exitCode(totals *counts, err error) int {
	switch {
	case totals.lost+totals.wrong > 0:
		return 1
	case err != nil:
		return 2
	}
	return 0
}
