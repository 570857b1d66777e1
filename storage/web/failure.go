package web

import (
	"context"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// A failure is what a request came to.
type failure struct {
	at      *url.URL
	status  int    // of HTTP; 0 if there was no answer
	code    string // a store's word for it, or empty
	message string
	request string // the server's name for the request, or empty
	tries   int
	expired time.Time // when the signature of the URL expired, or zero
	passing bool      // another try may succeed
	altered bool      // the object is not the one that was expected
	after   time.Duration
	err     error
}

func (f *failure) Error() string {
	text := f.brief()
	if f.at != nil {
		text += ", at " + shown(f.at)
	}
	var notes []string
	if f.request != "" {
		notes = append(notes, "request "+f.request)
	}
	if f.tries > 1 {
		notes = append(notes, fmt.Sprintf("%d tries", f.tries))
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return text
}

func (f *failure) Unwrap() error { return f.err }

// brief says what came of a request in few words.
func (f *failure) brief() string {
	var parts []string
	if f.status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d %s", f.status, http.StatusText(f.status))))
	}
	for _, part := range []string{f.code, f.message} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// odd is the failure of an answer that makes no sense.
func odd(format string, args ...any) *failure {
	return &failure{message: transport.OneLine(fmt.Sprintf(format, args...))}
}

const changed = "it was changed while it was read"

// refusal reads off an answer why there is no object in it. Nothing of its body is
// repeated but the word that S3 has for the failure, since a server may repeat what
// it got.
func (c *Client) refusal(resp *http.Response) *failure {
	f := &failure{status: resp.StatusCode, code: codeIn(resp), after: retryAfter(resp.Header, c.now())}
	if request := resp.Header.Get("X-Amz-Request-Id"); word.MatchString(request) {
		f.request = request
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusRequestTimeout:
		f.passing = true
	case http.StatusPreconditionFailed:
		f.message, f.altered = changed, true
	case http.StatusRequestedRangeNotSatisfiable:
		f.altered = true
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		expires, signed := expiry(resp.Request.URL)
		if signed && !expires.After(c.now()) {
			f.expired = expires
			f.message = "the signature of the URL expired at " + expires.Format(time.RFC3339)
		}
	case http.StatusNoContent, http.StatusNonAuthoritativeInfo:
		f.message = "an answer with such a status is no object"
	}
	if resp.StatusCode/100 == 3 {
		f.message = "the server does not say where to go"
	}
	return f
}

var word = regexp.MustCompile(`^[A-Za-z0-9._-]{1,80}$`)

const maxRefusal = 64 << 10 // bytes that are read of an answer that tells of a failure

// codeIn gives the word that an S3 store has for a failure, or "".
func codeIn(resp *http.Response) string {
	var said struct{ Code string }
	if !strings.Contains(resp.Header.Get("Content-Type"), "xml") {
		return ""
	}
	err := xml.NewDecoder(io.LimitReader(resp.Body, maxRefusal)).Decode(&said)
	if err != nil || !word.MatchString(said.Code) {
		return ""
	}
	return said.Code
}

// transportFailure is that of a request without an answer. What concerns names,
// certificates and redirects would be the same next time.
func transportFailure(err error) *failure {
	f := &failure{message: transportText(err), err: bare(err)}
	var dns *net.DNSError
	switch {
	case isRedirect(err), certificateHint(err) != "", strings.Contains(f.message, "HTTP response to HTTPS client"):
	case errors.As(err, &dns) && dns.IsNotFound:
		f.message = "there is no host of that name: " + f.message
	default:
		f.passing = true
	}
	return f
}

// bare leaves out what only says that a request failed, and repeats its URL.
func bare(err error) error {
	if sent, ok := errors.AsType[*url.Error](err); ok {
		return sent.Err
	}
	return err
}

var query = regexp.MustCompile(`\?[^\s"'<>]*`)

// transportText says why there is no answer. It may have been told of a URL on the
// way, as that of a redirect.
func transportText(err error) string {
	err = bare(err)
	if errors.Is(err, io.EOF) {
		return "the connection was closed without an answer"
	}
	return transport.OneLine(query.ReplaceAllString(transport.WithoutUsers(err.Error()), "?..."))
}

// kind sorts a failure into what callers tell apart.
func (f *failure) kind() error {
	switch {
	case f.altered:
		return storage.ErrCorrupted
	case f.status == http.StatusNotFound, f.status == http.StatusGone:
		return storage.ErrNotFound
	case f.status == http.StatusUnauthorized, f.status == http.StatusForbidden, !f.expired.IsZero():
		return storage.ErrForbidden
	case f.status == http.StatusTooManyRequests, f.status == http.StatusServiceUnavailable:
		return storage.ErrThrottled
	case f.status/100 == 4 && f.status != http.StatusProxyAuthRequired && f.status != http.StatusRequestTimeout:
		return nil // an answer, and none to ask again for
	}
	return storage.ErrUnreachable
}

// failed makes of a failure the error of an operation.
func (s *Store) failed(ctx context.Context, key string, f *failure) error {
	if ctx.Err() != nil {
		return s.error(opGet, key, nil, ctx.Err())
	}
	e := s.error(opGet, key, f.kind(), f)
	e.Hint = f.hint()
	return e
}

// hint says what to try next.
func (f *failure) hint() string {
	switch kind := f.kind(); {
	case !f.expired.IsZero():
		return "ask whoever published the dataset to do so again: an expired URL cannot be made to work"
	case f.status == http.StatusProxyAuthRequired, f.status == 0 && strings.Contains(f.message, "proxy"):
		return "check HTTPS_PROXY and HTTP_PROXY; hosts to be reached without a proxy belong in NO_PROXY"
	case errors.Is(kind, storage.ErrForbidden):
		return f.forbiddenHint()
	case errors.Is(kind, storage.ErrCorrupted):
		return "read it again"
	case errors.Is(kind, storage.ErrThrottled):
		return "try again later, or with fewer requests at once: dtool --concurrency 4"
	case errors.Is(kind, storage.ErrNotFound):
		return ""
	case isRedirect(f.err):
		return "ask whoever published the dataset for a URL that leads there directly"
	case strings.Contains(f.message, "HTTP response to HTTPS client"):
		return "the server speaks plain HTTP: begin the URL with http://"
	case certificateHint(f.err) != "":
		return certificateHint(f.err)
	case f.status == 0:
		return "check the URL and the network"
	}
	return "check the URL, and that no proxy answers in place of the server"
}

func (f *failure) forbiddenHint() string {
	if f.at == nil || f.at.RawQuery == "" {
		return "it is not public, or not any more: ask whoever published it"
	}
	if _, signed := expiry(f.at); signed {
		return "the URL may be cut short, or the key that signed it be revoked: ask whoever published it for a new one"
	}
	return "what follows the question mark of the URL may be cut short or not be valid any more: ask whoever published it"
}

// certificateHint says what to do about a certificate that does not convince, or gives
// "".
func certificateHint(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	switch {
	case errors.As(err, &unknown):
		return "nobody whom this computer trusts vouches for the server's certificate: if it is the right server, set AWS_CA_BUNDLE to the file with the certificate of its authority"
	case errors.As(err, &invalid):
		return "tell whoever runs the server, if the clock of this computer is right"
	case errors.As(err, &host):
		return "check the URL: the certificate is for another host"
	}
	return ""
}
