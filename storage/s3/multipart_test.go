package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

// An uploads is a server that takes uploads in parts of 8 bytes, and answers the
// end of one as a test wants it.
type uploads struct {
	t        *testing.T
	begin    http.HandlerFunc
	part     http.HandlerFunc
	complete http.HandlerFunc
	head     http.HandlerFunc
	abort    http.HandlerFunc
	copied   http.HandlerFunc // to the wish for a copy, as a whole or of a part
	left     http.HandlerFunc // to the question for uploads that are left
	list     http.HandlerFunc // to the one for their parts
	remove   http.HandlerFunc

	mu    sync.Mutex
	did   []string // operations, in order
	parts map[string]string
}

func (u *uploads) note(op string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.did = append(u.did, op)
}

func (u *uploads) count(op string) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := 0
	for _, did := range u.did {
		if did == op {
			n++
		}
	}
	return n
}

const begun = `<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>dir/key</Key><UploadId>ID</UploadId></InitiateMultipartUploadResult>`

func (u *uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	ofBucket := r.URL.Path == "/bucket" && (q.Has("uploads") || q.Has("delete"))
	if !ofBucket && r.URL.Path != "/bucket/dir/key" || (q.Has("uploadId") && q.Get("uploadId") != "ID") {
		u.t.Errorf("%s %s is for something else", r.Method, r.URL)
	}
	switch {
	case r.Method == http.MethodGet && q.Has("uploads"):
		u.note("look")
		u.left(w, r)
	case r.Method == http.MethodGet && q.Has("uploadId"):
		u.note("list")
		u.list(w, r)
	case r.Method == http.MethodPost && q.Has("delete"):
		u.note("remove")
		u.remove(w, r)
	case r.Method == http.MethodPost && q.Has("uploads"):
		u.note("begin")
		u.begin(w, r)
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		u.mu.Lock()
		u.parts[q.Get("partNumber")] = r.Header.Get("X-Amz-Copy-Source-Range")
		u.mu.Unlock()
		u.note("copy")
		u.copied(w, r)
	case r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		u.mu.Lock()
		u.parts[q.Get("partNumber")] = string(body)
		u.mu.Unlock()
		u.note("part")
		u.part(w, r)
	case r.Method == http.MethodPost:
		u.note("complete")
		u.complete(w, r)
	case r.Method == http.MethodHead:
		u.note("head")
		u.head(w, r)
	case r.Method == http.MethodDelete:
		u.note("abort")
		u.abort(w, r)
	default:
		u.t.Errorf("%s %s is not expected", r.Method, r.URL)
	}
}

const completed = `<CompleteMultipartUploadResult><ETag>"whole-3"</ETag></CompleteMultipartUploadResult>`

func newUploads(t *testing.T) *uploads {
	return &uploads{
		t: t, parts: map[string]string{}, part: tookPart,
		begin: answer(200, begun), complete: answer(200, completed), head: answer(404, ""), abort: answer(204, ""),
		copied: answer(200, `<CopyPartResult><ETag>"p"</ETag></CopyPartResult>`),
		left:   answer(200, "<ListMultipartUploadsResult></ListMultipartUploadsResult>"),
		remove: answer(200, "<DeleteResult><Deleted><Key>dir/key</Key></Deleted></DeleteResult>"),
	}
}

func tookPart(w http.ResponseWriter, r *http.Request) {
	answer(200, "", `ETag: "p`+r.URL.Query().Get("partNumber")+`"`)(w, r)
}

func (u *uploads) store(change ...func(*s3.Config)) *s3.Store {
	s := play(u.t)
	s.server.Config.Handler = u
	return s.store(change...)
}

const large = "0123456789abcdefghi" // three parts

func largeMetadata() map[string]string {
	return map[string]string{"checksum": "abc", "handle": "ZGF0YQ=="}
}

func putLarge(ctx context.Context, store storage.Store, body io.Reader) (storage.Info, error) {
	return store.Put(ctx, "dir/key", body, storage.PutOptions{Size: int64(len(large)), Metadata: largeMetadata()})
}

func TestLargeObjectGoesInParts(t *testing.T) {
	u := newUploads(t)
	var asked http.Header
	var list string
	u.begin = func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Clone()
		answer(200, begun)(w, r)
	}
	u.complete = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		list = string(body)
		answer(200, completed)(w, r)
	}
	info, err := putLarge(t.Context(), u.store(), strings.NewReader(large))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size != 19 || info.ETag != "whole-3" || info.Metadata["checksum"] != "abc" {
		t.Errorf("Put gives %+v", info)
	}
	if got := u.parts["1"] + "|" + u.parts["2"] + "|" + u.parts["3"]; got != "01234567|89abcdef|ghi" {
		t.Errorf("sent %q", got)
	}
	if asked.Get("X-Amz-Meta-Handle") != "ZGF0YQ==" {
		t.Errorf("the metadata is not with the beginning: %v", asked)
	}
	for n := 1; n <= 3; n++ {
		if !strings.Contains(list, fmt.Sprintf("<PartNumber>%d</PartNumber>", n)) {
			t.Errorf("part %d is not in %s", n, list)
		}
	}
}

func TestOtherBucketInTheAnswerIsIgnored(t *testing.T) {
	u := newUploads(t)
	u.begin = answer(200, strings.Replace(begun, "<Bucket>bucket", "<Bucket>tenant:bucket", 1))
	if _, err := putLarge(t.Context(), u.store(), strings.NewReader(large)); err != nil {
		t.Error(err)
	}
}

// TestOddEndsOfAnUpload has the store leave open what became of the object, and
// expects that the object is looked at.
func TestOddEndsOfAnUpload(t *testing.T) {
	handle, checksum := "X-Amz-Meta-Handle: ZGF0YQ==", "X-Amz-Meta-Checksum: abc"
	// justNow describes an object that was made when it is asked for.
	justNow := func(size int, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			made := "Last-Modified: " + time.Now().UTC().Format(http.TimeFormat)
			described(size, append(headers, made)...)(w, r)
		}
	}
	for name, complete := range map[string]http.HandlerFunc{
		"200 with an error":        refusal(200, "InternalError", "We are sorry."),
		"an empty body":            answer(200, ""),
		"a page of a proxy":        page(200),
		"a page of a proxy, 504":   page(504),
		"no such upload":           refusal(404, "NoSuchUpload", "Gone."),
		"no answer":                hangUp,
		"half an answer":           answer(200, "<CompleteMultipartUploadResult><ETag>"),
		"refused for no good word": refusal(500, "InternalError", "Sorry."),
	} {
		for state, head := range map[string]http.HandlerFunc{
			"made":      justNow(len(large), handle, checksum),
			"not made":  answer(404, ""),
			"old one":   described(len(large), handle, checksum), // of 2020
			"other one": justNow(len(large), handle, "X-Amz-Meta-Checksum: def"),
			"short one": justNow(len(large)-1, handle, checksum),
			"forbidden": answer(403, ""),
		} {
			t.Run(name+", "+state, func(t *testing.T) {
				u := newUploads(t)
				u.complete, u.head = complete, head
				_, err := putLarge(t.Context(), u.store(), strings.NewReader(large))
				var e *storage.Error
				if state == "made" {
					if err != nil || u.count("abort") != 0 {
						t.Errorf("got %v, after %v", err, u.did)
					}
					return
				}
				aborted := 1
				if errors.Is(err, storage.ErrUnreachable) {
					aborted = 0 // the parts stay for whoever resumes
				}
				if !errors.As(err, &e) || u.count("abort") != aborted || u.count("head") != 1 {
					t.Errorf("got %v, after %v", err, u.did)
				}
			})
		}
	}
	t.Run("a plain refusal", func(t *testing.T) {
		u := newUploads(t)
		u.complete = refusal(400, "InvalidPart", "A part is missing.")
		_, err := putLarge(t.Context(), u.store(), strings.NewReader(large))
		if err == nil || u.count("head") != 0 || u.count("abort") != 1 {
			t.Errorf("got %v, after %v", err, u.did)
		}
	})
}

func TestBadBodyIsNeverCompleted(t *testing.T) {
	broken := errors.New("the disk is broken")
	for name, test := range map[string]struct {
		body io.Reader
		want error
	}{
		"too short": {strings.NewReader(large[:18]), storage.ErrCorrupted},
		"too long":  {strings.NewReader(large + "j"), storage.ErrCorrupted},
		"broken":    {io.MultiReader(strings.NewReader(large[:10]), errReader{broken}), broken},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUploads(t)
			_, err := putLarge(t.Context(), u.store(), test.body)
			if !errors.Is(err, test.want) || u.count("complete") != 0 || u.count("abort") != 1 {
				t.Errorf("got %v, after %v", err, u.did)
			}
		})
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestForbiddenAbortIsOnlyLogged(t *testing.T) {
	u := newUploads(t)
	u.abort = refusal(403, "AccessDenied", "No.")
	var log bytes.Buffer
	_, err := putLarge(t.Context(), u.store(logTo(&log)), strings.NewReader(large[:18]))
	if !errors.Is(err, storage.ErrCorrupted) || strings.Contains(err.Error(), "Abort") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "left in the bucket") || !strings.Contains(log.String(), "AccessDenied") {
		t.Errorf("logged %s", log.String())
	}
}

func TestInterruptedUploadIsAborted(t *testing.T) {
	u := newUploads(t)
	ctx, cancel := context.WithCancel(t.Context())
	body := io.MultiReader(strings.NewReader(large[:10]), callReader(cancel), strings.NewReader(large[10:]))
	_, err := putLarge(ctx, u.store(), body)
	if !errors.Is(err, context.Canceled) || u.count("abort") != 1 || u.count("complete") != 0 {
		t.Errorf("got %v, after %v", err, u.did)
	}
}

// TestUploadThatIsInterruptedWhileItBeginsIsAborted has the answer with the upload's ID
// come after the end of the context, and not come at all.
func TestUploadThatIsInterruptedWhileItBeginsIsAborted(t *testing.T) {
	for name, aborts := range map[string]int{"answered late": 1, "not answered": 0} {
		t.Run(name, func(t *testing.T) {
			u := newUploads(t)
			ctx, cancel := context.WithCancel(t.Context())
			begin := u.begin
			u.begin = func(w http.ResponseWriter, r *http.Request) {
				cancel()
				if aborts == 0 {
					<-r.Context().Done()
					return
				}
				begin(w, r)
			}
			store := u.store()
			if store.Wait(time.Minute); aborts == 0 {
				store.Wait(time.Millisecond)
			}
			_, err := putLarge(ctx, store, strings.NewReader(large))
			if !errors.Is(err, context.Canceled) || u.count("abort") != aborts || u.count("part") != 0 {
				t.Errorf("got %v, after %v", err, u.did)
			}
		})
	}
}

type callReader func()

func (f callReader) Read([]byte) (int, error) { f(); return 0, io.EOF }

func TestFailedPartIsTheReason(t *testing.T) {
	u := newUploads(t)
	s := play(t)
	s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("partNumber") == "2" {
			refusal(403, "AccessDenied", "No.")(w, r)
			return
		}
		u.ServeHTTP(w, r)
	})
	_, err := putLarge(t.Context(), s.store(), strings.NewReader(large))
	if !errors.Is(err, storage.ErrForbidden) || !strings.Contains(err.Error(), "UploadPart") || u.count("abort") != 1 {
		t.Errorf("got %v, after %v", err, u.did)
	}
}

func TestTooMuchIsRefusedBeforeAnythingIsSent(t *testing.T) {
	store := play(t).store()
	for name, test := range map[string]struct {
		key      string
		metadata map[string]string
	}{
		"key":                 {strings.Repeat("k/", 512) + "k", nil},
		"metadata":            {"key", map[string]string{"handle": strings.Repeat("x", 2043)}},
		"a value not ASCII":   {"key", map[string]string{"handle": "é"}},
		"a value of two rows": {"key", map[string]string{"handle": "a\nb"}},
		"an odd name":         {"key", map[string]string{"a name": "x"}},
	} {
		_, err := store.Put(t.Context(), test.key, errReader{errors.New("the body was read")}, storage.PutOptions{Metadata: test.metadata})
		if !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRequestsAreWhatEveryStoreTakes(t *testing.T) {
	u := newUploads(t)
	s := play(t)
	s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		checkHeaders(t, r)
		u.ServeHTTP(w, r)
	})
	store := s.store()
	if err := put(t.Context(), store, "small"); err != nil {
		t.Fatal(err)
	}
	if _, err := putLarge(t.Context(), store, strings.NewReader(large)); err != nil {
		t.Fatal(err)
	}
}

func checkHeaders(t *testing.T, r *http.Request) {
	for name := range r.Header {
		lower := strings.ToLower(name)
		if lower == "x-amz-trailer" || strings.HasPrefix(lower, "x-amz-checksum") || lower == "x-amz-sdk-checksum-algorithm" {
			t.Errorf("%s %s has the header %s", r.Method, r.URL, name)
		}
	}
	h, q := r.Header, r.URL.Query()
	if len(h.Get("X-Amz-Content-Sha256")) != 64 {
		t.Errorf("%s %s: no hash guards the body", r.Method, r.URL)
	}
	for _, name := range []string{"If-None-Match", "If-Match", "X-Amz-Acl"} {
		if r.Method != http.MethodGet && h.Get(name) != "" {
			t.Errorf("%s %s has the header %s: %s, which not every store honours", r.Method, r.URL, name, h.Get(name))
		}
	}
	whole := r.Method == http.MethodPut && !q.Has("partNumber")
	if copied := h.Get("X-Amz-Copy-Source") != ""; whole && !copied && h.Get("Content-Md5") == "" {
		t.Errorf("%s %s has no Content-MD5", r.Method, r.URL)
	}
	if makes := whole || q.Has("uploads"); makes && h.Get("Content-Type") != "binary/octet-stream" {
		t.Errorf("%s %s has the content type %q", r.Method, r.URL, h.Get("Content-Type"))
	}
}
