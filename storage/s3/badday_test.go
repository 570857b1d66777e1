package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

func put(ctx context.Context, store storage.Store, content string) error {
	_, err := store.Put(ctx, "dir/key", strings.NewReader(content), storage.PutOptions{Size: int64(len(content))})
	return err
}

func get(ctx context.Context, store storage.Store, r storage.Range) (string, error) {
	body, _, err := store.Get(ctx, "dir/key", r)
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(body)
	return string(content), errors.Join(err, body.Close())
}

func list(ctx context.Context, store storage.Store, prefix string, depth storage.Depth) ([]string, error) {
	var found []string
	for info, err := range store.List(ctx, prefix, depth) {
		if err != nil {
			return found, err
		}
		found = append(found, info.Key)
	}
	return found, nil
}

func TestTransientFailuresAreTriedAgain(t *testing.T) {
	for name, bad := range map[string]http.HandlerFunc{
		"500":                refusal(500, "InternalError", "We encountered an internal error."),
		"503":                refusal(503, "SlowDown", "Reduce your request rate."),
		"429":                refusal(429, "TooManyRequests", "Slow down."),
		"502 of a proxy":     page(502),
		"no answer":          hangUp,
		"altered on the way": refusal(400, "BadDigest", "The MD5 is another one."),
	} {
		t.Run(name, func(t *testing.T) {
			var bodies []string
			keep := func(next http.HandlerFunc) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					bodies = append(bodies, string(body))
					next(w, r)
				}
			}
			s := play(t, keep(bad), keep(bad), keep(answer(200, "", `ETag: "e1"`)))
			if err := put(t.Context(), s.store(), "content"); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(bodies, "|"); got != "content|content|content" {
				t.Errorf("sent %q", got)
			}
		})
	}
}

func TestListingCutShortIsAskedForAgain(t *testing.T) {
	s := play(t, answer(200, `<?xml version="1.0"?><ListBucketResult><Name>bucket</Name><Contents><Key>a</Key>`), listing(keys("a", "b")))
	got, err := list(t.Context(), s.store(), "", storage.Deep)
	if err != nil || strings.Join(got, " ") != "a b" {
		t.Errorf("listed %q, %v", got, err)
	}
}

// TestFailures fixes what a caller can tell apart, and what a person is told.
func TestFailures(t *testing.T) {
	for name, test := range map[string]struct {
		answer      http.HandlerFunc
		tries       int
		do          string // get, unless it is something else
		kind        error
		text, hints string
	}{
		"no such key":          {refusal(404, "NoSuchKey", "The key does not exist."), 1, "get", storage.ErrNotFound, "NoSuchKey: The key does not exist. (HTTP 404, request REQ42)", ""},
		"no such key to HEAD":  {answer(404, ""), 1, "stat", storage.ErrNotFound, "HTTP 404", ""},
		"no such bucket":       {refusal(404, "NoSuchBucket", "No bucket."), 1, "get", storage.ErrNoStore, "NoSuchBucket", "name of the bucket"},
		"404 of a web server":  {page(404), 1, "get", storage.ErrUnreachable, "HTML page", "endpoint"},
		"404 without a word":   {answer(404, ""), 1, "get", storage.ErrUnreachable, "HTTP 404", "endpoint"},
		"404 page to HEAD":     {page(404), 1, "stat", storage.ErrUnreachable, "HTML", "endpoint"},
		"404 cut short":        {cut(404, `<?xml version="1.0"?><Error><Code>NoSu`, 200), 3, "get", storage.ErrUnreachable, "cut short (HTTP 404", ""},
		"page with 200":        {page(200), 3, "get", storage.ErrUnreachable, "HTML page", "proxy"},
		"page with 200, list":  {page(200), 3, "list", storage.ErrUnreachable, "an HTML page and not one of S3 (HTTP 200, 3 tries)", "proxy"},
		"nothing with 200":     {answer(200, ""), 1, "list", storage.ErrUnreachable, "not a listing", "proxy"},
		"page with 200, put":   {page(200), 3, "put", storage.ErrUnreachable, "an HTML page and not one of S3 (HTTP 200, 3 tries)", "proxy"},
		"forbidden to read":    {refusal(403, "AccessDenied", "Access Denied"), 1, "get", storage.ErrForbidden, "AccessDenied: Access Denied (HTTP 403, request REQ42)", "s3:GetObject"},
		"forbidden to look":    {answer(403, ""), 1, "stat", storage.ErrForbidden, "HTTP 403", "s3:ListBucket"},
		"forbidden to write":   {refusal(403, "AccessDenied", "Access Denied"), 1, "put", storage.ErrForbidden, "PutObject", "s3:PutObject"},
		"forbidden to list":    {refusal(403, "AccessDenied", "Access Denied"), 1, "list", storage.ErrForbidden, "ListObjectsV2", "s3:ListBucket"},
		"forbidden to delete":  {refusal(403, "AccessDenied", "Access Denied"), 1, "delete", storage.ErrForbidden, "DeleteObjects", "s3:DeleteObject"},
		"unknown key ID":       {refusal(403, "InvalidAccessKeyId", "Unknown."), 1, "get", storage.ErrForbidden, "InvalidAccessKeyId", "access key ID"},
		"wrong secret":         {refusal(403, "SignatureDoesNotMatch", "No match."), 1, "get", storage.ErrForbidden, "", "secret access key"},
		"session over":         {refusal(400, "ExpiredToken", "Expired."), 1, "get", storage.ErrForbidden, "ExpiredToken", "sign in again"},
		"clock":                {refusal(403, "RequestTimeTooSkewed", "Too far."), 1, "get", storage.ErrForbidden, "RequestTimeTooSkewed", "clock"},
		"throttled for ever":   {refusal(503, "SlowDown", "Slow down."), 3, "get", storage.ErrThrottled, "SlowDown: Slow down. (HTTP 503, request REQ42, 3 tries)", "later"},
		"broken for ever":      {refusal(500, "InternalError", "Sorry."), 3, "put", storage.ErrUnreachable, "InternalError", ""},
		"hangs up for ever":    {hangUp, 3, "get", storage.ErrUnreachable, "the connection was closed without an answer (3 tries)", "network"},
		"altered for ever":     {refusal(400, "BadDigest", "Other."), 3, "put", storage.ErrCorrupted, "BadDigest", ""},
		"archived":             {refusal(403, "InvalidObjectState", "Not now."), 1, "get", nil, "InvalidObjectState", "restored"},
		"control characters":   {refusal(403, "AccessDenied", "two\nlines \x7f"), 1, "get", storage.ErrForbidden, "two lines (HTTP", ""},
		"range is not there":   {refusal(416, "InvalidRange", "No."), 1, "range", storage.ErrCorrupted, "InvalidRange", ""},
		"range is ignored":     {content("whole"), 1, "range", storage.ErrUnreachable, "range", ""},
		"another range":        {part(0, "w", 5), 1, "range", storage.ErrUnreachable, "range", ""},
		"redirect to nowhere":  {refusal(307, "TemporaryRedirect", "Elsewhere.", "Location: http://127.0.0.1:1/"), 1, "get", storage.ErrUnreachable, "TemporaryRedirect", ""},
		"redirect with secret": {answer(308, "", "Location: http://127.0.0.1:1/"), 1, "put", storage.ErrUnreachable, "HTTP 308", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var answers []http.HandlerFunc
			for range test.tries {
				answers = append(answers, test.answer)
			}
			err := do(t, play(t, answers...).store(), test.do)
			var e *storage.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *storage.Error", err)
			}
			if e.Kind != test.kind {
				t.Errorf("%v is of kind %v, want %v", err, e.Kind, test.kind)
			}
			for _, want := range []string{test.text, e.Op, "s3://bucket at http://127.0.0.1:", "dir/"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if !strings.Contains(e.Hint, test.hints) {
				t.Errorf("the hint %q does not say %q", e.Hint, test.hints)
			}
			if strings.Contains(err.Error(), "operation error") || strings.ContainsAny(err.Error(), "\n\x7f") {
				t.Errorf("%q is not tidy", err)
			}
		})
	}
}

func TestNobodyListening(t *testing.T) {
	isolate(t)
	server := httptest.NewServer(nil)
	server.Close()
	store, err := s3.Open(t.Context(), "bucket", s3.Config{
		Endpoint: server.URL, AccessKeyID: "a", SecretAccessKey: "b", MaxBackoff: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = get(t.Context(), store, storage.Range{})
	if !errors.Is(err, storage.ErrUnreachable) || !strings.Contains(err.Error(), "connection refused") || !strings.Contains(err.Error(), server.URL) {
		t.Errorf("got %v", err)
	}
}

func TestBodyThatBreaksOffIsContinued(t *testing.T) {
	// It breaks off more often than a request is tried, but each time it has come further.
	s := play(t, cut(200, "0123", 10), cut(206, "4", 6, "Content-Range: bytes 4-9/10"), hangUp,
		cut(206, "5", 5, "Content-Range: bytes 5-9/10"), cut(206, "67", 4, "Content-Range: bytes 6-9/10"), part(8, "89", 10))
	got, err := get(t.Context(), s.store(), storage.Range{})
	if err != nil || got != "0123456789" {
		t.Fatalf("read %q, %v", got, err)
	}
	for n, want := range []string{"", "bytes=4-9", "bytes=5-9", "bytes=5-9", "bytes=6-9", "bytes=8-9"} {
		r := s.request(n)
		if got := r.Header.Get("Range"); got != want {
			t.Errorf("request %d asks for %q, want %q", n, got, want)
		}
		if n > 0 && r.Header.Get("If-Match") != `"e1"` {
			t.Errorf("request %d does not insist on the object being the same", n)
		}
	}
}

func TestBodyThatBreaksOffForEverFails(t *testing.T) {
	nothing := cut(206, "", 6, "Content-Range: bytes 4-9/10")
	s := play(t, cut(200, "0123", 10), nothing, nothing)
	got, err := get(t.Context(), s.store(), storage.Range{})
	if got != "" && got != "0123" || !errors.Is(err, storage.ErrUnreachable) || !strings.Contains(err.Error(), "byte 4 of 10") {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestObjectThatChangesWhileItIsRead(t *testing.T) {
	for name, second := range map[string]http.HandlerFunc{
		"the store says so":        refusal(412, "PreconditionFailed", "No."),
		"the store does not check": part(4, "456789", 10, `ETag: "e2"`),
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, cut(200, "0123", 10), second)
			_, err := get(t.Context(), s.store(), storage.Range{})
			if !errors.Is(err, storage.ErrCorrupted) || !strings.Contains(err.Error(), "changed while it was read") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// impatient gives up on a connection that rests.
func impatient(c *s3.Config) { c.Stall, c.PartSize = 50*time.Millisecond, 16<<20 }

func TestBodyThatStallsIsContinued(t *testing.T) {
	s := play(t, func(w http.ResponseWriter, r *http.Request) {
		content("0123", "Content-Length: 10")(w, r)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, part(4, "456789", 10))
	got, err := get(t.Context(), s.store(impatient), storage.Range{})
	if err != nil || got != "0123456789" {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestStoreThatStopsReadingIsAskedAgain(t *testing.T) {
	content := strings.Repeat("x", 8<<20) // more than the kernel takes in
	done := make(chan struct{})
	s := play(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadFull(r.Body, make([]byte, 1000))
		<-done
	}, func(w http.ResponseWriter, r *http.Request) {
		close(done)
		n, _ := io.Copy(io.Discard, r.Body)
		if int(n) != len(content) {
			t.Errorf("the second try sends %d bytes", n)
		}
		w.Header().Set("ETag", `"e1"`)
	})
	if err := put(t.Context(), s.store(impatient), content); err != nil {
		t.Error(err)
	}
}

func TestCompressedBytesStayAsTheyAre(t *testing.T) {
	s := play(t, content("\x1f\x8b not really", "Content-Encoding: gzip"))
	got, err := get(t.Context(), s.store(), storage.Range{})
	if err != nil || got != "\x1f\x8b not really" {
		t.Errorf("read %q, %v", got, err)
	}
	if encoding := s.request(0).Header.Get("Accept-Encoding"); encoding != "identity" && encoding != "" {
		t.Errorf("asks for %q", encoding)
	}
}

func TestBucketIsFollowedToItsRegion(t *testing.T) {
	for name, elsewhere := range map[string]http.HandlerFunc{
		"301, by the header": refusal(301, "PermanentRedirect", "Elsewhere.", "X-Amz-Bucket-Region: eu-north-1"),
		"307, by the header": refusal(307, "TemporaryRedirect", "Elsewhere.", "X-Amz-Bucket-Region: eu-north-1", "Location: http://127.0.0.1:1/"),
		"400, by the text":   refusal(400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-north-1'"),
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, elsewhere, content("content"), content("content"))
			store := s.store()
			for range 2 {
				got, err := get(t.Context(), store, storage.Range{})
				if err != nil || got != "content" {
					t.Fatalf("read %q, %v", got, err)
				}
			}
			for n, want := range []string{"us-east-1", "eu-north-1", "eu-north-1"} {
				if auth := s.request(n).Header.Get("Authorization"); !strings.Contains(auth, "/"+want+"/s3/") {
					t.Errorf("request %d is signed %q, want the region %s", n, auth, want)
				}
			}
		})
	}
	t.Run("which is tried once", func(t *testing.T) {
		s := play(t, refusal(301, "PermanentRedirect", "There.", "X-Amz-Bucket-Region: eu-north-1"),
			refusal(301, "PermanentRedirect", "Here.", "X-Amz-Bucket-Region: us-east-1"))
		if _, err := get(t.Context(), s.store(), storage.Range{}); !errors.Is(err, storage.ErrUnreachable) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLogSaysWhichTryOfARequestItIs(t *testing.T) {
	var log bytes.Buffer
	s := play(t, refusal(503, "SlowDown", "Later."), refusal(503, "SlowDown", "Later."), answer(200, "", `ETag: "e1"`))
	if err := put(t.Context(), s.store(logTo(&log)), "content"); err != nil {
		t.Fatal(err)
	}
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(log.String()), "\n"), func(line string) bool { return !strings.Contains(line, "S3 request") })
	if len(lines) != 3 || strings.Contains(lines[0], "try=") || !strings.Contains(lines[1], "try=2") || !strings.Contains(lines[2], "try=3") {
		t.Errorf("the log is\n%s", log.String())
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	var log bytes.Buffer
	s := play(t, answer(200, "", `ETag: "e1"`), refusal(403, "AccessDenied", "No."))
	store := s.store(logTo(&log), func(c *s3.Config) { c.SessionToken = "the-token" })
	if err := put(t.Context(), store, "content"); err != nil {
		t.Fatal(err)
	}
	_, err := get(t.Context(), store, storage.Range{})
	signature := s.request(0).Header.Get("Authorization")
	signature = signature[strings.LastIndex(signature, "=")+1:]
	for _, secret := range []string{"the-secret", "the-token", signature, "content\""} {
		if secret == "" || strings.Contains(log.String()+err.Error()+store.String(), secret) {
			t.Errorf("%q is in the log: %s", secret, log.String())
		}
	}
	if n := strings.Count(log.String(), "status="); n != 2 {
		t.Errorf("the log has %d requests: %s", n, log.String())
	}
}
