package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be what a contestant starts, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == bareArgument {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestMedian(t *testing.T) {
	tests := []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 2, 100}, 3},
	}
	for _, tt := range tests {
		before := slices.Clone(tt.values)
		if got := median(tt.values); got != tt.want {
			t.Errorf("median(%v) = %v, want %v", tt.values, got, tt.want)
		}
		if !slices.Equal(before, tt.values) {
			t.Errorf("median changed the order of %v", before)
		}
	}
}

func TestRatioIsOfValuesThatBelongTogether(t *testing.T) {
	// The second round was disturbed, for both of them.
	if got := pairedRatio([]int64{10, 50, 12}, []int64{20, 100, 24}); got != 0.5 {
		t.Errorf("got %v, want 0.5", got)
	}
}

func TestSizesAreReadAndShown(t *testing.T) {
	tests := []struct {
		text  string
		want  files
		shown string
	}{
		{"1000x8KiB", files{1000, 8 * kib}, "1,000 × 8 KiB"},
		{"2x512MiB", files{2, 512 * mib}, "2 × 512 MiB"},
		{"20000x1", files{20000, 1}, "20,000 × 1 B"},
		{"1x6GiB", files{1, 6 * gib}, "1 × 6 GiB"},
		{"1x1536MiB", files{1, 1536 * mib}, "1 × 1.5 GiB"},
	}
	for _, tt := range tests {
		got, err := parseFiles(tt.text)
		if err != nil || got != tt.want || got.String() != tt.shown {
			t.Errorf("%q: got %v, %v, want %v", tt.text, got, err, tt.shown)
		}
	}
	for _, text := range []string{"", "5", "x1KiB", "0x1KiB", "5x", "5x1KB", "5x-1KiB", "5x1KiBKiB", "fivex1KiB"} {
		if got, err := parseFiles(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestTimesAreShownToThreeDigits(t *testing.T) {
	for took, want := range map[time.Duration]string{
		12345 * time.Millisecond: "12.3 s",
		1234 * time.Millisecond:  "1.23 s",
		123 * time.Millisecond:   "123 ms",
		12345 * time.Microsecond: "12.3 ms",
		12 * time.Microsecond:    "12 µs",
	} {
		if got := shown(took); got != want {
			t.Errorf("%d is shown as %s, want %s", took, got, want)
		}
	}
}

func TestTableIsAligned(t *testing.T) {
	table := table{head: []string{"who", "time-"}}
	table.add("dtool", "1 µs")
	table.add("é", "20 ms")
	var got strings.Builder
	table.write(&got)
	want := `| who   |  time |
| ----- | ----: |
| dtool |  1 µs |
| é     | 20 ms |
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestWhatArrivesIsCompared(t *testing.T) {
	same := func(name string) string { return name }
	tests := []struct {
		what  string
		spoil func(dir string) error
		want  string
	}{
		{"nothing", func(string) error { return nil }, ""},
		{"a byte", func(dir string) error {
			return flip(filepath.Join(dir, "item-000001.dat"), 70000)
		}, "item-000001.dat arrived with other bytes"},
		{"the end", func(dir string) error {
			return os.Truncate(filepath.Join(dir, "item-000002.dat"), 99999)
		}, "item-000002.dat arrived with other bytes"},
		{"a name", func(dir string) error {
			return os.Rename(filepath.Join(dir, "item-000000.dat"), filepath.Join(dir, "other"))
		}, "item-000000.dat did not arrive"},
		{"a file too few", func(dir string) error {
			return os.Remove(filepath.Join(dir, "item-000000.dat"))
		}, "2 files arrived, and 3 were sent"},
		{"a file too many", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "more"), nil, 0o600)
		}, "4 files arrived, and 3 were sent"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			sent, err := makeTree(filepath.Join(t.TempDir(), "sent"), files{3, 100000})
			if err != nil {
				t.Fatal(err)
			}
			arrived := t.TempDir()
			if err := os.CopyFS(arrived, os.DirFS(sent.dir)); err != nil {
				t.Fatal(err)
			}
			if err := tt.spoil(arrived); err != nil {
				t.Fatal(err)
			}
			err = sent.check(arrived, same)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func flip(path string, at int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text[at] ^= 1
	return os.WriteFile(path, text, 0o600)
}

func TestVerdicts(t *testing.T) {
	runs := func(name string, times ...time.Duration) entry {
		e := entry{contestant: contestant{name: name}}
		for _, took := range times {
			e.outcomes = append(e.outcomes, outcome{elapsed: took})
		}
		return e
	}
	dtool, slow, fast := runs("dtool", 10, 12), runs("slow", 40, 48), runs("fast", 20, 24)
	tests := []struct {
		what                string
		r                   result
		ratio, allowed, met string
	}{
		{"nobody else, no budget", result{entries: []entry{dtool}}, "", "", ""},
		{"the fastest counts", result{line{budget: budget{ratio: 0.6}}, []entry{dtool, slow, fast}, nil}, "0.50 × fast", "≤ 0.6", "yes"},
		{"too slow", result{line{budget: budget{ratio: 0.4}}, []entry{dtool, fast}, nil}, "0.50", "≤ 0.4", "**no**"},
		{"time alone", result{line{budget: budget{time: 11}}, []entry{dtool}, nil}, "", "≤ 0 µs", "yes"},
		{"one of two", result{line{budget: budget{ratio: 1, time: 5}}, []entry{dtool, fast}, nil}, "0.50", "≤ 1.0, ≤ 0 µs", "**no**"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			if ratio, allowed, met := tt.r.timeVerdict(); ratio != tt.ratio || allowed != tt.allowed || met != tt.met {
				t.Errorf("got %q, %q, %q", ratio, allowed, met)
			}
		})
	}
}

func TestDocumentHasAllThatWasMeasured(t *testing.T) {
	ran := entry{contestant{name: "dtool", settings: "--fast"}, []outcome{{
		elapsed: time.Second, cpu: time.Millisecond, peak: memory{300 * mib, mib}, requests: map[string]int{"GetObject": 1, "PutObject": 2},
	}}}
	r := report{
		results: []result{
			{line{name: "done", work: "work", budget: budget{requests: 2, peak: 256 * mib}}, []entry{ran}, nil},
			{line{name: "left", work: "work"}, nil, fmt.Errorf("%w: no room", errSkipped)},
		},
		growth: &growth{
			items: []int{1000}, works: []string{"ls"},
			times: map[string][]time.Duration{"ls": {time.Second}}, peaks: map[string]memory{"ls": {mib, 2 * mib}},
		},
	}
	got := string(document(r, []fact{{"commit", "abc"}}, time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)))
	for _, want := range []string{
		`\| measured on +\| 2001-02-03 +\|`, `\| commit +\| abc +\|`,
		`\| done +\| work \| dtool +\| +1.00 s \| +1.00 s \| +1.00 s \| +1 ms \| +\| +\| +\|`,
		`\| left +\| work \| skipped: no room \|`,
		`\| done +\| dtool \| 2 PutObject, 1 GetObject \| ≤ 2 +\| +300 MiB \| ≤ 256 MiB \| \*\*no\*\* \|`,
		"- done: dtool with `--fast`\n",
		`\| ls +\| +1 ms \| +< 2 MiB \| ≤ 400 MiB \| yes \|`,
	} {
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// TestEndToEnd measures small lines with dtool alone, so that what measures cannot
// rot: a server, data, datasets, checks and a table.
func TestEndToEnd(t *testing.T) {
	dtool := filepath.Join(t.TempDir(), "dtool")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", dtool, "../../cmd/dtool").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var table, progress bytes.Buffer
	err := run(t.Context(), []string{
		"-work", "cp-up,cp-down,cp-far,freeze,ls," + growthName, "-rounds", "1", "-small", "5x1KiB", "-few", "2x1KiB",
		"-large", "2x1MiB", "-datasets", "2", "-growth", "1,3", "-roundtrip", "1ms", "-dir", t.TempDir(),
		"-dtool", dtool, "-rclone", "not-there", "-aws", "not-there",
	}, os.Environ(), &table, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	for _, want := range []string{
		`\| cp-up +\| cp 5 × 1 KiB, disk → S3 +\| dtool `,
		`\| cp-up +\| dtool +\| 1\d PutObject, `,
		`\| cp-down +\| dtool +\| \d+ GetObject, `,
		`\| cp-far +\| .*1 ms a round trip`,
		`\| ls +\| dtool +\| .*ListObjectsV2`,
		`\| bare GetObject +\| 2 GetObject `,
		`\| work +\| 1 items \| 3 items \|`,
		`\| verify +\| `,
	} {
		if !regexp.MustCompile(want).MatchString(table.String()) {
			t.Errorf("no %s in\n%s", want, &table)
		}
	}
}

func TestWrongResultFails(t *testing.T) {
	o := defaults()
	o.dir = t.TempDir()
	var progress bytes.Buffer
	err := withStage(t.Context(), o, nil, func(s *stage) error {
		lies := contestant{name: "liar", run: func(context.Context) (outcome, error) { return outcome{}, nil }}
		small, err := s.tree("small", files{3, kib})
		if err != nil {
			return err
		}
		lies.check = arrivedIn(s.scratch(), small)
		l := line{name: "lies", rounds: 1, field: func(context.Context, *stage) ([]contestant, error) {
			return []contestant{lies}, nil
		}}
		return s.measure(t.Context(), []line{l}, &progress).err()
	})
	if err == nil || !strings.Contains(err.Error(), "lies: liar did it wrong: 0 files arrived, and 3 were sent") {
		t.Errorf("got %v", err)
	}
}
