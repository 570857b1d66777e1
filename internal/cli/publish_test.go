package cli

import (
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
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

// TestNoSignatureIsRepeated gives a signed URL to every command, in place of a dataset, a
// base and whatever else it takes, and has some of what is read there refused.
func TestNoSignatureIsRepeated(t *testing.T) {
	d := newDesk(t, s3test.StartOwn(t))
	published := d.must("publish", "-q", "--expires", "1h", d.there)
	w := &watch{secrets: map[string]string{}}
	for _, m := range signatureInURL.FindAllStringSubmatch(published, -1) {
		w.keep(m[1], "a signature")
	}
	if len(w.secrets) != 1 {
		t.Fatalf("%s is not signed once", published)
	}
	file := filepath.Join(d.empty, "a.txt")
	mustWrite(t, file, "description: a file\n")
	fill := strings.NewReplacer("FILE", file, "PROTO", published, "DS", published, "COPY", published, "OTHER", d.empty, "BASE", published,
		"DIR", d.empty, "ID", "cfc7b4885384957ae445bc14914d4588f607651c")
	for refused, keys := range map[string]string{"nothing": "none", "the items": "/data/", "the documents": "/manifest.json", "all": ""} {
		t.Run(refused, func(t *testing.T) {
			d.day.Becomes(func(_, key string, _ *http.Request) badday.Fault {
				if strings.Contains("/"+key, keys) {
					return denied()
				}
				return nil
			})
			for _, words := range commandsOf((&app{}).rootCommand()) {
				if strings.HasPrefix(words, "config ") {
					continue // which shows what it was told to keep
				}
				for _, use := range []string{useOf()[words], "DS", strings.Repeat("DS ", 5)} {
					args := slices.Concat([]string{"--debug"}, strings.Fields(words), strings.Fields(fill.Replace(use)))
					o := d.dtool(args...)
					w.mustNotBeIn(t, "dtool "+words+" "+use, o.stdout+o.stderr)
				}
			}
			w.mustNotBeIn(t, "the URL alone", d.dtool(published).stderr)
		})
	}
}

func TestUnpublishTellsOfVersions(t *testing.T) {
	d := newDesk(t, s3test.StartOwn(t))
	d.must("publish", "-q", "--expires", "1h", d.there)
	args := keepingVersions("unpublish", "THERE")(d)
	const want = "The bucket keeps what is removed as older versions, http_manifest.json with its URLs among them\n"
	for _, removed := range []bool{true, false} {
		if o := d.dtool(args...); o.code != 0 || strings.Contains(o.stdout, want) != removed {
			t.Errorf("exit code %d: %s%s", o.code, o.stdout, o.stderr)
		}
	}
}
