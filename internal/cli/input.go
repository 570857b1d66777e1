package cli

import (
	"context"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/dtool-go/dtool"
)

// terminal gives the number of the terminal that a stream is, if it is one.
func terminal(stream any) (fd int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}

// isTerminal tells whether somebody may sit before a stream.
func isTerminal(stream any) bool {
	_, ok := terminal(stream)
	return ok
}

// readFile reads a file, or standard input where its name is "-".
func (a *app) readFile(ctx context.Context, name string) ([]byte, error) {
	if name == "-" {
		return readAll(ctx, a.Stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(ctx, f)
}

func readAll(ctx context.Context, r io.Reader) ([]byte, error) {
	return untilCancelled(ctx, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(r, dtool.MaxREADMESize+1)) // of which one byte is too many
	})
}

// untilCancelled reads to the end, or until the context is cancelled: at a terminal or a
// pipe nothing else would end the wait. The reader is then left to a read that may never
// return, which only a program that is about to end can do.
func untilCancelled[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case got := <-done:
		return got.value, got.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
