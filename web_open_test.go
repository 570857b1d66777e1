package dtool_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/storage"
)

// A webSite is a web server with the dataset that the Python tools published.
type webSite struct {
	url string // of the dataset, signed
	uri string // of the dataset, as it is shown
	dir string // where its files are
}

// newWebSite starts a file server, with something around it.
func newWebSite(t *testing.T, around func(http.Handler) http.Handler) webSite {
	t.Helper()
	dir := t.TempDir()
	server := httptest.NewServer(around(http.FileServer(http.Dir(dir))))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	must(t, fixtures.Publish(dir, server.URL))
	uri := server.URL + "/" + fixtures.PublishedUUID
	return webSite{uri + "?X-Amz-Signature=secret", uri, filepath.Join(dir, fixtures.PublishedUUID)}
}

func asIs(h http.Handler) http.Handler { return h }

// put replaces what the server has under a name of the dataset.
func (s webSite) put(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(s.dir, filepath.FromSlash(name)), []byte(text), 0o644))
}

// A published dataset of the Python tools is over HTTP what it is in its bucket.
func TestPublishedDatasetOpens(t *testing.T) {
	w, site := newWorld(t), newWebSite(t, asIs)
	bucket := w.bucket("published")
	must(t, fixtures.Load(t.Context(), w.memory["published"], fixtures.Newest))
	want, err := w.Open(t.Context(), bucket+"/"+fixtures.PublishedUUID)
	must(t, err)
	for _, uri := range []string{site.url, site.uri, site.uri + "/", strings.Replace(site.url, "?", "/?", 1)} {
		got, err := w.Open(t.Context(), uri)
		must(t, err)
		if got.URI() != site.uri {
			t.Errorf("its URI is %s, want %s", got.URI(), site.uri)
		}
		mustAgree(t, want, got)
	}
}

// It is copied to every kind of base, whole, and compared.
func TestPublishedDatasetIsCopied(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		src, err := w.Open(t.Context(), newWebSite(t, asIs).url)
		must(t, err)
		dst := mustCopy(t, w.Client, src, base)
		mustAgree(t, src, dst)
		diff, err := src.Diff(t.Context(), dst, dtool.DiffOptions{Full: true})
		must(t, err)
		if diff.Identifiers != nil || diff.Sizes != nil || diff.Content != nil {
			t.Errorf("the copy differs: %+v", diff)
		}
	})
}

func TestItemOfPublishedDatasetIsFetched(t *testing.T) {
	w, site := newWorld(t), newWebSite(t, asIs)
	d, err := w.Open(t.Context(), site.url)
	must(t, err)
	m, err := d.Manifest(t.Context())
	must(t, err)
	file, err := d.ItemPath(t.Context(), m.Items()[0].Identifier)
	must(t, err)
	text, err := os.ReadFile(file)
	must(t, err)
	if want := contents(t, d)[m.Items()[0].Relpath]; string(text) != want {
		t.Errorf("the file has %q, want %q", text, want)
	}
}

// Anybody can publish under the UUID of others, and changes nothing of what came from them.
func TestItemsOfTwoWebsitesAreCachedApart(t *testing.T) {
	w := newWorld(t)
	var files []string
	for _, site := range []webSite{newWebSite(t, asIs), newWebSite(t, asIs)} {
		d, err := w.Open(t.Context(), site.url)
		must(t, err)
		m, err := d.Manifest(t.Context())
		must(t, err)
		file, err := d.ItemPath(t.Context(), m.Items()[0].Identifier)
		must(t, err)
		again, err := d.ItemPath(t.Context(), m.Items()[0].Identifier)
		must(t, err)
		if again != file {
			t.Errorf("fetched again, %s is %s", file, again)
		}
		files = append(files, file, filepath.Join(w.home, ".cache", "dtool", d.UUID(), filepath.Base(file)))
	}
	slices.Sort(files)
	if len(slices.Compact(files)) != 3 {
		t.Errorf("what is fetched from two websites, and what would be from a bucket, go to %q", files)
	}
}

// Nothing can be written over HTTP, and no request is made that tries to.
func TestPublishedDatasetIsReadOnly(t *testing.T) {
	w, site := newWorld(t), newWebSite(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				t.Errorf("it is asked to %s", r.Method)
			}
			h.ServeHTTP(rw, r)
		})
	})
	ctx := t.Context()
	d, err := w.Open(ctx, site.url)
	must(t, err)
	value, err := dtool.NewValue(1)
	must(t, err)
	local := w.frozen(t.TempDir(), "local", seedling())
	_, copying := w.Copy(ctx, local, site.url, dtool.CopyOptions{})
	_, resuming := w.Copy(ctx, local, site.url, dtool.CopyOptions{Resume: true})
	_, creating := w.Create(ctx, "new", site.url, dtool.CreateOptions{})
	_, creatingFrom := w.CreateFrom(ctx, files(t, seedling()), "new", site.url, dtool.CreateFromOptions{})
	_, removing := w.PlanRemove(ctx, site.url)
	for what, err := range map[string]error{
		"a tag": d.SetTag(ctx, "x"), "a tag that goes": d.DeleteTag(ctx, "rnaseq"), "an annotation": d.SetAnnotation(ctx, "x", value),
		"a README": d.WriteREADME(ctx, []byte("x")), "a name": d.Rename(ctx, "x"), "a copy": copying, "a resumed copy": resuming,
		"a dataset": creating, "a dataset from a directory": creatingFrom, "a removal": removing,
	} {
		if !errors.Is(err, storage.ErrReadOnly) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.OpenProto(ctx, site.url); !errors.Is(err, dtool.ErrFrozen) {
		t.Errorf("as a proto dataset: %v", err)
	}
}

// What is no access URL, or leads to no dataset, is said to be.
func TestWhatIsNotPublished(t *testing.T) {
	w, site := newWorld(t), newWebSite(t, asIs)
	root := strings.TrimSuffix(site.uri, "/"+fixtures.PublishedUUID)
	for uri, kind := range map[string]error{
		root:               dtool.ErrNotDataset,
		root + "/?q":       dtool.ErrNotDataset,
		site.uri + "/data": dtool.ErrNotDataset,
		root + "/5d700000-0015-4000-8000-000000000002?X-Amz-Signature=secret": dtool.ErrNotDataset,
		"http://u:secret@h/" + fixtures.PublishedUUID:                         dtool.ErrInvalidURI,
		"http://h/" + fixtures.PublishedUUID + "#secret":                      dtool.ErrInvalidURI,
		"https:///" + fixtures.PublishedUUID + "?secret":                      dtool.ErrInvalidURI,
		"https:" + fixtures.PublishedUUID:                                     dtool.ErrInvalidURI,
		site.uri + "?X-Amz-Algorithm=AWS4-HMAC-SHA256":                        dtool.ErrInvalidURI,
		site.uri + "/index.html?X-Amz-Signature=secret":                       dtool.ErrInvalidURI,
	} {
		_, err := w.Open(t.Context(), uri)
		if !errors.Is(err, kind) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %v", uri, err, kind)
		}
	}
	for _, err := range w.List(t.Context(), site.url) {
		if !errors.Is(err, dtool.ErrInvalidURI) || strings.Contains(err.Error(), "secret") {
			t.Errorf("listing: %v", err)
		}
	}
}

// What comes in place of the documents of a dataset is refused in words.
func TestBrokenSites(t *testing.T) {
	const id = "004b794867b1f5faa993eacd78d0b17b90add240"
	for _, c := range []struct {
		name, document, text string
		kind                 error
		says                 string
	}{
		{"a page", "http_manifest.json", "<!DOCTYPE html><title>Sign in</title>", dtool.ErrBadDocument, "a page"},
		{"cut short", "http_manifest.json", `{"admin_metadata": {`, dtool.ErrBadDocument, "http_manifest.json: line 1"},
		{"of another dataset", "http_manifest.json", strings.Replace(minimalSite, "8ecd8e05", "00000000", 1), dtool.ErrBadDocument, "uuid is 00000000"},
		{"a file", "http_manifest.json", strings.Replace(minimalSite, "http://h/r", "file:///etc/passwd", 1), dtool.ErrBadDocument, `readme_url: a URL begins with "file:"`},
		{"a page for a manifest", "manifest.json", "<html>", dtool.ErrBadManifest, ""},
		{"an altered item", "data/" + id, "other", storage.ErrCorrupted, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, site := newWorld(t), newWebSite(t, asIs)
			site.put(t, c.document, c.text)
			d, err := w.Open(t.Context(), site.url)
			if err == nil {
				_, err = w.Copy(t.Context(), d, t.TempDir(), dtool.CopyOptions{})
			}
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v; want %v with %q", err, c.kind, c.says)
			}
		})
	}
}

const minimalSite = `{"admin_metadata": {"uuid": "8ecd8e05-558a-48e2-b563-0c9ea273e71e", "type": "dataset", "name": "n"}, "readme_url": "http://h/r", "manifest_url": "http://h/m", "item_urls": {}}`

// An item that the server has lost, or has otherwise than the manifest says, is found.
func TestVerifyFindsWhatASiteHasOtherwise(t *testing.T) {
	w, site := newWorld(t), newWebSite(t, asIs)
	d, err := w.Open(t.Context(), site.url)
	must(t, err)
	m, err := d.Manifest(t.Context())
	must(t, err)
	items := m.Items()
	must(t, os.Remove(filepath.Join(site.dir, "data", items[0].Identifier)))
	site.put(t, "data/"+items[1].Identifier, strings.Repeat("x", int(items[1].Size)+1))
	site.put(t, "data/"+items[2].Identifier, strings.Repeat("x", int(items[2].Size)))
	report, err := d.Verify(t.Context(), dtool.VerifyOptions{Full: true})
	must(t, err)
	if len(report.Missing) != 1 || len(report.AlteredSize) != 1 || len(report.AlteredHash) != 1 || len(report.Unknown) != 0 {
		t.Errorf("the report has %+v", report.Findings)
	}
}

// A site that is reached by HTTPS does not lead to HTTP.
func TestSecureSiteLeadsToNoOther(t *testing.T) {
	dir := t.TempDir()
	server := httptest.NewUnstartedServer(http.FileServer(http.Dir(dir)))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	bundle := filepath.Join(t.TempDir(), "bundle.pem")
	must(t, os.WriteFile(bundle, certificateOf(server), 0o600))
	w := newWorld(t, "AWS_CA_BUNDLE="+bundle)

	must(t, fixtures.Publish(dir, server.URL))
	uri := server.URL + "/" + fixtures.PublishedUUID
	d, err := w.Open(t.Context(), uri)
	must(t, err)
	mustVerify(t, d)

	must(t, fixtures.Publish(dir, strings.Replace(server.URL, "https", "http", 1)))
	_, err = w.Open(t.Context(), uri)
	if !errors.Is(err, dtool.ErrBadDocument) || !strings.Contains(err.Error(), "begins with http:") {
		t.Errorf("got %v", err)
	}
}

// The URLs of the fixture expired long ago, which is said when a store refuses them.
func TestExpiredURLs(t *testing.T) {
	refusing := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "http_manifest.json") {
				h.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusForbidden)
		})
	}
	site := newWebSite(t, refusing)
	client, err := dtool.NewClient(dtool.Options{Now: func() time.Time { return time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) }})
	must(t, err)
	d, err := client.Open(t.Context(), site.url)
	must(t, err)
	_, err = d.README(t.Context())
	if !errors.Is(err, storage.ErrForbidden) || !strings.Contains(err.Error(), "the signature of the URL expired at 2026-11-25T05:37:32Z") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), "Signature=") {
		t.Errorf("it tells a signature: %v", err)
	}
}

// No log has a signature, neither that of the access URL nor those of the document.
func TestLogsHaveNoSignature(t *testing.T) {
	var log bytes.Buffer
	client, err := dtool.NewClient(dtool.Options{Home: t.TempDir(), Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	must(t, err)
	d, err := client.Open(t.Context(), newWebSite(t, asIs).url)
	must(t, err)
	mustVerify(t, d)
	if !strings.Contains(log.String(), "/data/") || strings.Contains(log.String(), "ignature") {
		t.Errorf("the log is %s", log.String())
	}
}

func certificateOf(server *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}
