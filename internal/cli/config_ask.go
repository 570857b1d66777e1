package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"
)

// maxSecret is how many bytes a line of secrets has at most.
const maxSecret = 4 << 10

// askSecrets asks for secrets at a terminal, which does not show them, or reads as
// many lines of standard input. The names are for people.
func (a *app) askSecrets(ctx context.Context, names ...string) ([]string, error) {
	if fd, ok := terminal(a.Stdin); ok {
		return a.askTerminal(ctx, fd, names)
	}
	text, err := untilCancelled(ctx, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(a.Stdin, int64(len(names)*maxSecret)+1))
	})
	if err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	if len(lines) != len(names) {
		return nil, &usageError{
			fmt.Sprintf("standard input has not the lines that are wanted: %s, and no other", strings.Join(names, ", ")),
			"type them at a terminal, or write each into a line of its own",
		}
	}
	var secrets []string
	for i, line := range lines {
		secrets = append(secrets, strings.TrimSuffix(string(line), "\r"))
		if secrets[i] == "" {
			return nil, noSecret(names[i])
		}
	}
	return secrets, nil
}

func (a *app) askTerminal(ctx context.Context, fd int, names []string) ([]string, error) {
	asIs, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("asking at the terminal: %w", err)
	}
	// Who is interrupted leaves a terminal behind that shows what is typed.
	defer func() { _ = term.Restore(fd, asIs) }()
	var secrets []string
	for _, name := range names {
		fmt.Fprintf(a.Stderr, "%s: ", name)
		secret, err := untilCancelled(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
		fmt.Fprintln(a.Stderr)
		switch {
		case errors.Is(err, io.EOF), err == nil && len(secret) == 0:
			return nil, noSecret(name)
		case err != nil:
			return nil, fmt.Errorf("asking at the terminal: %w", err)
		}
		secrets = append(secrets, string(secret))
	}
	return secrets, nil
}

func noSecret(name string) error {
	return &usageError{strings.ToLower(name) + " is missing", "nothing was changed"}
}
