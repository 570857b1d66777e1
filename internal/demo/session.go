package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// A session is what a person sees at a terminal: commands, their output, and
// remarks between them.
type session struct {
	program string // the path of dtool
	dir     string // where the commands run
	env     []string
	out     io.Writer
}

// cleanEnvironment drops what would make a difference to dtool: settings of
// its own and those for AWS.
func cleanEnvironment(env []string) []string {
	var clean []string
	for _, setting := range env {
		if !strings.HasPrefix(setting, "DTOOL_") && !strings.HasPrefix(setting, "AWS_") {
			clean = append(clean, setting)
		}
	}
	return clean
}

// remark says something about what follows.
func (s *session) remark(format string, args ...any) {
	fmt.Fprintf(s.out, "\n# "+format+"\n", args...)
}

// export sets a variable for the commands that follow.
func (s *session) export(name, value string) {
	fmt.Fprintf(s.out, "$ export %s=%s\n", name, quote(value))
	s.env = append(s.env, name+"="+value)
}

// A pipe is what a person puts behind a command to see less of its output.
type pipe struct {
	command string // as it is typed
	keep    func(lines []string) []string
}

func head(n int) pipe {
	return pipe{fmt.Sprintf("head -n %d", n), func(lines []string) []string {
		return lines[:min(n, len(lines))]
	}}
}

func grep(text string) pipe {
	return pipe{"grep " + quote(text), func(lines []string) []string {
		var kept []string
		for _, line := range lines {
			if strings.Contains(line, text) {
				kept = append(kept, line)
			}
		}
		return kept
	}}
}

// dtool runs a command, shows it with its output, and gives the lines of its
// standard output.
func (s *session) dtool(ctx context.Context, args ...string) ([]string, error) {
	return s.dtoolPiped(ctx, pipe{keep: func(lines []string) []string { return lines }}, args...)
}

// dtoolPiped shows only what passes the pipe, and gives all lines.
func (s *session) dtoolPiped(ctx context.Context, p pipe, args ...string) ([]string, error) {
	words := []string{"dtool"}
	for _, arg := range args {
		words = append(words, quote(arg))
	}
	typed := strings.Join(words, " ")
	if p.command != "" {
		typed += " | " + p.command
	}
	fmt.Fprintf(s.out, "$ %s\n", typed)

	var stdout bytes.Buffer
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	cmd.Stdout, cmd.Stderr = &stdout, os.Stderr // progress shows on a terminal
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()

	lines := splitLines(stdout.String())
	for _, line := range p.keep(lines) {
		fmt.Fprintln(s.out, line)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", typed, err)
	}
	return lines, nil
}

func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// quote writes an argument as it is typed in a shell.
func quote(arg string) string {
	if regexp.MustCompile(`^[\w@%+=:,./-]+$`).MatchString(arg) {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
