package cli

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/internal/s3test"
)

var signatureInURL = regexp.MustCompile(`X-Amz-Signature=([0-9a-f]+)`)

// TestNoSignatureIsTold but in the URLs that were asked for, on standard output.
func TestNoSignatureIsTold(t *testing.T) {
	d := newDesk(t, s3test.StartOwn(t))
	w := &watch{secrets: map[string]string{}}
	look := func(text string) {
		for _, m := range signatureInURL.FindAllStringSubmatch(text, -1) {
			w.keep(m[1], "a signature")
		}
	}
	d.day.Becomes(func(_, _ string, r *http.Request) badday.Fault {
		look(r.URL.RawQuery)
		return nil
	})
	published := d.dtool("--debug", "publish", "--page", "--expires", "1h", d.there)
	look(published.stdout)
	if published.code != 0 || len(w.secrets) < 4 {
		t.Fatalf("exit code %d, and %d signatures: %s", published.code, len(w.secrets), published.stderr)
	}
	w.mustNotBeIn(t, "publish", published.stderr)
	for _, args := range [][]string{{"publish", "--status", d.there}, {"publish", "--status", "--json", d.there}, {"verify", "-f", d.there}, {"unpublish", d.there}} {
		o := d.dtool(append([]string{"--debug"}, args...)...)
		if o.code != 0 {
			t.Errorf("dtool %s: exit code %d: %s", strings.Join(args, " "), o.code, o.stderr)
		}
		w.mustNotBeIn(t, strings.Join(args, " "), o.stdout+o.stderr)
	}
	d.day.Becomes(func(op, _ string, r *http.Request) badday.Fault {
		look(r.URL.RawQuery)
		if op == "GetObject" && r.URL.Query().Has("X-Amz-Signature") {
			return denied()
		}
		return nil
	})
	refused := d.dtool("--debug", "publish", "--expires", "1h", d.there)
	if refused.code != 1 || !strings.Contains(refused.stderr, "cannot be read without credentials") {
		t.Errorf("where nobody can read it: exit code %d: %s", refused.code, refused.stderr)
	}
	w.mustNotBeIn(t, "publish, where nobody can read it", refused.stdout+refused.stderr)
}
