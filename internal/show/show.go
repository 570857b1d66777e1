// Package show gives what datasets hold the form in which people are shown it:
// texts that anybody may have written, so that they act on nothing, and numbers of
// bytes.
//
// It does not know where that is shown, on a terminal or on a page, nor what the
// texts mean.
package show

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape shows each control character, each character that changes the
// direction of text and each byte that is not UTF-8 in the manner of Go strings,
// but for those to keep.
func Escape(text, keep string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case !Acts(r) || strings.ContainsRune(keep, r):
			b.WriteString(text[i : i+size])
		case r < 0x80:
			b.WriteString(escapedASCII(r))
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return b.String()
}

// Acts tells whether a character does something, on a terminal or to the text
// around it, in place of being seen.
func Acts(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

func escapedASCII(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	return fmt.Sprintf(`\x%02x`, r)
}
