package transport

import (
	"strings"
	"testing"
)

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                         "plain",
		"two\nlines \x1b[31m":           "two lines [31m",
		"not \xff UTF-8":                "not UTF-8",
		strings.Repeat("x", maxText+10): strings.Repeat("x", maxText) + "...",
	} {
		if got := OneLine(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestWithoutUsers(t *testing.T) {
	if got := WithoutUsers(`proxy "http://me:secret@proxy:3128": no route`); got != `proxy "http://proxy:3128": no route` {
		t.Errorf("got %s", got)
	}
}
