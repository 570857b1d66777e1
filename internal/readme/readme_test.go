package readme_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/dtool-go/dtool/internal/readme"
)

func TestValidateSaysWhatIsWrongAndWhere(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"key without value":       {"a: 1\nb\nc: 2\n", "line 2: could not find expected ':'"},
		"two keys on a line":      {"a: 1\nb: c: 2\n", "line 2: mapping values are not allowed in this context"},
		"list in the wrong place": {"a: 1\n- b\n", "line 2: did not find expected key"},
		"unclosed list":           {"x: 1\na: [1,\n 2\nb: 3\n", "line 3: did not find expected ',' or ']'"},
		"unclosed quote":          {"x: 1\na: \"b\nc: 3\n", "line 2: found unexpected end of stream"},
		"tab as indentation":      {"a: 1\nb:\n\tc: 1\n", "line 3: found character that cannot start any token"},
		"on the first line":       {"a: @b\n", "line 1: found character that cannot start any token"},
		"unknown alias":           {"a: 1\nb: *c\n", "line 2: unknown anchor 'c' referenced"},
		"emphasis":                {"a: 1\nb: **c**\n", "line 2: did not find expected alphabetic or numeric character"},
		"two documents":           {"a: 1\n---\nb: 1\n", "line 2: a second document begins; a README is one"},
		"duplicate key":           {"a: 1\nb: 2\na: 3\n", `line 3: the key "a" is there already, on line 1`},
		"duplicate key, quoted":   {"a: 1\n\"a\": 3\n", `line 2: the key "a" is there already, on line 1`},
		"duplicate key below":     {"o:\n  - k: 1\n    k: 2\n", `line 3: the key "k" is there already, on line 2`},
		"duplicate key in flow":   {"o: {k: 1,\n  k: 2}\n", `line 2: the key "k" is there already, on line 1`},
		"duplicate number":        {"1: a\n0x1: b\n", `line 2: the key "0x1" is there already, on line 1`},
		"duplicate alias":         {"a: &x k\n*x : 1\nk: 2\n", `line 3: the key "k" is there already, on line 2`},
		"not UTF-8":               {"a: 1\nb: \xff\n", "line 2: byte 0xff is not UTF-8"},
		"binary":                  {"\x89PNG\r\n", "line 1: byte 0x89 is not UTF-8"},
		"control character":       {"a: 1\nb: \x1b[0m\n", `line 2: control character '\x1b'`},
		"tags beyond number":      {strings.Repeat("%TAG !a! b\n", 101) + "---\na: 1\n", "line 101: more than 100 lines that begin with %TAG"},
		"too long":                {strings.Repeat("#", readme.MaxSize+1), "1048577 bytes are too many: a README has at most 1048576"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := readme.Validate([]byte(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if _, normaliseErr := readme.Normalise([]byte(test.text)); normaliseErr == nil || normaliseErr.Error() != err.Error() {
				t.Errorf("Normalise: got %v, want %v", normaliseErr, err)
			}
		})
	}
}

func TestValidateTakesWhatIsYAML(t *testing.T) {
	for _, text := range []string{
		"", " \n", "# a comment\n", "---\n", "text\n", "- a\n- b\n", "\ufeffa: 1\n", "a: 1\r\nb: 2\r\n",
		"1: a\n\"1\": b\n", "a: {b: 1}\nb: {b: 2}\n", "? [a]\n: b\n? [a]\n: c\n",
		"a: &x [*x]\n", "a: !!int no number\n", "!!int x: 1\n",
	} {
		if err := readme.Validate([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Each file of testdata holds a text and, after a line of equals signs, the same
// text normalised.
func TestNormalise(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, error %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, want, ok := strings.Cut(string(content), "==========\n")
			if !ok {
				t.Fatal("there is no line of equals signs")
			}
			checkNormalise(t, text, want)
			checkNormalise(t, want, want)
		})
	}
}

func TestNormaliseKeepsMeaning(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":                   {"", ""},
		"only space":                {" \n\n", " \n\n"},
		"only comments":             {"# a\n", "# a\n"},
		"text":                      {"just text\n", "---\njust text\n"},
		"a document without end":    {"a: 1", "---\na: 1\n"},
		"a block without end":       {"a: |\n x", "---\na: |\n x"},
		"an item without end":       {"a:\n- |\n x", "---\na:\n  - |\n   x"},
		"blank lines at the end":    {"a: 1\n\n \n\n", "---\na: 1\n"},
		"those of a value stay":     {"a: |+\n  x\n\n\n", "---\na: |+\n  x\n\n\n"},
		"a comment below":           {"a:\n    b:\n        - c\n    # d\ne: f\n", "---\na:\n  b:\n    - c\n  # d\ne: f\n"},
		"a comment at the end":      {"a:\n- b\n# c\n", "---\na:\n  - b\n# c\n"},
		"no comment, but text":      {"a:\n-   b: |\n      # c\n-     d: e\n", "---\na:\n  - b: |\n      # c\n  - d: e\n"},
		"byte order mark":           {"\ufeffa: 1\n", "---\na: 1\n"},
		"CRLF":                      {"a:\r\n- |\r\n  b\r\n", "---\na:\n  - |\n    b\n"},
		"CR":                        {"a:\r- b\r", "---\na:\n  - b\n"},
		"CRLF in a text":            {"a\r\nb\r\n", "---\na\nb\n"},
		"trailing space in a block": {"a:\n    b: |\n        x\n      \n", "---\na:\n  b: |\n      x\n"},
		"explicit keys stay":        {"a:\n- b\n? c\n: d\n", "---\na:\n- b\n? c\n: d\n"},
		"so does one on two lines":  {"a:\n- b\n?\n c\n: d\n", "---\na:\n- b\n?\n c\n: d\n"},
		"other line breaks stay":    {"a:\n- b # \u2028\n", "---\na:\n- b # \u2028\n"},
		"comment before the start":  {"  # a\n---\nb:\n- c\n", "  # a\n---\nb:\n  - c\n"},
		"a start with a comment":    {"--- # a\nb: 1\n", "--- # a\nb: 1\n"},
		"a start with a value":      {"--- {b: 1}\n", "--- {b: 1}\n"},
		"a key of dashes":           {"---a: 1\n", "---\n---a: 1\n"},
		"a directive":               {"%YAML 1.2\n---\na:\n- b\n", "%YAML 1.2\n---\na:\n  - b\n"},
		"the end is marked":         {"a:\n    b:\n    - 1\n...\n", "---\na:\n  b:\n    - 1\n...\n"},
		"tabs between":              {"a:\tb\nc:\n- d\t# e\n", "---\na:\tb\nc:\n  - d\t# e\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { checkNormalise(t, test.text, test.want) })
	}
}

func TestAliasesAreNotExpanded(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x]\n")
	for i := 1; i < 60; i++ {
		previous := "*a" + string(rune('0'+(i-1)/10)) + string(rune('0'+(i-1)%10))
		if i == 1 {
			previous = "*a0"
		}
		name := "a" + string(rune('0'+i/10)) + string(rune('0'+i%10))
		bomb.WriteString(name + ": &" + name + " [" + strings.Repeat(previous+" , ", 9) + "]\n")
	}
	checkNormalise(t, bomb.String(), "---\n"+bomb.String())
}

func checkNormalise(t *testing.T, text, want string) {
	t.Helper()
	got, err := readme.Normalise([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// What Normalise takes, Validate takes; what either refuses is told in one line. The
// normal form is valid, stays as it is when it is normalised again, means what the text
// meant, and is not much longer.
func FuzzNormalise(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		text, _, _ := bytes.Cut(content, []byte("==========\n"))
		f.Add(text)
	}
	for _, seed := range []string{
		"? - a\n: b\n\xef\xbb\xbf%\t*x &y !!z\n", "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "a: &x [*x]\n", "<<: *a\n",
		"%TAG !a! b\n---\n!a!c d\n", "a: \x1b[31m\n", "\"\\x1b\\n\": 1\n\"\\x1b\\n\": 2\n", "[[[[{{{{", "- - - -\n", "a: |9\n", "a: 1\r\r\nb: 2\n",
		"!!binary =: 1\n", "1e999: 1\n", "? |\n  a\n: 1\n", "a: !!timestamp x\n", "\u2028a: 1\n", "--- >-\n a\n...\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		once, err := readme.Normalise(text)
		if invalid := readme.Validate(text); (invalid == nil) != (err == nil) {
			t.Fatalf("%q is valid: %v, and normalised: %v", text, invalid, err)
		}
		if err != nil {
			if m := err.Error(); len(m) > 1500 || strings.ContainsFunc(m, func(r rune) bool { return !strconv.IsPrint(r) }) {
				t.Fatalf("the message is %q", m)
			}
			return
		}
		twice, err := readme.Normalise(once)
		if err != nil {
			t.Fatalf("%q became %q, which is invalid: %v", text, once, err)
		}
		if !bytes.Equal(once, twice) {
			t.Errorf("%q became %q and then %q", text, once, twice)
		}
		if lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + 2; len(once) > len(text)+lines*(len(text)+4) {
			t.Errorf("%q grew to %d bytes", text, len(once))
		}
		if got, want := meaning(once), meaning(text); got != want {
			t.Errorf("%q means %s, and %q, which became of it, %s", text, want, once, got)
		}
	})
}

// meaning shows what a text says, or gives nothing where that cannot be told, such as for
// an alias of what it lies in.
func meaning(text []byte) (shown string) {
	defer func() {
		if recover() != nil {
			shown = ""
		}
	}()
	var v any
	if bytes.Contains(text, []byte("*")) || yaml.Unmarshal(text, &v) != nil {
		return ""
	}
	return fmt.Sprintf("%#v", v)
}
