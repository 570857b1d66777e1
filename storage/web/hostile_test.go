package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/web"
)

// A redirect leads to the object on another host, which learns nothing of where it
// came from.
func TestRedirects(t *testing.T) {
	var mu sync.Mutex
	var seen []http.Header
	there := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Header.Clone())
		mu.Unlock()
		object(w, r)
	}))
	here := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "secret"})
		w.Header().Set("Location", there.URL+"/elsewhere?X-Amz-Signature=other#fragment")
		w.WriteHeader(map[string]int{"/301": 301, "/302": 302, "/303": 303, "/307": 307, "/308": 308}[r.URL.Path])
	}))
	for _, path := range []string{"/301", "/302", "/303", "/307", "/308"} {
		holds(t, at(t, quick(), here.URL+path+"?X-Amz-Signature=secret"))
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) < 5*4 {
		t.Fatalf("only %d requests came there", len(seen))
	}
	for _, header := range seen {
		for name, values := range header {
			switch name {
			case "Accept-Encoding", "User-Agent", "Range":
			default:
				t.Errorf("the other host is told %s: %q", name, values)
			}
		}
		if strings.Contains(fmt.Sprint(header), "secret") {
			t.Errorf("the other host learns a secret: %v", header)
		}
	}
}

func TestRedirectsThatAreNotFollowed(t *testing.T) {
	plain := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		t.Error("the plain server was asked")
		w.WriteHeader(http.StatusInternalServerError)
	}))
	for to, says := range map[string]string{
		plain.URL + "/?X-Amz-Signature=secret": "redirects from https to http",
		"file:///etc/passwd?secret":            `a URL begins with "file:"`,
		"ftp://host/secret":                    `a URL begins with "ftp:"`,
		"https://user:secret@host/x":           "a user or a password",
		"//user:secret@host/x":                 "a user or a password",
		"?secret":                              "redirects more than 10 times",
		"https:///x?secret":                    "",
	} {
		server, bundle := serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		}))
		o := quick()
		o.CABundle, o.Tries = bundle, 2
		failsAs(t, at(t, o, server.URL+"/x?token=secret"), storage.ErrUnreachable, says)
	}
}

// A URL that another server makes up is not repeated with its query, whoever complains
// of it.
func TestErrorsHaveNoQuery(t *testing.T) {
	for _, to := range []string{"http://[::1/x?secret", "http://h/%zz?secret", "http://h:port/?secret", "http://127.0.0.1:1/?secret"} {
		server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}))
		o := quick()
		o.Tries = 1
		failsAs(t, at(t, o, server.URL+"/?secret"), storage.ErrUnreachable)
	}
}

// URLs that must not be asked for are not, also if the index has them.
func TestURLsThatAreRefused(t *testing.T) {
	for _, text := range []string{"/etc/passwd", "file:///etc/passwd", "object", "//h/x", "http://u:secret@127.0.0.1:1/", "http://h/x#secret", "", "http://h/\n", "http://" + strings.Repeat("h", web.MaxURL)} {
		failsAs(t, at(t, quick(), text), storage.ErrUnreachable)
	}
}

func TestCertificates(t *testing.T) {
	server, bundle := serveTLS(t, http.HandlerFunc(object))
	failsAs(t, at(t, quick(), server.URL+"/?secret"), storage.ErrUnreachable, "certificate", "AWS_CA_BUNDLE")
	o := quick()
	o.CABundle = bundle
	holds(t, at(t, o, server.URL))
	host := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	failsAs(t, at(t, o, host+"/?secret"), storage.ErrUnreachable, "the certificate is for another host")

	plain := serve(t, http.HandlerFunc(object))
	failsAs(t, at(t, quick(), strings.Replace(plain.URL, "http:", "https:", 1)), storage.ErrUnreachable, "begin the URL with http://")
}

func TestBadBundle(t *testing.T) {
	empty := t.TempDir() + "/empty.pem"
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bundle := range []string{empty, empty + "-missing"} {
		if _, err := web.NewClient(web.Options{CABundle: bundle}); err == nil || !strings.Contains(err.Error(), bundle) {
			t.Errorf("%s: %v", bundle, err)
		}
	}
}

func TestNoSuchHost(t *testing.T) {
	failsAs(t, at(t, quick(), "http://no-such-host.invalid/?secret"), storage.ErrUnreachable, "check the URL and the network")
}

// Signatures that have expired are said to be, by the clock of whoever asks.
func TestExpiredSignatures(t *testing.T) {
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	o := quick()
	o.Now = func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }
	for query, says := range map[string]string{
		"X-Amz-Date=20261125T043732Z&X-Amz-Expires=3600&X-Amz-Signature=secret": "the signature of the URL expired at 2026-11-25T05:37:32Z",
		"X-Goog-Date=20261125T043732Z&X-Goog-Expires=1&X-Goog-Signature=secret": "expired at 2026-11-25T04:37:33Z",
		"AWSAccessKeyId=x&Signature=secret&Expires=1798761600":                  "expired at 2027-01-01T00:00:00Z",
		"X-Amz-Date=20291231T235959Z&X-Amz-Expires=3600&X-Amz-Signature=secret": "the key that signed it be revoked",
		"X-Amz-Date=yesterday&X-Amz-Expires=3600&X-Amz-Signature=secret":        "may be cut short",
		"X-Amz-Date=20261125T043732Z&X-Amz-Expires=-5&X-Amz-Signature=secret":   "may be cut short",
		"X-Amz-Date=20261125T043732Z&X-Amz-Expires=99999999999999&x=secret":     "may be cut short",
		"Expires=5&x=secret": "may be cut short",
		"":                   "it is not public",
	} {
		failsAs(t, at(t, o, server.URL+"/x?"+query), storage.ErrForbidden, says)
	}
}

// What is shown of a URL has nothing secret.
func TestShownURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://h/a%2Fb/c?secret": "https://h/a%2Fb/c",
		"http://h:8080/é?x":        "http://h:8080/%C3%A9",
	} {
		u, err := web.ParseURL(text)
		if err != nil || web.Shown(u) != want {
			t.Errorf("%s is shown as %s, %v", text, web.Shown(u), err)
		}
	}
	if got := web.Shown(&url.URL{Scheme: "http", Host: "h", User: url.UserPassword("u", "p"), RawQuery: "q", Fragment: "f"}); got != "http://h" {
		t.Errorf("got %s", got)
	}
}
