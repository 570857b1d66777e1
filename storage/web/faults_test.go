package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/web"
)

// faulty serves an object badly for the first few requests, and well from then on.
func faulty(t *testing.T, times int32, fault http.HandlerFunc) (url string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) <= times {
			fault(w, r)
			return
		}
		object(w, r)
	}))
	return server.URL + "/object", requests
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// cut sends half of what it says that it sends.
func cut(w http.ResponseWriter, r *http.Request) { object(&cutter{w, 0}, r) }

type cutter struct {
	http.ResponseWriter
	sent int
}

func (c *cutter) Write(p []byte) (int, error) {
	length, _ := strconv.Atoi(c.Header().Get("Content-Length"))
	n, _ := c.ResponseWriter.Write(p[:min(len(p), max(length/2-c.sent, 0))])
	c.sent += n
	if c.sent >= length/2 {
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

// What passes is got over.
func TestPassingFaults(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{
		"408": status(408), "429": status(429), "500": status(500), "502": status(502), "503": status(503), "504": status(504),
		"hang-ups": hangUp, "cut bodies": cut,
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := faulty(t, 3, fault)
			holds(t, at(t, quick(), url))
		})
	}
}

// What does not pass is an error, after a bounded number of requests.
func TestLastingFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault http.HandlerFunc
		tries int32
		kind  error
		says  []string
	}{
		{"404", status(404), 1, storage.ErrNotFound, []string{"404 Not Found"}},
		{"410", status(410), 1, storage.ErrNotFound, []string{"410 Gone"}},
		{"401", status(401), 1, storage.ErrForbidden, []string{"401 ", "may be cut short"}},
		{"403", status(403), 1, storage.ErrForbidden, []string{"403 Forbidden"}},
		{"400", status(400), 1, nil, []string{"400 Bad Request"}},
		{"418", status(418), 1, nil, []string{"418"}},
		{"407", status(407), 1, storage.ErrUnreachable, []string{"check HTTPS_PROXY"}},
		{"204", status(204), 1, storage.ErrUnreachable, []string{"204 No Content"}},
		{"203", status(203), 1, storage.ErrUnreachable, []string{"203"}},
		{"304", status(304), 1, storage.ErrUnreachable, []string{"304"}},
		{"302 to nowhere", status(302), 1, storage.ErrUnreachable, nil},
		{"503", status(503), 7, storage.ErrThrottled, []string{"503 Service Unavailable", "7 tries"}},
		{"500", status(500), 7, storage.ErrUnreachable, []string{"500 Internal Server Error", "7 tries"}},
		{"hang-ups", hangUp, 7, storage.ErrUnreachable, []string{"closed without an answer", "7 tries"}},
		{"an S3 store's refusal", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			w.Header().Set("X-Amz-Request-Id", "4442587FB7D0A2F9")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>secret</Message></Error>`)
		}, 1, storage.ErrForbidden, []string{"AccessDenied", "request 4442587FB7D0A2F9"}},
		{"a refusal that does not end", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusForbidden)
			for r.Context().Err() == nil {
				_, _ = w.Write(bytes.Repeat([]byte("<secret>"), 1<<10))
			}
		}, 1, storage.ErrForbidden, []string{"403 Forbidden"}},
		{"no length", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of i")
			_ = conn.Close()
		}, 1, storage.ErrUnreachable, []string{"does not say how long it is"}},
		{"too many without a length", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<16))
			}
		}, 1, storage.ErrUnreachable, []string{"more than 8388608 bytes"}},
		{"headers without end", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<17))
		}, 7, storage.ErrUnreachable, nil},
		{"what is no HTTP", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, "220 mail.example ESMTP\r\n")
			_ = conn.Close()
		}, 7, storage.ErrUnreachable, nil},
		{"a part where all is asked for", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-0/5")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, "x")
		}, 1, storage.ErrUnreachable, []string{"asked for all of it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, requests := faulty(t, 1<<30, c.fault)
			s := at(t, quick(), url+"?token=secret")
			failsAs(t, s, c.kind, append(c.says, "the site", "object")...)
			if n := requests.Load(); n != c.tries && c.tries == 1 || n < c.tries {
				t.Errorf("it was asked %d times, want %d", n, c.tries)
			}
			if _, err := s.Stat(t.Context(), "object"); (err == nil || c.kind != nil && !errors.Is(err, c.kind)) && c.name != "a part where all is asked for" {
				t.Errorf("Stat: %v", err)
			}
		})
	}
}

// Answers to a range that are not the range.
func TestWrongRanges(t *testing.T) {
	for _, said := range []string{"", "bytes 0-9/100", "bytes 11-20/100", "bytes 10-9/100", "bytes 10-19/19", "bytes 10-20/100", "bytes 10-19/*", "lines 10-19/100", "bytes 10-19/100000000000000000000"} {
		server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", said)
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, "0123456789")
		}))
		text, err := read(t.Context(), at(t, quick(), server.URL), "object", storage.Range{Offset: 10, Length: 10})
		if !errors.Is(err, storage.ErrUnreachable) {
			t.Errorf("%q: %q, %v", said, text, err)
		}
	}
}

// A body that breaks off goes on where it was, with requests that demand the same
// version; on a server without ranges, from the start.
func TestBodyIsContinued(t *testing.T) {
	for name, around := range map[string]func(http.Handler) http.Handler{
		"with ranges":    func(h http.Handler) http.Handler { return h },
		"without ranges": withoutRanges,
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var seen []string
			broken := 0
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				breaks := broken < 3
				broken++
				mu.Unlock()
				w.Header().Set("ETag", `"v1"`)
				if breaks {
					cut(w, r)
				}
				object(w, r)
			})
			server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				seen = append(seen, r.Header.Get("Range")+" "+r.Header.Get("If-Match"))
				mu.Unlock()
				around(handler).ServeHTTP(w, r)
			}))
			text, err := read(t.Context(), at(t, quick(), server.URL), "object", storage.Range{})
			if err != nil || !bytes.Equal(text, content()) {
				t.Fatalf("%d bytes, %v", len(text), err)
			}
			mu.Lock()
			defer mu.Unlock()
			if seen[0] != " " || len(seen) != 4 || !strings.HasPrefix(seen[1], "bytes=131072-262143 \"v1\"") {
				t.Errorf("it was asked for %q", seen)
			}
		})
	}
}

// A body is not made of two versions of an object.
func TestBodyOfOneVersion(t *testing.T) {
	for name, describe := range map[string]func(h http.Header, version int){
		"ETag, which the server heeds": func(h http.Header, v int) { h.Set("ETag", strconv.Quote(strconv.Itoa(v))) },
		"Last-Modified": func(h http.Header, v int) {
			h.Set("Last-Modified", time.Unix(int64(1500000000+v), 0).UTC().Format(http.TimeFormat))
		},
		"nothing":                           func(http.Header, int) {},
		"a weak ETag, which proves nothing": func(h http.Header, _ int) { h.Set("ETag", `W/"x"`) },
	} {
		for _, heeds := range []bool{true, false} {
			var version atomic.Int32
			server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !heeds {
					r.Header.Del("If-Match")
					r.Header.Del("If-Unmodified-Since")
				}
				v := int(version.Add(1))
				describe(w.Header(), v)
				text := bytes.Repeat([]byte{byte('0' + v)}, len(content()))
				if v == 1 {
					http.ServeContent(&cutter{w, 0}, r, "", time.Time{}, bytes.NewReader(text))
				}
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
			}))
			text, err := read(t.Context(), at(t, quick(), server.URL), "object", storage.Range{})
			if err == nil || bytes.Contains(text, []byte("2")) {
				t.Errorf("%s: %d bytes, %v", name, len(text), err)
			}
		}
	}
}

// A server that falls silent is given up after a while, whatever it was about to say.
func TestStalls(t *testing.T) {
	for name, fault := range map[string]http.HandlerFunc{
		"before the answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"in the body": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(content())))
			w.Header().Set("Last-Modified", time.Unix(1500000000, 0).UTC().Format(http.TimeFormat))
			_, _ = w.Write(content()[:1000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := quick()
			o.Stall = 100 * time.Millisecond
			url, _ := faulty(t, 1, fault)
			text, err := read(t.Context(), at(t, o, url), "object", storage.Range{})
			if err != nil || !bytes.Equal(text, content()) {
				t.Errorf("once: %d bytes, %v", len(text), err)
			}
			o.Tries = 2
			url, _ = faulty(t, 1<<30, fault)
			failsAs(t, at(t, o, url), storage.ErrUnreachable, "no progress for 100ms")
		})
	}
}

// A server that never falls silent and never answers is given up, too.
func TestTrickle(t *testing.T) {
	url, _ := faulty(t, 1<<30, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		drop := time.NewTicker(5 * time.Millisecond)
		defer drop.Stop()
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "<a>")
			w.(http.Flusher).Flush()
			<-drop.C
		}
	})
	o := quick()
	o.Stall = 50 * time.Millisecond
	failsAs(t, at(t, o, url), storage.ErrForbidden, "403 Forbidden")
}

// The server's wish to be left alone is heeded, within a bound.
func TestRetryAfter(t *testing.T) {
	for _, wish := range []string{"3600", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), "-1", "soon", "99999999999999999999"} {
		url, _ := faulty(t, 2, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", wish)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		holds(t, at(t, quick(), url)) // a pause of an hour would outlast the test
	}
	url, _ := faulty(t, 1, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	began := time.Now()
	holds(t, at(t, web.Options{}, url))
	if waited := time.Since(began); waited < time.Second {
		t.Errorf("it was asked again after %v", waited)
	}
}

// Who gives up is obeyed between tries.
func TestCancelBetweenTries(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url, _ := faulty(t, 1<<30, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		cancel()
	})
	_, err := read(ctx, at(t, web.Options{MaxPause: time.Hour}, url), "object", storage.Range{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// An HTML page is no JSON document, but may be an object.
func TestPages(t *testing.T) {
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		object(w, r)
	}))
	s := at(t, quick(), server.URL)
	holds(t, s)
	_, err := read(t.Context(), s, "document.json", storage.Range{})
	if !errors.Is(err, storage.ErrUnreachable) || !strings.Contains(err.Error(), "an HTML page came where a JSON document is expected") {
		t.Errorf("got %v", err)
	}
}

// What is compressed stays so, and nothing asks for it.
func TestBytesAsTheyAre(t *testing.T) {
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("it is asked for %q", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		object(w, r)
	}))
	holds(t, at(t, quick(), server.URL))
}

// An object that is gone is not listed; one that is refused is an error.
func TestListing(t *testing.T) {
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "gone"):
			w.WriteHeader(http.StatusNotFound)
		case strings.HasSuffix(r.URL.Path, "refused"):
			w.WriteHeader(http.StatusForbidden)
		default:
			object(w, r)
		}
	}))
	index := web.Index{URLs: map[string]string{}, Known: map[string][]byte{"a/known": []byte("text"), "z": nil}}
	for _, key := range []string{"a/1", "a/gone", "a/x/2", "b/refused", "c"} {
		index.URLs[key] = server.URL + "/" + key
	}
	s := newClient(t, quick()).Open("the site", index)
	for _, c := range []struct {
		prefix string
		depth  storage.Depth
		want   []string
		kind   error
	}{
		{"a/", storage.Deep, []string{"a/1 262144", "a/known 4", "a/x/2 262144"}, nil},
		{"a/", storage.Shallow, []string{"a/1 262144", "a/known 4", "a/x/ 0"}, nil},
		{"", storage.Shallow, []string{"a/ 0", "b/ 0", "c 262144", "z 0"}, nil},
		{"b", storage.Deep, nil, storage.ErrForbidden},
		{"", storage.Deep, []string{"a/1 262144", "a/known 4", "a/x/2 262144"}, storage.ErrForbidden},
	} {
		var got []string
		var failure error
		for info, err := range s.List(t.Context(), c.prefix, c.depth) {
			if failure = err; err == nil {
				got = append(got, info.Key+" "+strconv.FormatInt(info.Size, 10))
			}
		}
		if !slices.Equal(got, c.want) || !errors.Is(failure, c.kind) {
			t.Errorf("%q gives %q, %v; want %q, %v", c.prefix, got, failure, c.want, c.kind)
		}
	}
}

// Few requests are under way at once, however many objects are listed.
func TestListingIsBounded(t *testing.T) {
	var now, most atomic.Int32
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		object(w, r)
	}))
	urls := map[string]string{}
	for i := range 200 {
		urls[strconv.Itoa(i)] = server.URL
	}
	o := quick()
	o.Requests = 3
	s := newClient(t, o).Open("the site", web.Index{URLs: urls})
	n := 0
	for _, err := range s.List(t.Context(), "", storage.Deep) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 200 || most.Load() > 3 {
		t.Errorf("%d were listed, up to %d at once", n, most.Load())
	}
}

// Nothing is written.
func TestReadOnly(t *testing.T) {
	s := at(t, quick(), "http://127.0.0.1:1/")
	_, err := s.Put(t.Context(), "object", strings.NewReader("x"), storage.PutOptions{Size: 1})
	for _, err := range []error{err, s.Delete(t.Context(), "object")} {
		if !errors.Is(err, storage.ErrReadOnly) || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("got %v", err)
		}
	}
}

// What waits is told, and no log has what signs a URL.
func TestLog(t *testing.T) {
	url, _ := faulty(t, 1, status(503))
	var log bytes.Buffer
	o := quick()
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	holds(t, at(t, o, url+"?X-Amz-Signature=secret"))
	for _, words := range []string{"GET is asked again after 503 Service Unavailable", "level=DEBUG", "status=206", "/object"} {
		if !strings.Contains(log.String(), words) {
			t.Errorf("the log lacks %q: %s", words, log.String())
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log tells a secret: %s", log.String())
	}
}
