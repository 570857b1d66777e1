package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/web"
)

// TestDiagnosisOfURLs says what is to be seen to, by step: the status and words of
// what is found or meant. All other steps are well.
func TestDiagnosisOfURLs(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	signed := func(days int) string {
		return "?X-Amz-Date=20260301T000000Z&X-Amz-Signature=sesame&X-Amz-Expires=" + fmt.Sprint(days*86400)
	}
	content := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", now, strings.NewReader("content of "+r.URL.Path))
	})
	for name, test := range map[string]struct {
		server http.Handler
		query  string
		want   map[string]string
	}{
		"all is well":            {content, "", map[string]string{"signatures": "ok: none"}},
		"signed for a week":      {content, signed(7), map[string]string{"signatures": "ok: in 6 days"}},
		"signed for today":       {content, signed(1), map[string]string{"signatures": "warning: copy the dataset before that"}},
		"signed for yesterday":   {content, signed(0), map[string]string{"signatures": "failed: which is over", "objects": "skipped: needs signatures", "ranges": "skipped: needs objects", "redirects": "skipped: needs objects"}},
		"nobody may read it":     {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }), "", map[string]string{"objects": "failed: 20 of 20 do not answer", "ranges": "skipped: needs objects", "redirects": "skipped: needs objects"}},
		"one is gone":            {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { goneOr(content, w, r) }), "", map[string]string{"objects": "failed: 1 of 20 do not answer, data/00 for one", "ranges": "skipped: needs objects", "redirects": "skipped: needs objects"}},
		"a server without parts": {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "content") }), "", map[string]string{"ranges": "warning: 20 of 20 answers"}},
		"another host": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.Host, "localhost") {
				content(w, r)
				return
			}
			http.Redirect(w, r, "http://"+strings.Replace(r.Host, "127.0.0.1", "localhost", 1)+r.URL.Path, http.StatusFound)
		}), "", map[string]string{"redirects": "info: to localhost"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.server)
			t.Cleanup(server.Close)
			index := web.Index{URLs: map[string]string{}}
			for n := range 40 {
				key := fmt.Sprintf("data/%02d", n)
				index.URLs[key] = server.URL + "/" + url.PathEscape(key) + test.query
			}
			client, err := web.NewClient(web.Options{MaxPause: time.Millisecond, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.CloseIdle)
			steps := 0
			for check := range client.Open("plants", index).Diagnose(t.Context(), storage.DiagnoseOptions{}) {
				steps++
				want := test.want[check.Step]
				if want == "" {
					want = "ok: "
				}
				status, words, _ := strings.Cut(want, ": ")
				if text := check.Found + " -> " + check.Hint; string(check.Status) != status || !strings.Contains(text, words) || strings.Contains(text, "sesame") {
					t.Errorf("%s is told as %q: %q, want %q", check.Step, check.Status, text, want)
				}
			}
			if steps != 5 {
				t.Errorf("%d steps", steps)
			}
		})
	}
}

// goneOr has an object gone, and all others there.
func goneOr(there http.Handler, w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "00") {
		http.NotFound(w, r)
		return
	}
	there.ServeHTTP(w, r)
}
