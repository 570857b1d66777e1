package portable_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dtool-go/dtool/internal/oddnames"
	"github.com/dtool-go/dtool/internal/portable"
)

func TestWhatWindowsCannotHold(t *testing.T) {
	for _, picky := range oddnames.Windows() {
		for _, path := range []string{picky.Name, "dir/" + picky.Name, picky.Name + "/x"} {
			if why := portable.Windows(path); !strings.HasPrefix(why, picky.Why) {
				t.Errorf("of %q it is said that it %q, want that it %q", path, why, picky.Why)
			}
		}
	}
	for path, want := range map[string]string{
		"COM0": "is that of a device", "lpt³.x": "is that of a device", "con .tar": "is that of a device",
		strings.Repeat("é", 256): "has more than 255 characters", strings.Repeat("🧬", 128): "has more than 255 characters",
		"a:b": "has the character ':'", "two\nlines": "has a control character",
		"COM10": "", "COM": "", "COMé": "", "xCON": "", "contact": "", "COM ": "ends in a space", "a.b": "", ".a": "", strings.Repeat("é", 255): "",
	} {
		if got := portable.Windows(path); got != want {
			t.Errorf("of %q it is said that it %q, want that it %q", path, got, want)
		}
	}
}

func TestWindowsHoldsOrdinaryNames(t *testing.T) {
	for _, name := range slices.Concat(oddnames.Plain(), oddnames.Acting()) {
		if why := portable.Windows(name); why != "" {
			t.Errorf("%q is said to be refused: it %s", name, why)
		}
	}
}

func TestCollisions(t *testing.T) {
	for _, pair := range oddnames.Pairs() {
		paths := []string{"first", "x/" + pair[0], "x/other", "x/" + pair[1], "x/" + pair[0]}
		if got := portable.Collisions(slices.Values(paths)); len(got) != 1 {
			t.Errorf("of %q these are said to collide: %q", paths, got)
		}
	}
	for _, test := range []struct {
		paths []string
		want  []portable.Collision
	}{
		{nil, nil},
		{[]string{"a", "b", "a/b", "ab", "b/a"}, nil},
		{[]string{"same", "same"}, nil},
		{[]string{"Dir/a", "dir/b", "dir/c", "DIR/a"}, []portable.Collision{{"Dir", "dir"}, {"Dir", "DIR"}}},
		{[]string{"top/Dir/sub/a", "top/dir/SUB/a"}, []portable.Collision{{"top/Dir", "top/dir"}}},
		{[]string{"A", "a/b"}, []portable.Collision{{"A", "a"}}},
		{[]string{"é/a", "e\u0301/A"}, []portable.Collision{{"é", "e\u0301"}}},
		{[]string{"é/a", "é/A", "é/b"}, []portable.Collision{{"é/a", "é/A"}}},
	} {
		if diff := cmp.Diff(test.want, portable.Collisions(slices.Values(test.paths))); diff != "" {
			t.Errorf("of %q others collide:\n%s", test.paths, diff)
		}
	}
}

// TestWhatCollides puts names of few letters below each other.
func TestWhatCollides(t *testing.T) {
	path := rapid.StringMatching(`[aAbB](/[aAbB]){0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		paths := rapid.SliceOf(path).Draw(t, "paths")
		want := false
		for _, p := range paths {
			for _, q := range paths {
				want = want || partByCase(p, q)
			}
		}
		if got := portable.Collisions(slices.Values(paths)); (len(got) > 0) != want {
			t.Fatalf("%q: %q collide, want any: %v", paths, got, want)
		}
	})
}

// partByCase tells whether the first parts in which two paths differ do so by case
// alone.
func partByCase(p, q string) bool {
	a, b := strings.Split(p, "/"), strings.Split(q, "/")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return strings.EqualFold(a[i], b[i])
		}
	}
	return false
}

func TestSamplesHaveAllThatIsOdd(t *testing.T) {
	paths := []string{
		"plain", "a b", "x:y", "u:v/é", "é:", "dir/q?", "é", "e\u0301", "CON", "con.txt", "nul", "dot.", "dots.", "sp ",
		strings.Repeat("x", 143), strings.Repeat("x", 144), strings.Repeat("é", 73), strings.Repeat("x", 145), "tab\t", "esc\x1b\t",
	}
	var got []string
	for _, s := range portable.Samples(slices.Values(paths)) {
		if !slices.Contains(paths, s.Path) || !slices.Contains(strings.Split(s.Path, "/"), s.Part) {
			t.Errorf("the sample %q is none of the paths", s)
		}
		got = append(got, s.Part)
	}
	want := []string{
		"x:y", "é", "q?", "e\u0301", "CON", "nul", "dot.", "sp ", strings.Repeat("x", 144), strings.Repeat("é", 73), "tab\t", "esc\x1b\t",
	}
	want = slices.Insert(want, 10, strings.Repeat("x", 145))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the samples differ:\n%s", diff)
	}
}

func TestOrdinaryNamesNeedNoSamples(t *testing.T) {
	paths := []string{"reads_1.fastq.gz", "a b/c-d,e=f+g@h;i", "#1 [x] {y} (z) ~!$%^&'`", ".hidden", "..a"}
	if got := portable.Samples(slices.Values(paths)); got != nil {
		t.Errorf("there are samples: %q", got)
	}
}
