package transport

import (
	"regexp"
	"strings"
	"unicode"
)

// maxText is how much of what others say is repeated, in bytes.
const maxText = 300

// OneLine makes what a server sent fit for a message.
func OneLine(text string) string {
	cut := len(text) > maxText
	if cut {
		text = text[:maxText]
	}
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool { return !unicode.IsGraphic(r) || r == ' ' }), " ")
	if cut {
		text += "..."
	}
	return text
}

var userInURL = regexp.MustCompile(`://[^/\s"]*@`)

// WithoutUsers leaves out of a text the users and passwords of URLs in it, of a
// proxy's, say.
func WithoutUsers(text string) string { return userInURL.ReplaceAllString(text, "://") }
