package show_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/dtool-go/dtool/internal/show"
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
		if got := show.Escape(tt.text, ""); got != tt.want {
			t.Errorf("show.Escape(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
	if got, want := show.Escape("a\n\tb\x1b", "\n\t"), "a\n\tb\\x1b"; got != want {
		t.Errorf("with line ends and tabs kept: %q, want %q", got, want)
	}
}

func TestNothingEscapedActsOnTerminals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		got := show.Escape(text, "")
		if !utf8.ValidString(got) || strings.IndexFunc(got, show.Acts) >= 0 {
			t.Fatalf("show.Escape(%q) = %q", text, got)
		}
	})
}

// FuzzEscape shows texts as a terminal gets them: nothing acts on it, and what is printable
// stays as it is.
func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"", "plain", "a\nb\tc", "\x1b]0;title\x07", "\u202e\u2066", "\x9b31m", "\u009b31m", "\xff\xfe", "é😀", "\\x1b", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shown := show.Escape(text, "")
		if strings.ContainsFunc(shown, show.Acts) || strings.ToValidUTF8(shown, "") != shown || len(shown) > 6*len(text) {
			t.Errorf("%q is shown as %q", text, shown)
		}
		if !strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) || r == unicode.ReplacementChar }) && shown != text {
			t.Errorf("%q is shown as %q", text, shown)
		}
	})
}
