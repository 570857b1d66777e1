package cli

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// TestReportTellsVersionAndTimes looks at what comes from the process.
func TestReportTellsVersionAndTimes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/a.csv", []byte("1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	noon := func() time.Time { return time.Date(2026, 3, 1, 13, 0, 0, 250_000_000, time.FixedZone("CET", 3600)) }
	base := t.TempDir()
	process := func(args ...string) Process { return Process{Args: args, Now: noon, Version: "v1.2.3"} }
	if code, _, stderr := run(t.Context(), t, process("create", "-q", "--from", dir, "run7", base)); code != 0 {
		t.Fatal(stderr)
	}
	code, stdout, stderr := run(t.Context(), t, process("verify", "-f", "--json", base+"/run7"))
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, %q on standard error", code, stderr)
	}
	for _, want := range []string{
		`"dtool_version": "1.2.3",`,
		`"started": "2026-03-01T12:00:00.25Z",`,
		`"finished": "2026-03-01T12:00:00.25Z",`,
		`"uri": "file://lab` + base + `/run7",`,
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the report does not say %s:\n%s", want, stdout)
		}
	}
}

// TestMergeThatWaitsForItsInputCanBeInterrupted gives it a standard input that
// nobody writes to.
func TestMergeThatWaitsForItsInputCanBeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reading, done := make(chan struct{}), make(chan struct{})
	defer close(done)
	var stderr strings.Builder
	p := Process{Args: []string{"verify", "--merge", "-"}, Stdin: waiting{reading, done}, Stdout: &strings.Builder{}, Stderr: &stderr}
	go func() {
		<-reading
		cancel()
	}()
	if code := Run(ctx, p); code != 130 {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

// waiting is an input that says when it is first read, and then gives nothing.
type waiting struct{ reading, done chan struct{} }

func (w waiting) Read([]byte) (int, error) {
	close(w.reading)
	<-w.done
	return 0, os.ErrClosed
}

func TestRanges(t *testing.T) {
	for want, numbers := range map[string][]int{
		"":               nil,
		"3":              {3},
		"1-2":            {1, 2},
		"1, 3":           {1, 3},
		"1-3, 5, 7-8":    {1, 2, 3, 5, 7, 8},
		"2, 4-6, 100000": {2, 4, 5, 6, 100000},
	} {
		if got := ranges(numbers); got != want {
			t.Errorf("%v is shown as %q, want %q", numbers, got, want)
		}
	}
}

func TestShareOfItemsIsRoundedUp(t *testing.T) {
	for _, c := range []struct {
		text        string
		items, want int
	}{
		{"200", 1000, 200},
		{"200", 100, 200},
		{"5%", 1000, 50},
		{"5%", 1001, 51},
		{"0.1%", 1000, 1},
		{"0.001%", 1000, 1},
		{"29%", 100, 29},
		{"1.1%", 1000, 11},
		{"100%", 1000, 1000},
		{"5%", 0, 1},
	} {
		var f sampleFlag
		if err := f.Set(c.text); err != nil {
			t.Fatal(err)
		}
		if got := f.of(c.items); got != c.want {
			t.Errorf("%s of %d items are %d, want %d", c.text, c.items, got, c.want)
		}
	}
}
