package s3_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

// What a store may answer is whatever bytes it likes. The targets below give such
// bytes in place of one kind of answer, headers included, and say what must hold
// whatever they are.

// A hostile store answers with the bytes in turn, and requests of another kind with what
// belongs there.
type hostile struct {
	t        testing.TB
	kind     string
	bytes    []byte
	requests int
}

func (h *hostile) answer(r *http.Request) string {
	h.requests++
	if r.URL.Host != "store.test" || h.requests > 100 {
		h.t.Fatalf("request %d: %s %s", h.requests, r.Method, r.URL)
	}
	kind := kindOf(r)
	if kind == h.kind {
		return string(h.bytes)
	}
	return honest(kind)
}

func kindOf(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case q.Has("list-type"):
		return "list"
	case q.Has("delete"):
		return "delete"
	case q.Has("uploads") && r.Method == http.MethodPost:
		return "begin"
	case q.Has("uploads"):
		return "uploads"
	case q.Has("uploadId") && r.Method == http.MethodGet:
		return "parts"
	case q.Has("uploadId") && r.Method == http.MethodPost:
		return "complete"
	case q.Has("uploadId") && r.Method == http.MethodDelete:
		return "abort"
	case r.Header.Get("X-Amz-Copy-Source") != "" && q.Has("uploadId"):
		return "copy part"
	case r.Header.Get("X-Amz-Copy-Source") != "":
		return "copy"
	case q.Has("uploadId"):
		return "part"
	}
	return strings.ToLower(r.Method)
}

const (
	begunXML  = "<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
	doneXML   = `<CompleteMultipartUploadResult><ETag>"w-2"</ETag></CompleteMultipartUploadResult>`
	copiedXML = `<CopyObjectResult><ETag>"e1"</ETag><LastModified>2020-01-01T00:00:00Z</LastModified></CopyObjectResult>`
	noneXML   = "<ListMultipartUploadsResult></ListMultipartUploadsResult>"
)

// honest is what belongs there.
func honest(kind string) string {
	switch kind {
	case "begin":
		return ok(begunXML, "Date: Wed, 01 Jan 2020 00:00:00 GMT")
	case "complete":
		return ok(doneXML)
	case "copy":
		return ok(copiedXML)
	case "copy part":
		return ok(strings.ReplaceAll(copiedXML, "CopyObjectResult", "CopyPartResult"))
	case "uploads":
		return ok("<ListMultipartUploadsResult><Upload><Key>dir/key</Key><UploadId>u1</UploadId></Upload></ListMultipartUploadsResult>")
	case "parts":
		return ok(`<ListPartsResult><Part><PartNumber>1</PartNumber><Size>8</Size><ETag>"2e9ec317e197819358fbc43afca7d837"</ETag></Part></ListPartsResult>`)
	case "abort":
		return inBytes("204 No Content", "")
	case "head":
		return inBytes("404 Not Found", "")
	}
	return ok("", `ETag: "e1"`, lastModified)
}

// An attempt asks a store for one thing, and tells what must not be.
type attempt func(t *testing.T, store *s3.Store) error

// attack has the answers of a kind made of fuzzed bytes.
func attack(f *testing.F, kind string, seeds []string, try attempt) {
	isolate(f)
	for _, seed := range slices.Concat(seeds, badDays()) {
		f.Add([]byte(seed))
	}
	h := &hostile{}
	store := through(f, func(r *http.Request) string { return h.answer(r) })
	f.Fuzz(func(t *testing.T, answer []byte) {
		*h = hostile{t: t, kind: kind, bytes: answer}
		checkMessage(t, try(t, store))
	})
}

// badDays are answers that any request may get.
func badDays() []string {
	refused := `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no &#27;[31m&#10;never</Message><RequestId>R1</RequestId></Error>`
	return []string{
		inBytes("403 Forbidden", refused, "X-Amz-Request-Id: R\x1b[1m"),
		inBytes("404 Not Found", "<Error><Code>NoSuchKey</Code></Error>"),
		inBytes("503 Slow Down", "<Error><Code>SlowDown</Code></Error>", "Retry-After: 99999999999"),
		inBytes("301 Moved Permanently", "<Error><Code>PermanentRedirect</Code><Endpoint>evil.test</Endpoint></Error>", "X-Amz-Bucket-Region: eu-north-1", "Location: http://evil.test/"),
		inBytes("307 Temporary Redirect", "", "Location: http://evil.test/"),
		inBytes("400 Bad Request", "<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting 'eu-north-1'</Message></Error>"),
		inBytes("200 OK", "<html><h1>Welcome</h1></html>", "Content-Type: text/html"),
		inBytes("200 OK", "<Error><Code>InternalError</Code><Message>after all</Message></Error>"),
		inBytes("200 OK", "\x1f\x8b\x08", "Content-Encoding: gzip"),
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<a><b\r\n0\r\nX-Late: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.0 200\r\n\r\n<ListBucketResult>",
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n",
		"", "\r\n\r\n",
	}
}

// checkMessage tells what every failure must be: typed, in one line of what
// can be printed, and no longer than a person reads.
func checkMessage(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if _, typed := errors.AsType[*storage.Error](err); !typed {
		t.Fatalf("%q is no *storage.Error", err)
	}
	text := err.Error()
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Fatalf("the message %q is not fit to be printed", text)
	}
	if len(text) > 4000 {
		t.Fatalf("the message has %d bytes", len(text))
	}
	if strings.Contains(text, "the-secret") {
		t.Fatalf("the message %q tells the secret", text)
	}
}

// A listing is in order, below its prefix, without a size below zero; one that ends
// without an error says so itself.
func FuzzListing(f *testing.F) {
	page := func(elements string, headers ...string) string {
		return ok(`<?xml version="1.0"?><ListBucketResult><Name>bucket</Name>`+elements+`</ListBucketResult>`, headers...)
	}
	attack(f, "list", []string{
		page(keys("d/a", "d/b")), page(keys("d/a") + goesOn("t")), page(goesOn("t")), page(keys("e/a", "d/a")),
		page("<EncodingType>url</EncodingType>" + keys("d/%1b", "d/caf%C3%A9", "d/%ff")),
		page("<CommonPrefixes><Prefix>d/x/</Prefix></CommonPrefixes>" + keys("d/a")),
		page("<KeyCount>99999999999999999999</KeyCount>"), page("<IsTruncated>perhaps</IsTruncated>"),
		page("<Contents><Key>d/a</Key><Size>-5</Size><LastModified>never</LastModified></Contents>"),
		page("<Contents><Key>d/a</Key><Size>9223372036854775807</Size><ETag>&#10;\"</ETag></Contents>"),
		page("<Contents><Key>d/../../x</Key></Contents><Contents/>"), page(strings.Repeat("<a>", 100)),
	}, func(t *testing.T, store *s3.Store) error {
		for _, depth := range []storage.Depth{storage.Deep, storage.Shallow} {
			last, n := "", 0
			for info, err := range store.List(t.Context(), "d/", depth) {
				if err != nil {
					return err
				}
				if info.Key <= last || !strings.HasPrefix(info.Key, "d/") || info.Size < 0 {
					t.Fatalf("after %q it lists %+v", last, info)
				}
				if last = info.Key; n > 100_000 {
					t.Fatal("the listing does not end")
				}
				n++
			}
		}
		return nil
	})
}

// An object gives as many bytes as it says, and is described by what its store
// said.
func FuzzObject(f *testing.F) {
	described := []string{`ETag: "e1"`, lastModified}
	attack(f, "get", []string{
		ok("content", described...),
		inBytes("206 Partial Content", "cont", append(described, "Content-Range: bytes 2-5/9")...),
		inBytes("206 Partial Content", "cont", append(described, "Content-Range: bytes 2-5/9223372036854775807")...),
		inBytes("206 Partial Content", "c", append(described, "Content-Range: bytes 2-1/-3")...),
		ok("content", `ETag: "e1`+"\x80", "X-Amz-Meta-Handle: aGFuZGxl", "X-Amz-Meta-\xc3\xa9: \xff", "x-amz-missing-meta: 1"),
		ok("content", append(described, "X-Amz-Expiration: \x7f", "x-amz-mp-parts-count: many", "x-amz-tagging-count: 1e9")...),
		"HTTP/1.1 200 OK\r\nETag: e\r\nContent-Length: 9223372036854775807\r\n\r\nnot that much",
	}, func(t *testing.T, store *s3.Store) error {
		var failed error
		for _, r := range []storage.Range{{}, {Offset: 2}, {Offset: 2, Length: 4}} {
			body, info, err := store.Get(t.Context(), "dir/key", r)
			if err != nil {
				checkMessage(t, err)
				failed = err
				continue
			}
			checkInfo(t, info)
			var content bytes.Buffer
			n, err := io.Copy(&content, body)
			if want, rangeErr := r.In(info.Size); err == nil && (n != want || rangeErr != nil) {
				t.Fatalf("of the range %+v of %+v it gives %d bytes", r, info, n)
			}
			checkMessage(t, err)
			if err := body.Close(); err != nil {
				t.Fatal(err)
			}
		}
		return failed
	})
}

func checkInfo(t *testing.T, info storage.Info) {
	t.Helper()
	if info.Size < 0 || info.Key != "dir/key" {
		t.Fatalf("it is described as %+v", info)
	}
	for name := range info.Metadata {
		if name != strings.ToLower(name) {
			t.Fatalf("it has the metadata %q", name)
		}
	}
}

func FuzzDescription(f *testing.F) {
	attack(f, "head", []string{
		inBytes("200 OK", "", `ETag: "e1"`, lastModified, "X-Amz-Meta-Checksum: 1", "x-amz-meta-HANDLE: \xff\x01"),
		"HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 9223372036854775807\r\n\r\n",
		"HTTP/1.1 200 OK\r\nLast-Modified: yesterday\r\nContent-Length: 00\r\n\r\n",
		inBytes("200 OK", "", "x-amz-storage-class: \xff", "x-amz-restore: a,b", "Expires: never", "x-amz-object-lock-retain-until-date: x"),
	}, func(t *testing.T, store *s3.Store) error {
		info, err := store.Stat(t.Context(), "dir/key")
		if err == nil {
			checkInfo(t, info)
		}
		return err
	})
}

// Whatever the answer is, a deletion that fails is told.
func FuzzDeletion(f *testing.F) {
	attack(f, "delete", []string{
		ok("<DeleteResult><Deleted><Key>dir/key</Key></Deleted></DeleteResult>"),
		ok("<DeleteResult><Error><Key>dir/key</Key><Code>AccessDenied</Code><Message>&#27;no</Message></Error></DeleteResult>"),
		ok("<DeleteResult><Error><Key>&#10;other</Key><Code>InternalError</Code></Error></DeleteResult>"),
		ok("<DeleteResult><Error/><Error/></DeleteResult>"), ok("<DeleteResult/>"), ok(""),
	}, func(t *testing.T, store *s3.Store) error { return store.Delete(t.Context(), "dir/key") })
}

// FuzzUpload has each answer on the way of a large object fuzzed. An upload that is said
// to be good has an ETag at least.
func FuzzUpload(f *testing.F) {
	kinds := []string{"put", "begin", "part", "complete", "uploads", "parts", "head", "copy", "copy part", "abort"}
	isolate(f)
	for i, kind := range kinds {
		f.Add(byte(i), []byte(honest(kind)))
		for _, answer := range badDays() {
			f.Add(byte(i), []byte(answer))
		}
	}
	for kind, seeds := range map[string][]string{
		"complete": {ok(" \n\n "), ok("  \n" + doneXML), ok(`<CompleteMultipartUploadResult><ETag>&#10;</ETag></CompleteMultipartUploadResult>`)},
		"uploads": {
			ok(noneXML), ok("<ListMultipartUploadsResult><EncodingType>url</EncodingType><Upload><Key>%zz</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>"),
			ok("<ListMultipartUploadsResult><Upload><Key>dir/key</Key><UploadId>../&amp;x=1?</UploadId><Initiated>soon</Initiated></Upload></ListMultipartUploadsResult>"),
		},
		"parts": {
			ok("<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker></ListPartsResult>"),
			ok("<ListPartsResult><Part><PartNumber>-2147483648</PartNumber><Size>8</Size></Part><Part/></ListPartsResult>"),
			ok("<ListPartsResult><Part><PartNumber>1</PartNumber><Size>9223372036854775807</Size></Part></ListPartsResult>"),
		},
		"begin": {ok("<InitiateMultipartUploadResult><UploadId>&#10;..</UploadId></InitiateMultipartUploadResult>")},
		"head":  {inBytes("200 OK", "", `ETag: "w-2"`, lastModified)},
		"copy":  {ok("<CopyObjectResult/>"), ok("  <CopyObjectResult><ETag>\x01</ETag></CopyObjectResult>")},
	} {
		for _, seed := range seeds {
			f.Add(byte(slices.Index(kinds, kind)), []byte(seed))
		}
	}
	h := &hostile{}
	store := through(f, func(r *http.Request) string { return h.answer(r) })
	content := []byte("0123456789ab")
	f.Fuzz(func(t *testing.T, kind byte, answer []byte) {
		*h = hostile{t: t, kind: kinds[int(kind)%len(kinds)], bytes: answer}
		for _, n := range []int{4, 12} {
			for _, resume := range []bool{false, true} {
				info, err := store.Put(t.Context(), "dir/key", bytes.NewReader(content[:n]), storage.PutOptions{
					Size: int64(n), Metadata: map[string]string{"handle": "aA"}, Resume: resume,
				})
				checkMessage(t, err)
				if err == nil && (info.Size != int64(n) || info.Key != "dir/key") {
					t.Fatalf("it was stored as %+v", info)
				}
			}
		}
		source := storage.Info{Key: "dir/other", Size: 12, ETag: "e1"}
		_, err := store.CopyFrom(t.Context(), "dir/key", store, source, storage.PutOptions{Size: 12})
		checkMessage(t, err)
	})
}
