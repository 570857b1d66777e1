package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// A failure is what one request came to, in one line. It stands before the
// SDK's error, whose own text is several times as long.
type failure struct {
	code    string // the store's word for it, or empty
	message string
	status  int    // of HTTP; 0 if there was no answer
	request string // the store's name for the request, to look it up in its logs
	tries   int    // 0 if not known, that is, one
	html    bool   // the answer was a page for people
	keyless bool   // there were no credentials to be had, and so no request
	err     error  // the SDK's
}

// Error says what the store said: "AccessDenied: Access Denied (HTTP 403,
// request 4442587FB7D0A2F9)".
func (f *failure) Error() string {
	text := f.message
	if f.code != "" && !strings.HasPrefix(text, f.code) {
		text = strings.TrimSuffix(f.code+": "+text, ": ")
	}
	var notes []string
	if f.status != 0 {
		notes = append(notes, fmt.Sprintf("HTTP %d", f.status))
	}
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

// codeOf gives the store's word for a failure, or nothing.
func codeOf(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	return ""
}

// understand reads off the SDK's error what there is to know.
func understand(err error) *failure {
	f := &failure{err: err}
	if tries, ok := errors.AsType[*retry.MaxAttemptsError](err); ok {
		f.tries = tries.Attempt
	}
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil {
		f.status = answer.HTTPStatusCode()
		f.request = transport.OneLine(answer.RequestID)
		f.html = transport.IsPage(answer.Response.Header)
	}
	if page, ok := errors.AsType[errPage](err); ok {
		f.html, f.status = true, page.status
	}
	var said smithy.APIError
	var keyless *credentialsError
	var endless endlessError
	switch {
	case errors.As(err, &keyless):
		f.keyless, f.message = true, transport.OneLine(keyless.Error())
	case errors.As(err, &endless):
		f.message = endless.Error()
	case f.html:
		f.message = errPage{}.Error()
	case errors.As(err, &said):
		conceal := concealer(answer)
		f.code, f.message = transport.OneLine(conceal.Replace(said.ErrorCode())), transport.OneLine(conceal.Replace(said.ErrorMessage()))
	case f.status == 0:
		f.message = transport.OneLine(transport.WithoutUsers(transportCause(err).Error())) // of a proxy, say
	default:
		f.message = "the answer is not one of S3, or was cut short"
	}
	return f
}

// concealer hides what signed a request, since a store that refuses it may repeat
// what it got.
func concealer(answer *awshttp.ResponseError) *strings.Replacer {
	if answer == nil || answer.Response == nil || answer.Response.Request == nil {
		return strings.NewReplacer()
	}
	const hidden = "..."
	var pairs []string
	sent := answer.Response.Request.Header
	if _, signature, ok := strings.Cut(sent.Get("Authorization"), "Signature="); ok && signature != "" {
		pairs = append(pairs, signature, hidden)
	}
	if token := sent.Get("X-Amz-Security-Token"); token != "" {
		pairs = append(pairs, token, hidden)
	}
	return strings.NewReplacer(pairs...)
}

var errNoAnswer = errors.New("the connection was closed without an answer")

// transportCause leaves out what only says that a request failed.
func transportCause(err error) error {
	var sent *url.Error
	var operation *smithy.OperationError
	switch {
	case errors.As(err, &sent) && errors.Is(sent.Err, io.EOF):
		return errNoAnswer
	case errors.As(err, &sent):
		return sent.Err
	case errors.As(err, &operation):
		return operation.Err
	}
	return err
}

// requestError turns the SDK's error into one of package storage.
func (s *Store) requestError(ctx context.Context, op, key string, err error) error {
	if ctx.Err() != nil {
		return s.error(op, key, nil, ctx.Err())
	}
	f := understand(err)
	e := s.error(op, key, f.kind(op), f)
	e.Hint = s.hint(op, key, f, e.Kind)
	return e
}

func (s *Store) error(op, key string, kind, err error) *storage.Error {
	return &storage.Error{Op: op, Store: s.String(), Key: key, Kind: kind, Err: err}
}

// oddAnswer is the error for an answer that is a success by its status and
// makes no sense.
func (s *Store) oddAnswer(op, key, what string) error {
	e := s.error(op, key, storage.ErrUnreachable, errors.New(what))
	e.Hint = wrongEndpoint
	return e
}

// alteredOnTheWay gives the codes by which a store says that the body which it
// got is not the one that was sent.
func alteredOnTheWay() map[string]struct{} {
	return map[string]struct{}{
		"BadDigest": {}, "XAmzContentSHA256Mismatch": {}, "IncompleteBody": {}, "XAmzContentChecksumMismatch": {},
	}
}

// kind sorts a failure into what callers tell apart. Absence is concluded only
// from the word for it, since any web server says 404; the answer to
// HeadObject has no body to say it in.
func (f *failure) kind(op string) error {
	if _, altered := alteredOnTheWay()[f.code]; altered {
		return storage.ErrCorrupted
	}
	switch {
	case f.html || f.status/100 == 2:
		return storage.ErrUnreachable
	case f.code == "NoSuchKey", op == "HeadObject" && f.status == http.StatusNotFound:
		return storage.ErrNotFound
	case f.code == "NoSuchBucket":
		return storage.ErrNoStore
	case f.code == "KeyTooLongError":
		return storage.ErrInvalidKey
	case f.code == "ObjectParentIsFile", f.code == "ExistingObjectIsDirectory":
		return storage.ErrExists // what versitygw says of a key below a key
	case f.code == "InvalidObjectState":
		return nil // archived: allowed, there, and yet not to be had
	case f.keyless, f.code == "AccessDenied", unknownKey(f.code), sessionEnded(f.code),
		f.status == http.StatusUnauthorized, f.status == http.StatusForbidden:
		return storage.ErrForbidden
	case f.code == "SlowDown", f.status == http.StatusTooManyRequests, f.status == http.StatusServiceUnavailable:
		return storage.ErrThrottled
	case f.status/100 != 4, f.code == "", f.status == http.StatusNotFound && f.code == "NotFound":
		return storage.ErrUnreachable
	}
	return nil
}

// notS3 tells whether something answered that does not speak as S3 does.
func (f *failure) notS3() bool { return f.status == http.StatusBadRequest && f.code == "" }

// unknownOperation tells whether the store does not do this at all, for anybody.
func (f *failure) unknownOperation() bool {
	switch f.status {
	case http.StatusNotImplemented, http.StatusMethodNotAllowed:
		return true
	}
	return f.code == "NotImplemented" || f.code == "MethodNotAllowed"
}

func unknownKey(code string) bool {
	return code == "InvalidAccessKeyId" || code == "XAdminUserNotFound" // the second is versitygw's
}

func sessionEnded(code string) bool {
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "RequestExpired":
		return true
	}
	return false
}

var regionSaid = regexp.MustCompile(`expecting ["']([0-9a-z-]+)["']`)

// regionIn gives the region that an error says the bucket is in, or nothing.
func regionIn(err error) string {
	var answer *awshttp.ResponseError
	if err == nil || !errors.As(err, &answer) || answer.Response == nil {
		return ""
	}
	switch answer.HTTPStatusCode() {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest, http.StatusForbidden:
	default:
		return ""
	}
	// It becomes part of a host's name at AWS, so it is to look like a region.
	if region := answer.Response.Header.Get("X-Amz-Bucket-Region"); hostLike.MatchString(region) {
		return region
	}
	if said, ok := errors.AsType[smithy.APIError](err); ok {
		if m := regionSaid.FindStringSubmatch(said.ErrorMessage()); m != nil {
			return m[1]
		}
	}
	return ""
}
