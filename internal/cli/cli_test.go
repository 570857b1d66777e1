package cli

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/pflag"
)

// run carries out a command in a directory of its own.
func run(ctx context.Context, t *testing.T, p Process) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	var out, notes strings.Builder
	if p.Stdout == nil {
		p.Stdout = &out
	}
	p.Stderr = &notes
	p.Stdin = strings.NewReader("")
	p.Hostname = "lab"
	code = Run(ctx, p)
	return code, out.String(), notes.String()
}

func TestRunTakesNothingFromTheMachine(t *testing.T) {
	t.Setenv("LOGNAME", "somebody")
	code, stdout, stderr := run(t.Context(), t, Process{Args: []string{"create", "-q", "data"}, Environ: []string{"LOGNAME=olssont"}})
	if code != 0 || !strings.HasPrefix(stdout, "file://lab/") || stderr != "" {
		t.Errorf("create: exit code %d, %q on standard output, %q on standard error", code, stdout, stderr)
	}
}

// failingWriter is a standard output that cannot be written to.
type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestLostOutputIsAnError(t *testing.T) {
	tests := []struct {
		what   string
		err    error
		code   int
		stderr string
	}{
		{"disk full", syscall.ENOSPC, 1, "dtool: writing to standard output: no space left on device\n"},
		{"reader gone", syscall.EPIPE, 141, ""},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			code, _, stderr := run(t.Context(), t, Process{Args: []string{"create", "-q", "data"}, Stdout: failingWriter{tt.err}})
			if code != tt.code || stderr != tt.stderr {
				t.Errorf("exit code %d, %q on standard error; want %d, %q", code, stderr, tt.code, tt.stderr)
			}
		})
	}
}

func TestCancelledRun(t *testing.T) {
	tests := []struct {
		what  string
		cause error
		code  int
	}{
		{"interrupted", Signal(syscall.SIGINT), 130},
		{"terminated", Signal(syscall.SIGTERM), 143},
		{"for some other reason", errors.New("no time left"), 130},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(tt.cause)
			code, stdout, stderr := run(ctx, t, Process{Args: []string{"ls", "-q"}})
			if want := "dtool: " + tt.cause.Error() + "\n"; code != tt.code || stdout != "" || stderr != want {
				t.Errorf("exit code %d, %q on standard output, %q on standard error; want %d, nothing, %q", code, stdout, stderr, tt.code, want)
			}
		})
	}
}

func TestEveryCommandExplainsItsExitCodes(t *testing.T) {
	a := &app{}
	for _, cmd := range a.rootCommand().Commands() {
		for _, c := range append(cmd.Commands(), cmd) {
			if c.HasSubCommands() || c.Name() == "help" {
				continue
			}
			if !strings.Contains(c.Annotations[exitHelp], "  0    done\n") {
				t.Errorf("%s does not", c.CommandPath())
			}
		}
	}
}

// TestFlagsNameTheirValues looks for what pflag shows as a type otherwise.
func TestFlagsNameTheirValues(t *testing.T) {
	for _, words := range commandsOf((&app{}).rootCommand()) {
		cmd, _, err := (&app{}).rootCommand().Find(strings.Fields(words))
		if err != nil {
			t.Fatal(err)
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if name, _ := pflag.UnquoteUsage(f); name != "" && !strings.Contains(f.Usage, "`"+name+"`") {
				t.Errorf("%s: the value of --%s is a %s: name it in back quotes", cmd.CommandPath(), f.Name, name)
			}
		})
	}
}
