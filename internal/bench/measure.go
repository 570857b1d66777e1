package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// An outcome is how one run of one contestant went.
type outcome struct {
	elapsed  time.Duration
	cpu      time.Duration // of the process, on all cores; zero of what is no process
	peak     memory
	requests map[string]int // by operation
	output   string         // the first of it
	lines    int            // of the output
}

// A memory is the most that a process had resident, zero of what is no process of
// its own. The kernel counts into it what the process that started it had at
// most, which is this one: no less can be told.
type memory struct{ most, floor size }

func (m memory) String() string {
	switch {
	case m.most == 0:
		return ""
	case m.most <= m.floor:
		return "< " + m.floor.String()
	}
	return m.most.String()
}

func compareMemory(a, b memory) int { return cmp.Compare(a.most, b.most) }

// lastLine gives the last line of a short output.
func (o outcome) lastLine() string {
	lines := strings.Split(strings.TrimSpace(o.output), "\n")
	return lines[len(lines)-1]
}

func (o outcome) requestsInAll() int {
	n := 0
	for _, count := range o.requests {
		n += count
	}
	return n
}

// A command is a program with its arguments and its whole environment.
type command struct {
	program string
	args    []string
	env     []string
}

// run runs the command to its end and measures it. A code other than zero is an
// error that has what the program said.
func (c command) run(ctx context.Context) (outcome, error) {
	var stdout, stderr excerpt
	cmd := exec.CommandContext(ctx, c.program, c.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	start := time.Now()
	err := cmd.Run()
	o := outcome{elapsed: time.Since(start), output: stdout.text.String(), lines: stdout.lines}
	if err != nil {
		return o, fmt.Errorf("%s: %w: %.2000s", c, err, stderr.text.String())
	}
	o.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	o.peak = memory{peakMemory(cmd.ProcessState), ownPeakMemory()}
	return o, nil
}

func (c command) String() string {
	words := strings.FieldsFunc(c.program, func(r rune) bool { return r == '/' || r == '\\' })
	return words[len(words)-1] + " " + strings.Join(c.args, " ")
}

// timed measures what is done in this process.
func timed(do func() error) (outcome, error) {
	start := time.Now()
	err := do()
	return outcome{elapsed: time.Since(start)}, err
}

// An excerpt keeps the first of what is written to it and counts the lines, so
// that a long output takes no memory here.
type excerpt struct {
	text  bytes.Buffer
	lines int
}

func (e *excerpt) Write(p []byte) (int, error) {
	const enough = 64 << 10
	e.lines += bytes.Count(p, []byte("\n"))
	e.text.Write(p[:min(len(p), enough-min(enough, e.text.Len()))])
	return len(p), nil
}
