package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/storage"
)

func TestDeleteIsGuardedByContentMD5(t *testing.T) {
	s := play(t, answer(200, "<DeleteResult><Deleted><Key>a</Key></Deleted><Deleted><Key>b</Key></Deleted></DeleteResult>"))
	if err := s.store().Delete(t.Context(), "b", "a", "b"); err != nil {
		t.Fatal(err)
	}
	h := s.request(0).Header
	if h.Get("Content-Md5") == "" {
		t.Error("there is no Content-MD5")
	}
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "x-amz-checksum") || strings.EqualFold(name, "x-amz-sdk-checksum-algorithm") {
			t.Errorf("there is a header %s, which some stores refuse", name)
		}
	}
}

func TestDeleteLooksAtTheAnswerForEachKey(t *testing.T) {
	refused := func(code string) http.HandlerFunc {
		return answer(200, fmt.Sprintf("<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>%s</Code><Message>Why.</Message></Error></DeleteResult>", code))
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		kind   error
		key    string
	}{
		"one is forbidden":     {refused("AccessDenied"), storage.ErrForbidden, "b"},
		"one is not mentioned": {answer(200, "<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>"), storage.ErrUnreachable, "a"},
		"a proxy answers":      {answer(200, "<html><body></body></html>"), storage.ErrUnreachable, "a"},
		"one was gone":         {refused("NoSuchKey"), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := play(t, test.answer).store().Delete(t.Context(), "a", "b")
			var e *storage.Error
			if test.kind == nil {
				if err != nil {
					t.Error(err)
				}
			} else if !errors.As(err, &e) || e.Kind != test.kind || e.Key != test.key {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestKeyThatXMLCannotHoldIsDeletedByItself(t *testing.T) {
	s := play(t, answer(204, ""))
	if err := s.store().Delete(t.Context(), "a\x01b"); err != nil {
		t.Fatal(err)
	}
	if r := s.request(0); r.Method != http.MethodDelete || r.URL.Path != "/bucket/a\x01b" {
		t.Errorf("asks %s %q", r.Method, r.URL.Path)
	}
}

// deletion answers a request to remove objects: the keys are gone, but for those
// that come with a code after a colon.
func deletion(results ...string) http.HandlerFunc {
	var b strings.Builder
	for _, result := range results {
		key, code, failed := strings.Cut(result, ":")
		if failed {
			fmt.Fprintf(&b, "<Error><Key>%s</Key><Code>%s</Code><Message>Why.</Message></Error>", key, code)
		} else {
			fmt.Fprintf(&b, "<Deleted><Key>%s</Key></Deleted>", key)
		}
	}
	return answer(200, "<DeleteResult>"+b.String()+"</DeleteResult>")
}

func TestDeleteAsksAgainForWhatTheStoreHadNoTimeFor(t *testing.T) {
	var asked []string
	noting := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var keys []string
			for _, key := range []string{"a", "b", "c", "d"} {
				if bytes.Contains(body, []byte("<Key>"+key+"</Key>")) {
					keys = append(keys, key)
				}
			}
			asked = append(asked, strings.Join(keys, ""))
			next(w, r)
		}
	}
	s := play(t, noting(deletion("a", "d:SlowDown", "b:InternalError", "c")), noting(deletion("b", "d:SlowDown")), noting(deletion("d")))
	if err := s.store().Delete(t.Context(), "a", "b", "c", "d"); err != nil {
		t.Error(err)
	}
	if got := strings.Join(asked, " "); got != "abcd bd d" {
		t.Errorf("asked for %s", got)
	}
}

func TestDeleteGivesUpOnWhatTheStoreNeverHasTimeFor(t *testing.T) {
	for name, test := range map[string]struct {
		answers []http.HandlerFunc
		kind    error
		text    string
	}{
		"throttled":      {[]http.HandlerFunc{deletion("a", "b:SlowDown"), deletion("b:SlowDown"), deletion("b:SlowDown")}, storage.ErrThrottled, "3 tries"},
		"fails":          {[]http.HandlerFunc{deletion("a", "b:InternalError"), deletion("b:InternalError"), deletion("b:InternalError")}, storage.ErrUnreachable, "3 tries"},
		"then forbidden": {[]http.HandlerFunc{deletion("a", "b:SlowDown"), deletion("b:AccessDenied")}, storage.ErrForbidden, "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			err := play(t, test.answers...).store().Delete(t.Context(), "a", "b")
			var e *storage.Error
			if !errors.As(err, &e) || e.Kind != test.kind || e.Key != "b" || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestDeleteAsksForNothingElse has the answer name a key that nobody spoke of.
func TestDeleteAsksForNothingElse(t *testing.T) {
	err := play(t, deletion("a", "c:SlowDown")).store().Delete(t.Context(), "a", "b")
	if !errors.Is(err, storage.ErrThrottled) {
		t.Errorf("got %v", err)
	}
}

func TestDeleteStopsBetweenTwoTries(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := play(t, deletion("a:SlowDown"))
	interrupt := writerFunc(func(line []byte) {
		if bytes.Contains(line, []byte("tried again")) {
			cancel()
		}
	})
	if err := s.store(logTo(interrupt)).Delete(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }
