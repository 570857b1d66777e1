package web

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// MaxURL is how many bytes a URL may have: several times what a signature takes.
const MaxURL = 16 << 10

// ParseURL takes apart the URL that an object is to be had under. It is refused if it
// is relative, has another scheme than http or https, a user or a fragment. The error
// repeats nothing of it that may be secret.
func ParseURL(text string) (*url.URL, error) {
	if len(text) > MaxURL {
		return nil, fmt.Errorf("a URL has %d bytes, at most %d are taken", len(text), MaxURL)
	}
	u, err := url.Parse(text)
	if err != nil {
		// The cause alone: the error itself repeats the URL.
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return nil, fmt.Errorf("a URL cannot be understood: %.100q", err.Error())
	}
	return u, checkURL(u)
}

// checkURL tells what keeps a URL from being one that an object is to be had under.
func checkURL(u *url.URL) error {
	switch scheme := strings.ToLower(u.Scheme); {
	case scheme == "":
		return errors.New("a URL is relative")
	case scheme != "http" && scheme != "https":
		return fmt.Errorf("a URL begins with %.40q, where http: or https: is expected", scheme+":")
	case u.Hostname() == "":
		return errors.New("a URL names no host")
	case u.User != nil:
		return errors.New("a URL has a user or a password in it")
	case u.Fragment != "":
		return errors.New("a URL has a fragment, which is no part of what is asked for")
	}
	return nil
}

// shown gives a URL without what may be secret: user, query, fragment.
func shown(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}
