package badday

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// Answer gives status, body and headers ("Name: value") in place of the server's
// answer, which is not asked.
func Answer(status int, body string, headers ...string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/xml")
		w.Header().Set("X-Amz-Request-Id", "4442587FB7D0A2F9")
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Refuse answers with an error as S3 has it.
func Refuse(status int, code, message string, headers ...string) Fault {
	return Answer(status, Error(code, message), headers...)
}

// Error gives the document that tells of an error.
func Error(code, message string) string {
	return fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}

// Page answers with a page for people, as a proxy or a web server does.
func Page(status int) Fault {
	return Answer(status, "<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>", "Content-Type: text/html")
}

// HangUp breaks the connection before anything is done.
func HangUp() Fault {
	return func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
}

// LoseAnswer has the server do what it is asked for, and breaks the connection in
// place of the answer.
func LoseAnswer() Fault {
	return func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		ask(next, r)
		panic(http.ErrAbortHandler)
	}
}

// Twice has the server do what it is asked for twice, and gives its second answer.
func Twice() Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		again := r.Clone(r.Context())
		r.Body, again.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
		ask(next, r)
		next.ServeHTTP(w, again)
	}
}

// CutRequest takes half of what is sent, or the head alone where nothing is, and
// breaks the connection.
func CutRequest() Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.CopyN(io.Discard, r.Body, max(0, r.ContentLength/2))
		panic(http.ErrAbortHandler)
	}
}

// AlterRequest flips a bit in the middle of what is sent.
func AlterRequest() Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		flip(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	}
}

func flip(body []byte) {
	if len(body) > 0 {
		body[len(body)/2] ^= 1
	}
}

// A Reply is an answer of the server.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Change changes the server's answer. The length that is said is that of the new
// body, if it was that of the old one.
func Change(change func(*Reply)) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		reply := ask(next, r)
		before := len(reply.Body)
		change(reply)
		if r.Method != http.MethodHead && len(reply.Body) != before {
			reply.Header.Set("Content-Length", strconv.Itoa(len(reply.Body)))
		}
		reply.begin(w)
		_, _ = w.Write(reply.Body)
	}
}

func ask(next http.Handler, r *http.Request) *Reply {
	recorder := httptest.NewRecorder()
	next.ServeHTTP(final{recorder}, r)
	return &Reply{recorder.Code, recorder.Result().Header, recorder.Body.Bytes()}
}

// final leaves out what a server says before its answer, such as 100 Continue.
type final struct{ http.ResponseWriter }

func (f final) WriteHeader(status int) {
	if status >= http.StatusOK {
		f.ResponseWriter.WriteHeader(status)
	}
}

func (r *Reply) begin(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.Header)
	w.WriteHeader(r.Status)
}

// Drop leaves out the headers whose canonical names begin so.
func Drop(prefixes ...string) Fault {
	return Change(func(reply *Reply) {
		for name := range reply.Header {
			for _, prefix := range prefixes {
				if strings.HasPrefix(name, prefix) {
					delete(reply.Header, name)
				}
			}
		}
	})
}

// Alter flips a bit in the middle of the body.
func Alter() Fault {
	return Change(func(reply *Reply) { flip(reply.Body) })
}

// Shorten ends the body early, and says that this is all of it.
func Shorten() Fault {
	return Change(func(reply *Reply) { reply.Body = reply.Body[:len(reply.Body)/2] })
}

// CutAnswer sends half of the body, and then breaks the connection.
func CutAnswer() Fault {
	return half(func(http.ResponseWriter, *http.Request, []byte) { panic(http.ErrAbortHandler) })
}

// StallAnswer sends half of the body, and then nothing for as long as the client
// waits.
func StallAnswer() Fault {
	return half(func(_ http.ResponseWriter, r *http.Request, _ []byte) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

// SlowAnswer sends the second half of the body in so many pieces, with a pause
// before each.
func SlowAnswer(pieces int, pause time.Duration) Fault {
	return half(func(w http.ResponseWriter, r *http.Request, rest []byte) {
		size := max(1, (len(rest)+pieces-1)/pieces)
		for begin := 0; begin < len(rest); begin += size {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(pause):
			}
			_, _ = w.Write(rest[begin:min(begin+size, len(rest))])
			_ = http.NewResponseController(w).Flush()
		}
	})
}

// half sends head and half of the body, and then does something else.
func half(then func(w http.ResponseWriter, r *http.Request, rest []byte)) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		reply := ask(next, r)
		if r.Method != http.MethodHead {
			reply.Header.Set("Content-Length", strconv.Itoa(len(reply.Body)))
		}
		reply.begin(w)
		sent := len(reply.Body) / 2
		_, _ = w.Write(reply.Body[:sent])
		_ = http.NewResponseController(w).Flush()
		then(w, r, reply.Body[sent:])
	}
}

// StallRequest reads half of what is sent, and then nothing for as long as the
// client waits.
func StallRequest() Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.CopyN(io.Discard, r.Body, max(0, r.ContentLength/2))
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// CloseIdle gives the answer and then ends the connection without a word, so that
// whoever uses it again finds it half closed.
func CloseIdle() Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		reply := ask(next, r)
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer func() { _ = conn.Close() }()
		if reply.Header.Get("Content-Length") == "" {
			reply.Header.Set("Content-Length", strconv.Itoa(len(reply.Body)))
		}
		reply.Header.Del("Connection")
		fmt.Fprintf(buffered, "HTTP/1.1 %d %s\r\n", reply.Status, http.StatusText(reply.Status))
		_ = reply.Header.Write(buffered)
		_, _ = buffered.WriteString("\r\n")
		_, _ = buffered.Write(reply.Body)
		_ = buffered.Flush()
	}
}
