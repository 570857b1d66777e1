// Bench measures dtool beside what a user would pick instead: rclone, and the AWS
// command line where it is there. It is run by "make bench" at the root of a
// checkout, which builds bin/dtool and the others first.
//
// It starts an S3 server of its own and makes its data in a temporary directory,
// lets everybody do the same work in turns, compares every byte that arrived,
// and prints times, ratios, requests and memory beside their budgets. It knows
// command lines, the access log of the server and where a dataset has its items,
// and nothing of the inside of dtool.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if args := os.Args[1:]; len(args) > 0 && args[0] == bareArgument {
		err = readBare(ctx, args[1:], os.Getenv)
	} else {
		err = run(ctx, args, os.Environ(), os.Stdout, os.Stderr)
	}
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		fmt.Fprintln(os.Stderr, "bench: interrupted; the server is stopped and its directory removed")
		os.Exit(130)
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench: failed:", err)
		os.Exit(1)
	}
}

// run measures what the arguments ask for. Progress goes to stderr.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) error {
	o, err := parseOptions(args, stderr)
	if err != nil {
		return err
	}
	all := append(lines(o), line{name: growthName, work: "more and more items on disk"})
	if o.work == "?" {
		for _, l := range all {
			fmt.Fprintf(stdout, "%-14s %s\n", l.name, l.work)
		}
		return nil
	}
	chosen, err := o.choose(all)
	if err != nil {
		return err
	}
	return withStage(ctx, o, environ, func(s *stage) error {
		about, date := s.facts(ctx), time.Now()
		r := s.measure(ctx, chosen, stderr)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.writeTables(stdout)
		if err := r.err(); err != nil || o.document == "" || o.work != "" {
			return err
		}
		return os.WriteFile(o.document, document(r, about, date), 0o644)
	})
}

// withStage sets everything up, and takes it down again.
func withStage(ctx context.Context, o options, environ []string, do func(*stage) error) (err error) {
	root, err := os.MkdirTemp(o.dir, "dtool-bench-")
	if err != nil {
		return err
	}
	// dtool prints absolute paths.
	if root, err = filepath.Abs(root); err != nil {
		return err
	}
	if !o.keep {
		defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	}
	s, err := newStage(ctx, o, root, environ)
	if err != nil {
		return err
	}
	defer s.stop()
	return do(s)
}

// measure does the lines one after the other. One that fails does not keep the
// others from being measured.
func (s *stage) measure(ctx context.Context, chosen []line, progress io.Writer) report {
	var r report
	for _, l := range chosen {
		switch {
		case ctx.Err() != nil:
			return r
		case l.name == growthName:
			g, err := s.measureGrowth(ctx, progress)
			if err != nil {
				r.results = append(r.results, result{line: l, err: err})
			} else {
				r.growth = &g
			}
		default:
			r.results = append(r.results, s.compete(ctx, l, progress))
		}
	}
	return r
}
