package s3_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

// A flood is an answer that goes on and on: its head, and then the same bytes as
// often as anybody takes them, up to a quarter of a gigabyte.
type flood struct {
	status    int
	headers   string
	head, run string
	sent      *atomic.Int64
}

const enough = 256 << 20

func (f flood) answer(w http.ResponseWriter, r *http.Request) {
	answer(f.status, f.head, strings.Split(f.headers, "|")...)(w, r)
	run := bytes.Repeat([]byte(f.run), 64<<10/len(f.run)+1)
	for f.sent.Load() < enough {
		n, err := w.Write(run)
		f.sent.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// TestAnswersWithoutEnd has a store answer each kind of request with more than
// anybody should take. What may wait in the buffers of the connection is no part of
// what is taken.
func TestAnswersWithoutEnd(t *testing.T) {
	const xml = `<?xml version="1.0"?>`
	const page = xml + "<ListBucketResult><Name>bucket</Name>"
	const buffers = 16 << 20
	described := `ETag: "e1"|` + lastModified
	for name, test := range map[string]struct {
		do    string
		flood flood
		text  string
		most  int64 // bytes of memory that are allocated on the way, in all
	}{
		"keys without a text":              {"list", flood{200, "A: b", page, "<Contents/>", new(atomic.Int64)}, "more than 131072 tags", 384 << 20},
		"one key":                          {"list", flood{200, "A: b", page + "<Contents><Key>", "0123456789", new(atomic.Int64)}, "more than 8388608 bytes", 192 << 20},
		"elements in each other":           {"list", flood{200, "A: b", page, "<a>", new(atomic.Int64)}, "more than 131072 tags", 384 << 20},
		"attributes":                       {"list", flood{200, "A: b", page + "<a", ` b="c"`, new(atomic.Int64)}, "more than 8388608 bytes", 1 << 30},
		"a refusal to list":                {"list", flood{403, "A: b", xml + "<Error><Code>AccessDenied</Code><Message>", "no, ", new(atomic.Int64)}, "HTTP 403", 64 << 20},
		"a refusal to get":                 {"get", flood{500, "A: b", xml + "<Error><Code>", "x", new(atomic.Int64)}, "HTTP 500", 64 << 20},
		"a page of a proxy":                {"get", flood{502, "Content-Type: text/html", "<html>", "sorry ", new(atomic.Int64)}, "HTML page", 64 << 20},
		"a refusal to put":                 {"put", flood{400, "A: b", xml + "<Error>", "<a>", new(atomic.Int64)}, "HTTP 400", 64 << 20},
		"thanks for a put":                 {"put", flood{200, described, "", "thanks ", new(atomic.Int64)}, "more than 8388608 bytes", 192 << 20},
		"an account of a deletion":         {"delete", flood{200, "A: b", xml + "<DeleteResult>", "<Deleted><Key>k</Key></Deleted>", new(atomic.Int64)}, "more than 131072 tags", 384 << 20},
		"an object that is not understood": {"get", flood{200, described + "|Content-Length: 1099511627776|X-Amz-Missing-Meta: many", "", "content", new(atomic.Int64)}, "not one of S3", 64 << 20},
		"an object without size":           {"get", flood{200, described, "", "content", new(atomic.Int64)}, "describes an object", 64 << 20},
		"a part without size":              {"range", flood{206, described + "|Content-Range: bytes 2-5/9", "", "content", new(atomic.Int64)}, "describes an object", 64 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			flood := test.flood
			store := play(t, flood.answer).store(func(c *s3.Config) { c.Attempts = 1 })
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := do(t, store, test.do)
			runtime.ReadMemStats(&after)
			var e *storage.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), test.text) {
				t.Fatalf("got %v", err)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
			if sent := flood.sent.Load(); sent > s3.MaxAnswer+buffers {
				t.Errorf("%d bytes were taken", sent)
			}
			if used := int64(after.TotalAlloc - before.TotalAlloc); used > test.most {
				t.Errorf("%d MiB of memory were asked for", used>>20)
			}
		})
	}
}

// do makes a request of each kind.
func do(t *testing.T, store storage.Store, what string) error {
	t.Helper()
	var err error
	switch what {
	case "get":
		_, err = get(t.Context(), store, storage.Range{})
	case "range":
		_, err = get(t.Context(), store, storage.Range{Offset: 2})
	case "stat":
		_, err = store.Stat(t.Context(), "dir/key")
	case "put":
		err = put(t.Context(), store, "content")
	case "list":
		_, err = list(t.Context(), store, "dir/", storage.Deep)
	case "delete":
		err = store.Delete(t.Context(), "dir/key")
	default:
		t.Fatalf("there is no request %q", what)
	}
	return err
}

// TestLargeAnswersThatEnd is the other side: what a store may well send is taken.
func TestLargeAnswersThatEnd(t *testing.T) {
	var page strings.Builder
	page.WriteString("<EncodingType>url</EncodingType>")
	for n := range 1000 {
		fmt.Fprintf(&page, "<Contents><Key>%04d%s</Key><LastModified>2020-01-01T00:00:00Z</LastModified><ETag>&quot;%032d&quot;</ETag><Size>1</Size>"+
			"<StorageClass>STANDARD</StorageClass><Owner><ID>%064d</ID><DisplayName>somebody</DisplayName></Owner></Contents>", n, strings.Repeat("%C3%A9", 510), n, n)
	}
	got, err := list(t.Context(), play(t, listing(page.String())).store(), "", storage.Deep)
	if err != nil || len(got) != 1000 || len(got[0]) != 1024 {
		t.Errorf("listed %d keys, %v", len(got), err)
	}
	long := refusal(403, "AccessDenied", "No.</Message></Error><!-- "+strings.Repeat("apologies ", 5000)+"--><Error><Message>")
	if err := do(t, play(t, long).store(), "get"); !errors.Is(err, storage.ErrForbidden) || !strings.Contains(err.Error(), "AccessDenied: No.") {
		t.Errorf("got %v", err)
	}
}

func TestHeadersWithoutEnd(t *testing.T) {
	for _, what := range []string{"get", "stat", "put", "list"} {
		var sent atomic.Int64
		store := play(t, raw(func(w *bufio.ReadWriter) {
			_, _ = w.WriteString("HTTP/1.1 200 OK\r\n")
			for n := 0; sent.Load() < enough; n++ {
				k, err := fmt.Fprintf(w, "X-Amz-Meta-%d: %s\r\n", n, strings.Repeat("v", 1000))
				sent.Add(int64(k))
				if err != nil {
					return
				}
			}
		})).store(func(c *s3.Config) { c.Attempts = 1 })
		if err := do(t, store, what); !errors.Is(err, storage.ErrUnreachable) {
			t.Errorf("%s: got %v", what, err)
		}
		if sent.Load() > s3.MaxHeader+16<<20 {
			t.Errorf("%s: %d bytes of headers were taken", what, sent.Load())
		}
	}
}

// raw answers with bytes that a handler could not write.
func raw(write func(*bufio.ReadWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close() //nolint:errcheck // the other side may be gone
		write(buf)
		_ = buf.Flush()
	}
}

// TestCompressedBombs has gigabytes behind a few kilobytes: nobody unpacks them.
func TestCompressedBombs(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 4<<20))
	_ = z.Close()
	packed := strings.Repeat(bomb.String(), 1000) // each of them unpacks to as much again
	s := play(t, content(packed, "Content-Encoding: gzip", fmt.Sprintf("Content-Length: %d", len(packed))), answer(200, packed, "Content-Encoding: gzip"), answer(403, packed, "Content-Encoding: gzip"))
	store := s.store(func(c *s3.Config) { c.Attempts, c.PartSize = 1, 16<<20 })
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got, err := get(t.Context(), store, storage.Range{}); err != nil || got != packed {
		t.Errorf("an object is not given as it is stored: %d bytes, %v", len(got), err)
	}
	if _, err := list(t.Context(), store, "", storage.Deep); !errors.Is(err, storage.ErrUnreachable) {
		t.Errorf("listing: got %v", err)
	}
	if _, err := list(t.Context(), store, "", storage.Deep); !errors.Is(err, storage.ErrForbidden) {
		t.Errorf("refusal: got %v", err)
	}
	runtime.ReadMemStats(&after)
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 64 {
		t.Errorf("%d MiB of memory were asked for", used)
	}
}

func TestListingsOfEmptyPagesEnd(t *testing.T) {
	isolate(t)
	pages := 0
	store := through(t, func(*http.Request) string {
		pages++
		return ok(`<ListBucketResult><Name>bucket</Name>` + goesOn(fmt.Sprint("token", pages)) + `</ListBucketResult>`)
	})
	_, err := list(t.Context(), store, "", storage.Deep)
	if !errors.Is(err, storage.ErrUnreachable) || !strings.Contains(err.Error(), "1000 pages in a row without a key") {
		t.Errorf("after %d pages: got %v", pages, err)
	}
}

// A store sends white space while it puts a large object together.
func TestCompletionThatIsKeptAlive(t *testing.T) {
	alive := func(w http.ResponseWriter, r *http.Request) {
		answer(200, `<?xml version="1.0"?>`)(w, r)
		for range 20 {
			_, _ = io.WriteString(w, "\n  ")
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.WriteString(w, `<CompleteMultipartUploadResult><ETag>"whole-2"</ETag></CompleteMultipartUploadResult>`)
	}
	begun := answer(200, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
	part := answer(200, "", `ETag: "p1"`)
	if err := put(t.Context(), play(t, begun, part, part, alive).store(), "0123456789"); err != nil {
		t.Error(err)
	}
}

// A byte a millisecond is progress, and would fill the headers in a minute.
func TestHeadersThatTrickle(t *testing.T) {
	var sent atomic.Int64
	store := play(t, raw(func(w *bufio.ReadWriter) {
		_, err := w.WriteString("HTTP/1.1 200 OK\r\nX-Long: ")
		for err == nil {
			<-time.After(time.Millisecond) // it is in no hurry
			_ = w.WriteByte('v')
			sent.Add(1)
			err = w.Flush()
		}
	})).store(func(c *s3.Config) { c.Attempts, c.Stall = 1, 300*time.Millisecond })
	if err := do(t, store, "list"); !errors.Is(err, storage.ErrUnreachable) || sent.Load() > s3.MaxHeader/2 {
		t.Errorf("after %d bytes: got %v", sent.Load(), err)
	}
}
