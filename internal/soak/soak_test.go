package main

import (
	"bytes"
	"errors"
	"regexp"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSoakOfSecondsLosesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	if code := run(t.Context(), []string{"-for", "10s", "-workers", "2", "-seed", "1"}, &out); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		`seed 1,`, `(?m)^operations +[1-9]`, `(?m)^faults injected +[1-9].*server killed [1-9]`, `(?m)^retries +[1-9]`,
		`(?m)^datasets checked +[1-9]`, `(?m)^items verified +[1-9]`, `(?m)^lost +0$`, `(?m)^wrong +0$`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("it does not say %q", want)
		}
	}
	t.Log(out.String())
}

func TestExitCodeTellsWhatWasFound(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		counts *counts
		err    error
		want   int
	}{
		{&counts{}, nil, 0},
		{&counts{lost: 1}, nil, 1},
		{&counts{wrong: 1}, nil, 1},
		{&counts{wrong: 1}, broken, 1},
		{&counts{}, broken, 2},
	} {
		if got := exitCode(c.counts, c.err); got != c.want {
			t.Errorf("lost %d, wrong %d, %v: exit code %d, want %d", c.counts.lost, c.counts.wrong, c.err, got, c.want)
		}
	}
}
