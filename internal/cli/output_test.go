package cli

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestEscape(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"plain.txt", "plain.txt"},
		{"Ünïcode/日本 語.txt 🧬", "Ünïcode/日本 語.txt 🧬"},
		{"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"\x1b]0;title\a", `\x1b]0;title\x07`},
		{"two\nlines\r\ttab", `two\nlines\r\ttab`},
		{"\u009b31m", `\u009b31m`},
		{"txt.\u202egpj", `txt.\u202egpj`},
		{"latin \xe9", `latin \xe9`},
		{"\x7f", `\x7f`},
	}
	for _, tt := range tests {
		if got := escape(tt.text, ""); got != tt.want {
			t.Errorf("escape(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
	if got, want := escape("a\n\tb\x1b", "\n\t"), "a\n\tb\\x1b"; got != want {
		t.Errorf("with line ends and tabs kept: %q, want %q", got, want)
	}
}

func TestNothingEscapedActsOnTerminals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		got := escape(text, "")
		if !utf8.ValidString(got) || strings.IndexFunc(got, actsOnTerminal) >= 0 {
			t.Fatalf("escape(%q) = %q", text, got)
		}
	})
}

func TestNotesAreOneMessage(t *testing.T) {
	var out strings.Builder
	notes{&out}.Printf("dtool: %v", "first\ndtool: a line that passes for another message\x1b[2J")
	want := "dtool: first\n  dtool: a line that passes for another message\\x1b[2J\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
