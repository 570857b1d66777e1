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
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

func TestUploadThatVanishesWhileItIsResumed(t *testing.T) {
	for name, change := range map[string]func(*uploads){
		"before a part":  func(u *uploads) { u.part = refusal(404, "NoSuchUpload", "Gone.") },
		"before the end": func(u *uploads) { u.complete, u.head = refusal(404, "NoSuchUpload", "Gone."), answer(404, "") },
		"after which an old object is found": func(u *uploads) { // newer than the upload, older than this Put
			u.complete = refusal(404, "NoSuchUpload", "Gone.")
			u.head = described(len(large), "X-Amz-Meta-Handle: ZGF0YQ==", "X-Amz-Meta-Checksum: abc", "Last-Modified: "+time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat))
		},
	} {
		t.Run(name, func(t *testing.T) {
			u := newLeftover(t)
			change(u)
			u.abort = refusal(404, "NoSuchUpload", "Gone.")
			var log bytes.Buffer
			_, err := u.store(logTo(&log)).Put(t.Context(), "dir/key", strings.NewReader(large),
				storage.PutOptions{Size: int64(len(large)), Metadata: largeMetadata(), Resume: true})
			if err == nil || !strings.Contains(err.Error(), "NoSuchUpload") || u.count("begin") != 0 {
				t.Errorf("got %v, after %v", err, u.did)
			}
			if strings.Contains(log.String(), "left in the bucket") {
				t.Errorf("of an upload that is gone it says that it is left: %s", log.String())
			}
		})
	}
	t.Run("since another process completed it", func(t *testing.T) {
		u := newLeftover(t)
		u.complete = refusal(404, "NoSuchUpload", "Gone.")
		u.head = func(w http.ResponseWriter, r *http.Request) {
			made := "Last-Modified: " + time.Now().UTC().Format(http.TimeFormat)
			described(len(large), "X-Amz-Meta-Handle: ZGF0YQ==", "X-Amz-Meta-Checksum: abc", made)(w, r)
		}
		if _, err := resumeLarge(t, u, strings.NewReader(large)); err != nil {
			t.Error(err)
		}
	})
}

// TestResumedUploadOfOtherMetadata is about an upload that was begun with metadata of
// which nothing could be known before.
func TestResumedUploadOfOtherMetadata(t *testing.T) {
	others := described(len(large), `ETag: "whole-3"`, "X-Amz-Meta-Checksum: def")
	for name, test := range map[string]struct {
		head, copied http.HandlerFunc
		err          string // empty for success
		did          []string
	}{
		"is copied onto itself":              {others, answer(200, copiedWhole), "", []string{"head", "copy"}},
		"is removed, since copies fail":      {others, refusal(501, "NotImplemented", "No."), "other metadata", []string{"head", "copy", "remove"}},
		"is somebody else's by now":          {described(len(large), `ETag: "e5"`, "X-Amz-Meta-Checksum: def"), nil, "meanwhile", []string{"head"}},
		"changes between look and copy":      {others, refusal(412, "PreconditionFailed", "No."), "other metadata", []string{"head", "copy"}},
		"cannot be looked at":                {answer(403, ""), nil, "HeadObject", []string{"head"}},
		"is another size, and somebody's":    {described(3, `ETag: "e5"`, "X-Amz-Meta-Handle: ZGF0YQ==", "X-Amz-Meta-Checksum: abc"), nil, "meanwhile", []string{"head"}},
		"is gone again, as somebody removed": {answer(404, ""), nil, "HeadObject", []string{"head"}},
	} {
		t.Run(name, func(t *testing.T) {
			u := newLeftover(t)
			u.head = test.head
			if test.copied != nil {
				u.copied = func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("X-Amz-Copy-Source-If-Match") != `"whole-3"` || r.Header.Get("X-Amz-Meta-Checksum") != "abc" {
						t.Errorf("a copy is asked for with %v", r.Header)
					}
					test.copied(w, r)
				}
			}
			info, err := resumeLarge(t, u, strings.NewReader(large))
			switch {
			case test.err == "" && (err != nil || info.ETag != "e2"):
				t.Errorf("got %+v, %v", info, err)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("got %v, want %s", err, test.err)
			}
			if diff := cmp.Diff(test.did, u.did[4:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFailedUploadLeavesPartsThatCanBeOfUse fixes when parts stay.
func TestFailedUploadLeavesPartsThatCanBeOfUse(t *testing.T) {
	away := fmt.Errorf("%w: the line went dead", storage.ErrUnreachable)
	failing := func(number string, with http.HandlerFunc) func(*uploads) {
		return func(u *uploads) {
			u.part = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("partNumber") == number {
					with(w, r)
					return
				}
				tookPart(w, r)
			}
		}
	}
	for name, test := range map[string]struct {
		change func(*uploads)
		body   io.Reader
		want   error
		stay   bool
	}{
		"the store is throttled":    {failing("3", refusal(503, "SlowDown", "Slower.")), nil, storage.ErrThrottled, true},
		"the store goes away":       {failing("2", hangUp), nil, storage.ErrUnreachable, true},
		"the store fails":           {failing("2", refusal(500, "InternalError", "Sorry.")), nil, storage.ErrUnreachable, true},
		"with the first part":       {failing("1", hangUp), nil, storage.ErrUnreachable, false},
		"the store refuses":         {failing("2", refusal(403, "AccessDenied", "No.")), nil, storage.ErrForbidden, false},
		"the end fails":             {func(u *uploads) { u.complete = refusal(500, "InternalError", "Sorry.") }, nil, storage.ErrUnreachable, true},
		"the end is refused":        {func(u *uploads) { u.complete = refusal(400, "InvalidPart", "No.") }, nil, nil, false},
		"the source goes away":      {nil, io.MultiReader(strings.NewReader(large[:17]), errReader{away}), storage.ErrUnreachable, true},
		"the source ends early":     {nil, strings.NewReader(large[:17]), storage.ErrCorrupted, false},
		"the source cannot be read": {nil, io.MultiReader(strings.NewReader(large[:17]), errReader{io.ErrClosedPipe}), io.ErrClosedPipe, false},
		"the source is longer":      {nil, strings.NewReader(large + "x"), storage.ErrCorrupted, false},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUploads(t)
			if test.change != nil {
				test.change(u)
			}
			if test.body == nil {
				test.body = strings.NewReader(large)
			}
			var log bytes.Buffer
			store := u.store(logTo(&log), func(c *s3.Config) { c.PartsInFlight = 1 })
			_, err := putLarge(t.Context(), store, test.body)
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got %v", err)
			}
			if stay := u.count("abort") == 0; stay != test.stay {
				t.Errorf("after %v", u.did)
			}
			if said := strings.Contains(log.String(), "stay in the bucket"); said != test.stay {
				t.Errorf("the log says %s", log.String())
			}
		})
	}
}

func TestPartsOfAnEarlierUploadOutliveAFailureAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		body   error
		aborts int
	}{
		"the source is away":   {fmt.Errorf("%w: the line is dead", storage.ErrUnreachable), 0},
		"the source is broken": {io.ErrClosedPipe, 1},
	} {
		u := newLeftover(t)
		_, err := resumeLarge(t, u, errReader{test.body})
		if !errors.Is(err, test.body) || u.count("abort") != test.aborts {
			t.Errorf("%s: got %v, after %v", name, err, u.did)
		}
	}
}

// TestWhoEndsAnUploadDecidesOfItsParts fixes which parts stay of an upload that is
// called off.
func TestWhoEndsAnUploadDecidesOfItsParts(t *testing.T) {
	for name, test := range map[string]struct {
		cause error
		once  bool
		stay  bool
	}{
		"something else failed":                    {errors.New("another item is wrong"), false, true},
		"something else failed, for good":          {errors.New("another item is wrong"), true, false},
		"somebody has had enough":                  {nil, false, false},
		"somebody has had enough and says so":      {stopped{}, false, false},
		"it was to be through by a certain moment": {context.DeadlineExceeded, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUploads(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			u.part = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("partNumber") == "2" {
					cancel(test.cause)
					hangUp(w, r)
				}
				tookPart(w, r)
			}
			store := u.store(func(c *s3.Config) { c.PartsInFlight = 1 })
			_, err := store.Put(ctx, "dir/key", strings.NewReader(large), storage.PutOptions{Size: int64(len(large)), Once: test.once})
			if err == nil || u.count("complete") != 0 {
				t.Errorf("got %v, after %v", err, u.did)
			}
			if stay := u.count("abort") == 0; stay != test.stay {
				t.Errorf("after %v", u.did)
			}
		})
	}
}

// stopped is the cause of a cancellation that says that it is one.
type stopped struct{}

func (stopped) Error() string        { return "stopped by signal" }
func (stopped) Is(target error) bool { return target == context.Canceled }
