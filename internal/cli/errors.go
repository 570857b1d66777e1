package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// A Signal is the cause of a context that a signal to the process cancelled.
type Signal syscall.Signal

func (s Signal) Error() string { return "stopped by signal: " + syscall.Signal(s).String() }

// Is tells that all was called off, and nothing failed.
func (s Signal) Is(target error) bool { return target == context.Canceled }

// A usageError means that the command line itself is wrong.
type usageError struct{ what, hint string }

func (e *usageError) Error() string { return e.what }

// A hinted error knows what to try next.
type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }

// A status is an exit code that a command decided on, with the error that is the
// reason, or with none where the results say it all.
type status struct {
	code int
	err  error
}

func (s *status) Error() string {
	if s.err == nil {
		return fmt.Sprintf("exit %d", s.code)
	}
	return s.err.Error()
}

func (s *status) Unwrap() error { return s.err }

// An exit is an exit code of one command, beyond those that all commands have.
type exit struct {
	code int
	when error // the error that leads to it; nil where the command returns a status
	says string
}

// withExits gives a command its own exit codes, and its help their explanation.
func withExits(cmd *cobra.Command, exits ...exit) *cobra.Command {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		for _, e := range exits {
			if e.when != nil && errors.Is(err, e.when) {
				return &status{e.code, err}
			}
		}
		return err
	}
	cmd.Annotations = map[string]string{exitHelp: explain(exits)}
	return cmd
}

// exitHelp is the annotation of a command that explains its exit codes.
const exitHelp = "exits"

// commonExits gives the exit codes that all commands have.
func commonExits() []exit {
	return []exit{
		{0, nil, "done"},
		{1, nil, "failed: a store refuses or cannot be reached, a document is broken"},
		{2, nil, "wrong usage; no dataset at the URI; a proto dataset where a frozen one is"},
		{2, nil, "wanted, or the reverse; something is there already"},
		{130, nil, "interrupted; 143 if terminated"},
	}
}

func explain(own []exit) string {
	exits := append(commonExits(), own...)
	slices.SortStableFunc(exits, func(a, b exit) int { return a.code - b.code })
	var b strings.Builder
	for i, e := range exits {
		if i > 0 && exits[i-1].code == e.code {
			fmt.Fprintf(&b, "       %s\n", e.says)
		} else {
			fmt.Fprintf(&b, "  %-3d  %s\n", e.code, e.says)
		}
	}
	return b.String()
}

// exitCode is the one place where errors become exit codes.
func exitCode(ctx context.Context, err error) int {
	var decided *status
	var usage *usageError
	var signal Signal
	switch {
	case err == nil:
		return 0
	case isBrokenPipe(err):
		return 128 + int(syscall.SIGPIPE)
	case ctx.Err() != nil && errors.As(context.Cause(ctx), &signal):
		return 128 + int(signal)
	case ctx.Err() != nil:
		return 128 + int(syscall.SIGINT)
	case errors.As(err, &decided):
		return decided.code
	case errors.As(err, &usage),
		errors.Is(err, dtool.ErrNotDataset),
		errors.Is(err, dtool.ErrNotFrozen),
		errors.Is(err, dtool.ErrFrozen),
		errors.Is(err, dtool.ErrUnfinished),
		errors.Is(err, dtool.ErrExists),
		errors.Is(err, dtool.ErrInside),
		errors.Is(err, dtool.ErrCannotAdd),
		errors.Is(err, dtool.ErrInvalidURI),
		errors.Is(err, storage.ErrReadOnly):
		return 2
	}
	return 1
}

// isBrokenPipe tells whether whoever read the results has gone, which is no
// reason to say anything.
func isBrokenPipe(err error) bool {
	var output *outputError
	return errors.As(err, &output) && errors.Is(err, syscall.EPIPE)
}

// report prints the error with which a command ended and gives the exit code.
func (a *app) report(ctx context.Context, err error) int {
	code := exitCode(ctx, err)
	var decided *status
	var left *dtool.LeftBehindError
	switch {
	case err == nil, isBrokenPipe(err):
		return code
	case errors.As(err, &decided) && decided.err == nil:
		return code
	case ctx.Err() != nil && errors.As(err, &left):
		a.notes.Printf("dtool: %v; %s %v", context.Cause(ctx), left.URI, dtool.ErrLeftBehind)
	case ctx.Err() != nil:
		a.notes.Printf("dtool: %v", context.Cause(ctx))
	default:
		a.notes.Printf("dtool: %v", err)
	}
	if hint := hintFor(ctx, err); hint != "" {
		a.notes.Printf("hint: %s", hint)
	}
	return code
}

// hintFor says what to try after an error, or nothing where nothing helps.
func hintFor(ctx context.Context, err error) string {
	var own hinted
	var usage *usageError
	var store *storage.Error
	var left *dtool.LeftBehindError
	switch {
	case errors.As(err, &own):
		return own.hint
	case errors.As(err, &left):
		return "what is left is no whole dataset and passes for none: dtool rm " + shellQuoted(left.URI) + " removes it; then run the command again"
	case ctx.Err() != nil:
		return ""
	case errors.As(err, &usage):
		return usage.hint
	case errors.As(err, &store) && store.Hint != "":
		return store.Hint
	}
	for _, h := range hints() {
		if errors.Is(err, h.when) {
			return h.hint
		}
	}
	return ""
}
