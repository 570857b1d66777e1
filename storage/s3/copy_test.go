package s3_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

const copiedWhole = `<CopyObjectResult><ETag>"e2"</ETag></CopyObjectResult>`

// source is an object of as many bytes as large has.
func source() storage.Info {
	return storage.Info{Key: "from here", Size: int64(len(large)), ETag: "e1"}
}

func copyLarge(t *testing.T, store *s3.Store) (storage.Info, error) {
	t.Helper()
	return store.CopyFrom(t.Context(), "dir/key", store, source(), storage.PutOptions{Size: source().Size, Metadata: largeMetadata()})
}

func TestCopyRequest(t *testing.T) {
	s := play(t, answer(200, copiedWhole))
	store := s.store()
	from, err := s3.Open(t.Context(), "other", s3.Config{Endpoint: s.server.URL, AccessKeyID: "AKID", SecretAccessKey: "the-secret"})
	if err != nil {
		t.Fatal(err)
	}
	info := storage.Info{Key: "d/a+b c%20?versionId=1&é~", Size: 3, ETag: "e1"}
	got, err := store.CopyFrom(t.Context(), "dir/key", from, info, storage.PutOptions{Size: 3, Metadata: largeMetadata()})
	if err != nil {
		t.Fatal(err)
	}
	if got.Key != "dir/key" || got.Size != 3 || got.ETag != "e2" || got.Metadata["checksum"] != "abc" {
		t.Errorf("CopyFrom gives %+v", got)
	}
	r := s.request(0)
	if r.Method != http.MethodPut || r.URL.Path != "/bucket/dir/key" || r.ContentLength != 0 {
		t.Errorf("asks %s %s with %d bytes", r.Method, r.URL, r.ContentLength)
	}
	for name, want := range map[string]string{
		"X-Amz-Copy-Source":          "other/d/a%2Bb%20c%2520%3FversionId%3D1%26%C3%A9~",
		"X-Amz-Copy-Source-If-Match": `"e1"`,
		"X-Amz-Metadata-Directive":   "REPLACE",
		"X-Amz-Meta-Checksum":        "abc",
		"Content-Type":               "binary/octet-stream",
		"X-Amz-Tagging-Directive":    "", // some stores refuse it
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	checkHeaders(t, r)
}

// TestCopyIsNotAskedFor is about copies of which it is known beforehand that the
// store cannot make them.
func TestCopyIsNotAskedFor(t *testing.T) {
	s, elsewhere := play(t), play(t)
	store := s.store()
	unsigned := s.store(func(c *s3.Config) { c.AccessKeyID, c.SecretAccessKey = "", "" })
	for name, from := range map[string]storage.Store{
		"another endpoint":      elsewhere.store(),
		"another access key":    s.store(func(c *s3.Config) { c.AccessKeyID = "OTHER" }),
		"without credentials":   unsigned,
		"another kind of store": struct{ storage.Store }{store},
	} {
		_, err := store.CopyFrom(t.Context(), "dir/key", from, source(), storage.PutOptions{Size: source().Size})
		if !errors.Is(err, errors.ErrUnsupported) || store.CopiesFrom(t.Context(), from) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if unsigned.CopiesFrom(t.Context(), unsigned) {
		t.Error("what is not signed is copied")
	}
	info := source()
	info.ETag = ""
	_, err := store.CopyFrom(t.Context(), "dir/key", store, info, storage.PutOptions{Size: info.Size})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("no ETag: got %v", err)
	}
	_, err = store.CopyFrom(t.Context(), "dir/key", store, source(), storage.PutOptions{Size: 1})
	if _, mismatch := errors.AsType[*storage.Mismatch](err); !mismatch {
		t.Errorf("another size: got %v", err)
	}
}

// TestFailuresOfCopies tells refusals to copy, after which another way is tried,
// from failures. It is the same for whole objects and for those in parts.
func TestFailuresOfCopies(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		kind   error
		key    string
		text   string
	}{
		"not implemented":             {refusal(501, "NotImplemented", "Not here."), errors.ErrUnsupported, "dir/key", "NotImplemented"},
		"not allowed at all":          {refusal(405, "MethodNotAllowed", "Never."), errors.ErrUnsupported, "dir/key", "MethodNotAllowed"},
		"an invalid request":          {refusal(400, "InvalidRequest", "The source is too large."), errors.ErrUnsupported, "dir/key", "too large"},
		"an unknown header":           {refusal(400, "InvalidArgument", "Unsupported header."), errors.ErrUnsupported, "dir/key", "header"},
		"forbidden":                   {refusal(403, "AccessDenied", "No."), errors.ErrUnsupported, "dir/key", "AccessDenied"},
		"forbidden, with 200":         {refusal(200, "AccessDenied", "No."), errors.ErrUnsupported, "dir/key", "AccessDenied"},
		"a wrong secret":              {refusal(403, "SignatureDoesNotMatch", "No."), storage.ErrForbidden, "dir/key", "Signature"},
		"session over":                {refusal(400, "ExpiredToken", "Old."), storage.ErrForbidden, "dir/key", "ExpiredToken"},
		"gone":                        {refusal(404, "NoSuchKey", "Not there."), storage.ErrNotFound, "from here", "NoSuchKey"},
		"changed":                     {refusal(412, "PreconditionFailed", "Another one."), storage.ErrCorrupted, "dir/key", "changed"},
		"changed, with 200":           {refusal(200, "PreconditionFailed", "Another one."), storage.ErrCorrupted, "dir/key", "changed"},
		"throttled for ever":          {refusal(503, "SlowDown", "Slower."), storage.ErrThrottled, "dir/key", "3 tries"},
		"throttled for ever, 200":     {refusal(200, "SlowDown", "Slower."), storage.ErrThrottled, "dir/key", "3 tries"},
		"broken for ever":             {refusal(500, "InternalError", "Sorry."), storage.ErrUnreachable, "dir/key", "3 tries"},
		"broken for ever, 200":        {refusal(200, "InternalError", "Sorry."), storage.ErrUnreachable, "dir/key", "3 tries"},
		"hangs up for ever":           {hangUp, storage.ErrUnreachable, "dir/key", "3 tries"},
		"an empty answer":             {answer(200, ""), storage.ErrUnreachable, "dir/key", "no ETag"},
		"a page of a proxy":           {page(200), storage.ErrUnreachable, "dir/key", ""},
		"a copy without ETag":         {answer(200, "<CopyObjectResult></CopyObjectResult>"), storage.ErrUnreachable, "dir/key", "no ETag"},
		"a page of a proxy, with 405": {page(405), errors.ErrUnsupported, "dir/key", "HTML"},
	} {
		for way, size := range map[string]int64{"whole": 1 << 20, "in parts": 8} {
			t.Run(name+", "+way, func(t *testing.T) {
				u := newUploads(t)
				u.copied = test.answer
				_, err := copyLarge(t, u.store(func(c *s3.Config) { c.CopySize, c.PartsInFlight = size, 1 }))
				var e *storage.Error
				if !errors.As(err, &e) || e.Kind != test.kind || e.Key != test.key || !strings.Contains(err.Error(), test.text) {
					t.Errorf("got %v", err)
				}
				if u.count("complete") != 0 || u.count("abort") != u.count("begin") {
					t.Errorf("after %v", u.did)
				}
			})
		}
	}
}

func TestLargeObjectIsCopiedInParts(t *testing.T) {
	u := newUploads(t)
	var asked http.Header
	u.begin = func(w http.ResponseWriter, r *http.Request) {
		asked = r.Header.Clone()
		answer(200, begun)(w, r)
	}
	u.copied = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Copy-Source") != "bucket/from%20here" || r.Header.Get("X-Amz-Copy-Source-If-Match") != `"e1"` {
			t.Errorf("a part is asked for with %v", r.Header)
		}
		answer(200, `<CopyPartResult><ETag>"p"</ETag></CopyPartResult>`)(w, r)
	}
	info, err := copyLarge(t, u.store(func(c *s3.Config) { c.CopySize = 8 }))
	if err != nil || info.ETag != "whole-3" || info.Size != 19 {
		t.Fatalf("got %+v, %v", info, err)
	}
	if got := u.parts["1"] + " " + u.parts["2"] + " " + u.parts["3"]; got != "bytes=0-7 bytes=8-15 bytes=16-18" {
		t.Errorf("copied %s", got)
	}
	if asked.Get("X-Amz-Meta-Handle") != "ZGF0YQ==" || asked.Get("Content-Type") != "binary/octet-stream" {
		t.Errorf("the new object is begun with %v", asked)
	}
	if u.count("abort") != 0 {
		t.Errorf("after %v", u.did)
	}
}

// TestCopiesFromAnotherBucket looks at the copies with a client of another make.
func TestCopiesFromAnotherBucket(t *testing.T) {
	isolate(t)
	server := s3test.Start(t)
	from, to := server.NewBucket(t), server.NewBucket(t)
	source, store := openAt(t, server, from), openAt(t, server, to)
	for key, content := range map[string]string{
		"s3test-copy/small + 1%.txt": "content",
		"s3test-copy/empty?":         "",
		"s3test-copy/large é":        strings.Repeat("large ", 2<<20),
	} {
		info := putAs(t, source, key, content)
		copyKey := key + " (copy)"
		removeInTheEnd(t, store, copyKey)
		opts := storage.PutOptions{Size: int64(len(content)), Metadata: map[string]string{"handle": "ZGF0YQ=="}}
		info, err := store.CopyFrom(t.Context(), copyKey, source, info, opts)
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		got := server.Object(t, to, copyKey)
		if string(got.Body) != content || got.Metadata["handle"] != "ZGF0YQ==" || len(got.Metadata) != 1 || got.ContentType != "binary/octet-stream" {
			t.Errorf("%s is copied as %d bytes of %s with %v", key, len(got.Body), got.ContentType, got.Metadata)
		}
		if described, err := store.Stat(t.Context(), copyKey); err != nil || described.ETag != info.ETag {
			t.Errorf("CopyFrom gives %+v, and Stat %+v, %v", info, described, err)
		}
	}
}

// TestRequestsOfCopies counts what a real server is asked.
func TestRequestsOfCopies(t *testing.T) {
	isolate(t)
	server := s3test.StartOwn(t)
	store := openAt(t, server, server.NewBucket(t))
	for _, test := range []struct {
		size int
		want map[string]int
	}{
		{7, map[string]int{"CopyObject": 1}},
		{5 << 20, map[string]int{"CopyObject": 1}},
		{11 << 20, map[string]int{"CreateMultipartUpload": 1, "UploadPartCopy": 3, "CompleteMultipartUpload": 1}},
	} {
		source := putAs(t, store, "source", strings.Repeat("x", test.size))
		got := server.Count(t, func() {
			_, err := store.CopyFrom(t.Context(), "copy", store, source, storage.PutOptions{Size: source.Size})
			if err != nil {
				t.Error(err)
			}
		})
		if !maps.Equal(got, test.want) {
			t.Errorf("a copy of %d bytes takes %v, want %v", test.size, got, test.want)
		}
	}
}

// putAs puts an object for the time of the test, and describes it.
func putAs(t *testing.T, store storage.Store, key, content string) storage.Info {
	t.Helper()
	removeInTheEnd(t, store, key)
	if _, err := store.Put(t.Context(), key, strings.NewReader(content), storage.PutOptions{Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	info, err := store.Stat(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func removeInTheEnd(t *testing.T, store storage.Store, key string) {
	t.Helper()
	t.Cleanup(func() {
		if err := store.Delete(context.Background(), key); err != nil {
			t.Error(err)
		}
	})
}
