package cli

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// writes keeps what each call of Write has brought.
type writes struct {
	mu   sync.Mutex
	list []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, string(p))
	return len(p), nil
}

func (w *writes) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list)
}

func TestOutputIsOnItsWaySoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w writes
		o := newOutput(&w)
		for _, line := range []string{"first\n", "second\n"} {
			o.Printf("%s", line)
			synctest.Wait()
			if slices.Contains(w.all(), line) {
				t.Errorf("%q did not wait for more", line)
			}
			<-time.After(outputDelay)
			synctest.Wait()
			if !slices.Contains(w.all(), line) {
				t.Errorf("%q still waits", line)
			}
		}
	})
}

func TestOutputThatComesAtOnceGoesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w writes
		o := newOutput(&w)
		for range 10_000 {
			o.Printf("%s\n", "a line")
		}
		if err := o.Flush(); err != nil {
			t.Fatal(err)
		}
		if n := len(w.all()); n > 20 {
			t.Errorf("70 kB take %d writes", n)
		}
		before := len(w.all())
		<-time.After(10 * outputDelay)
		if len(w.all()) != before {
			t.Error("something is written after the end")
		}
	})
}

func TestNotesAreOneMessage(t *testing.T) {
	var out strings.Builder
	notes{&out}.Printf("dtool: %s: %v", "a\nname", errors.New("first\ndtool: a line that passes for another message\x1b[2J"))
	want := "dtool: a\\nname: first\n  dtool: a line that passes for another message\\x1b[2J\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestNotesHaveNoQueriesOfURLs(t *testing.T) {
	for text, want := range map[string]string{
		"dtool cp --resume 'http://x/y?X-Amz-Signature=1&b=2' dl goes on": "dtool cp --resume 'http://x/y?...' dl goes on",
		"no command \"HTTPS://x?a\" for":                                  "no command \"HTTPS://x?...\" for",
		"http://x/y, of an item a?b":                                      "http://x/y, of an item a?b",
	} {
		var out strings.Builder
		notes{&out}.Printf("%s", text)
		if out.String() != want+"\n" {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
}

// An argument of any length comes back in part, and what is said about it whole.
func TestLongArgumentsAreCut(t *testing.T) {
	long := strings.Repeat("y", 100_000)
	for name, tt := range map[string]struct {
		args         []string
		begins, ends string
	}{
		"a command":   {[]string{long}, `dtool: there is no command "yyy`, "yyy\"\nhint: dtool --help lists the commands\n"},
		"a flag":      {[]string{"ls", "--" + long}, "dtool: ls: unknown flag: --yyy", "yyy\nhint: dtool ls [BASE | DS] [flags]\n"},
		"a directory": {[]string{"ls", long}, "dtool: open /", "yyy: file name too long\nhint: this file system has no such names\n"},
		"a bucket":    {[]string{"ls", "s3://" + long + ":"}, "dtool: ", "\n"},
		"a value":     {[]string{"cp", "--bandwidth", long, "a", "b"}, `dtool: cp: invalid argument "yyy`, "of at least 1kB\nhint: dtool cp DS BASE [flags]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, stderr := run(t.Context(), t, Process{Args: tt.args})
			if len(stderr) > 2*maxLine || !strings.HasPrefix(stderr, tt.begins) || !strings.HasSuffix(stderr, tt.ends) {
				t.Errorf("%d bytes: %.60q ... %q", len(stderr), stderr, stderr[max(0, len(stderr)-120):])
			}
		})
	}
}

func TestManyLinesAreNotCut(t *testing.T) {
	text := strings.Repeat(strings.Repeat("x", maxLine)+"\n", 20)
	if got := shortened(text); got != text {
		t.Errorf("%d bytes of %d are left", len(got), len(text))
	}
}
