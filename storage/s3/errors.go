package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/dtool-go/dtool/storage"
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

// understand reads off the SDK's error what there is to know.
func understand(err error) *failure {
	f := &failure{err: err}
	var tries *retry.MaxAttemptsError
	if errors.As(err, &tries) {
		f.tries = tries.Attempt
	}
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil {
		f.status = answer.HTTPStatusCode()
		f.request = oneLine(answer.RequestID)
		f.html = strings.HasPrefix(answer.Response.Header.Get("Content-Type"), "text/html")
	}
	var said smithy.APIError
	var credentials *credentialsError
	switch {
	case errors.As(err, &credentials):
		f.message = oneLine(credentials.Error())
	case f.html:
		f.message = "the answer is an HTML page and not one of S3"
	case errors.As(err, &said):
		f.code, f.message = oneLine(said.ErrorCode()), oneLine(said.ErrorMessage())
	case f.status == 0:
		f.message = oneLine(transportCause(err).Error())
	default:
		f.message = "the answer is not one of S3, or was cut short"
	}
	return f
}

// transportCause leaves out what only says that a request failed.
func transportCause(err error) error {
	var sent *url.Error
	var operation *smithy.OperationError
	switch {
	case errors.As(err, &sent):
		return sent.Err
	case errors.As(err, &operation):
		return operation.Err
	}
	return err
}

// maxText is how much of what a store says is repeated.
const maxText = 300

// oneLine makes what a store sent fit for a message.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "..."
	}
	return text
}

// requestError turns the SDK's error into one of package storage.
func (s *Store) requestError(ctx context.Context, op, key string, err error) error {
	if ctx.Err() != nil {
		return s.error(op, key, nil, ctx.Err())
	}
	f := understand(err)
	e := s.error(op, key, f.kind(op), f)
	e.Hint = s.hint(op, f, e.Kind)
	return e
}

func (s *Store) error(op, key string, kind, err error) *storage.Error {
	return &storage.Error{Op: op, Store: s.String(), Key: key, Kind: kind, Err: err}
}

// oddAnswer is the error for an answer that is a success by its status and
// makes no sense.
func (s *Store) oddAnswer(op, key, what string) error {
	e := s.error(op, key, storage.ErrUnreachable, errors.New(what))
	e.Hint = "check that the endpoint is that of an S3 store, and that no proxy answers in its place"
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
	var credentials *credentialsError
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
	case errors.As(f.err, &credentials), f.code == "AccessDenied", sessionEnded(f.code),
		f.status == http.StatusUnauthorized, f.status == http.StatusForbidden:
		return storage.ErrForbidden
	case f.code == "SlowDown", f.status == http.StatusTooManyRequests, f.status == http.StatusServiceUnavailable:
		return storage.ErrThrottled
	case f.status/100 != 4, f.status == http.StatusNotFound && f.code == "NotFound":
		return storage.ErrUnreachable
	}
	return nil
}

func sessionEnded(code string) bool {
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "RequestExpired":
		return true
	}
	return false
}

// right gives the right that an operation needs, as policies call it.
func right(op string) string {
	switch op {
	case "HeadObject":
		return "s3:GetObject"
	case "ListObjectsV2":
		return "s3:ListBucket"
	case "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload":
		return "s3:PutObject"
	case "DeleteObjects":
		return "s3:DeleteObject"
	}
	return "s3:" + op
}

// hint says what to try next.
func (s *Store) hint(op string, f *failure, kind error) string {
	var credentials *credentialsError
	switch {
	case errors.As(f.err, &credentials):
		return "check the AWS profile, or sign in again"
	case f.code == "InvalidAccessKeyId":
		return "the store does not know this access key ID: check it, and whether it belongs to this endpoint"
	case f.code == "SignatureDoesNotMatch":
		return "the secret access key is most likely wrong"
	case sessionEnded(f.code):
		return "the session is over or its token wrong: sign in again"
	case f.code == "RequestTimeTooSkewed":
		return "the clock of this computer is wrong: set it"
	case f.code == "InvalidObjectState":
		return "the object is archived and must be restored before it can be read"
	}
	switch kind {
	case storage.ErrForbidden:
		return s.forbiddenHint(op)
	case storage.ErrNoStore:
		return s.whereHint("check the name of the bucket")
	case storage.ErrThrottled:
		return "try again later, or with fewer requests at once"
	case storage.ErrUnreachable:
		if f.status == 0 {
			return s.whereHint("check the network and the endpoint")
		}
		return s.whereHint("check that the endpoint is that of an S3 store, and that no proxy answers in its place")
	}
	return ""
}

func (s *Store) forbiddenHint(op string) string {
	if s.anonymous {
		return "there are no credentials for this bucket, so the request was not signed: set its access key, or sign in"
	}
	hint := "the right " + right(op) + " is missing, or the keys are not those for this bucket"
	if op == "HeadObject" {
		hint += "; without the right s3:ListBucket this is also the answer where there is no such object"
	}
	return hint
}

func (s *Store) whereHint(hint string) string {
	if s.atAWS {
		return hint + "; no endpoint is set, so AWS was asked"
	}
	return hint
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
	var said smithy.APIError
	if errors.As(err, &said) {
		if m := regionSaid.FindStringSubmatch(said.ErrorMessage()); m != nil {
			return m[1]
		}
	}
	return ""
}
