package page

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/dtool-go/dtool/internal/show"
)

// links makes URLs those of links on the page. The first that cannot be one is kept
// in err.
type links struct {
	access string // the dataset's URL, in which the page lies
	below  string // what the URLs begin with that lie beside the page
	err    error
}

func newLinks(access string) (*links, error) {
	if err := check(access); err != nil {
		return nil, err
	}
	l := &links{access: plain(access)}
	if !strings.Contains(l.access, "?") {
		l.below = strings.TrimSuffix(l.access, "/") + "/"
	}
	return l, nil
}

// to gives the link to a URL; there is none to an empty one.
func (l *links) to(to string) string {
	if to == "" {
		return ""
	}
	if err := check(to); err != nil {
		if l.err == nil {
			l.err = err
		}
		return ""
	}
	to = plain(to)
	if beside, ok := strings.CutPrefix(to, l.below); ok && l.below != "" && !strings.Contains(beside, "?") {
		return "./" + beside
	}
	return to
}

// check refuses what would be no link to something published: a script, data, a path
// of the reader's own machine. The error does not repeat the URL, which may be a secret.
func check(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("a URL cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("a URL of the scheme %q, which is neither http nor https", u.Scheme)
	case u.Host == "":
		return fmt.Errorf("a URL without a host")
	case u.User != nil:
		return fmt.Errorf("a URL with a user name in it")
	}
	return nil
}

// plain gives a URL in which only characters stand that mean the same to a shell in
// single quotes, to a person and to a browser.
func plain(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("'\"<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// word gives a plain URL as a word of a shell.
func word(plain string) string {
	if regexp.MustCompile(`^[A-Za-z0-9:/.,_~%@+-]+$`).MatchString(plain) {
		return plain
	}
	return "'" + plain + "'"
}

// fileName gives the name under which a browser is to save an item. What the
// reader's system cannot hold is the browser's matter.
func fileName(relpath string) string {
	name := strings.Map(func(r rune) rune {
		if show.Acts(r) || r == '\\' {
			return '_'
		}
		return r
	}, path.Base(relpath))
	if strings.Trim(name, "./") == "" {
		return "item"
	}
	return name
}

// localName gives the name under which a shell is to save an item: its own, if that
// means nothing to a shell.
func localName(item Item) string {
	if name := path.Base(item.Relpath); regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`).MatchString(name) {
		return name
	}
	return word(plain(item.Identifier))
}
