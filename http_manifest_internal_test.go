package dtool

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/web"
)

// What the Python library wrote is read, and written again to the letter.
func TestHTTPManifestOfThePythonLibrary(t *testing.T) {
	text, err := fixtures.HTTPManifest()
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseHTTPManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	if m.admin.text("name") != "hist-0.15.0" || len(m.items) != 5 || len(m.overlays) != 1 || len(m.annotations) != 5 || len(m.tags) != 2 {
		t.Errorf("it is read as %+v", m)
	}
	if again := m.document(); !bytes.Equal(again, text) {
		t.Errorf("it is written as\n%s", again)
	}
}

// httpManifestText gives a document with some texts replaced.
func httpManifestText(replace ...string) string {
	const id = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	text := `{"admin_metadata": {"uuid": "` + anyUUID + `", "type": "dataset", "name": "n"}, "readme_url": "https://h/r", "manifest_url": "https://h/m",` +
		` "item_urls": {"` + id + `": "https://h/i?X-Amz-Signature=secret"}, "overlays": {"o.x": "https://h/o"}, "annotations": {"a": "https://h/a"}, "tags": ["t"]}`
	return strings.NewReplacer(replace...).Replace(text)
}

func TestOldHTTPManifest(t *testing.T) {
	m, err := parseHTTPManifest([]byte(httpManifestText(`"overlays": {"o.x": "https://h/o"}, "annotations": {"a": "https://h/a"}, "tags": ["t"]`, `"x": 1`)))
	if err != nil || len(m.items) != 1 || m.overlays != nil || m.annotations != nil || m.tags != nil {
		t.Errorf("without overlays, annotations and tags: %+v, %v", m, err)
	}
}

// Each of these is refused, in a line that says where, and repeats no signature.
func TestHostileHTTPManifests(t *testing.T) {
	const item = `"https://h/i?X-Amz-Signature=secret"`
	for _, c := range []struct{ text, says string }{
		{"", "line 1"},
		{"<html>", "line 1"},
		{"[]", "a JSON object is expected"},
		{"null", "a JSON object is expected"},
		{strings.Repeat(`{"a":`, 2000), "line 1"},
		{httpManifestText()[:300], "line 1"},
		{httpManifestText(`"admin_metadata"`, `"x"`), "admin_metadata is missing"},
		{httpManifestText(anyUUID, `../..`), "uuid"},
		{httpManifestText(`"dataset"`, `7`), "type"},
		{httpManifestText(`"readme_url"`, `"x"`), "readme_url is missing"},
		{httpManifestText(`"https://h/m"`, `["https://h/m"]`), "manifest_url is no text"},
		{httpManifestText(`"item_urls"`, `"x"`), "item_urls is missing"},
		{httpManifestText(item, `null`), "item_urls: da39a3ee5e6b4b0d3255bfef95601890afd80709 is no text"},
		{httpManifestText(`"da39a3ee5e6b4b0d3255bfef95601890afd80709"`, `"../../../etc/passwd"`), "item_urls: ../../../etc/passwd cannot be"},
		{httpManifestText(`"da39a3ee5e6b4b0d3255bfef95601890afd80709"`, `"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"`), "item_urls: DA39"},
		{httpManifestText(`{"o.x": "https://h/o"}`, `[]`), "overlays is no object"},
		{httpManifestText(`"o.x"`, `"../x"`), "overlays: ../x cannot be"},
		{httpManifestText(`"o.x"`, `""`), `overlays: "" cannot be`},
		{httpManifestText(`{"a": "https://h/a"}`, `null`), "annotations is no object"},
		{httpManifestText(`"a":`, `"a\u0000":`), "annotations: "},
		{httpManifestText(`["t"]`, `{"t": 1}`), "tags is no list"},
		{httpManifestText(`["t"]`, `["t", ".."]`), "tags: the value 2"},
		{httpManifestText(`["t"]`, `[null]`), "tags: the value 1"},
		{httpManifestText(item, `"/etc/passwd"`), "a URL is relative"},
		{httpManifestText(item, `"//h/i"`), "a URL is relative"},
		{httpManifestText(item, `""`), "a URL is relative"},
		{httpManifestText(item, `"file:///etc/passwd"`), `a URL begins with "file:"`},
		{httpManifestText(item, `"FILE:///etc/passwd"`), `a URL begins with "file:"`},
		{httpManifestText(item, `"s3://b/k"`), `a URL begins with "s3:"`},
		{httpManifestText(item, `"http:i"`), "names no host"},
		{httpManifestText(item, `"https://"`), "names no host"},
		{httpManifestText(item, `"https://:80/x"`), "names no host"},
		{httpManifestText(item, `"https://u:secret@h/i"`), "a user or a password"},
		{httpManifestText(item, `"https://h/i#secret"`), "fragment"},
		{httpManifestText(item, `"https://h/i?secret\u001b[31m"`), "cannot be understood"},
		{httpManifestText(item, `"https://h/%zzsecret?"`), "cannot be understood"},
		{httpManifestText(item, `"https://h/`+strings.Repeat("secret", web.MaxURL/6)+`"`), "at most"},
	} {
		_, err := parseHTTPManifest([]byte(c.text))
		if !errors.Is(err, ErrBadDocument) {
			t.Errorf("%.300s: %v", c.text, err)
			continue
		}
		checkRefusal(t, err)
		if text := err.Error(); !strings.Contains(text, c.says) || strings.Contains(text, "secret") && !strings.Contains(text, "%zz") {
			t.Errorf("%.300s: %v; want %q", c.text, err, c.says)
		}
	}
}

func FuzzHTTPManifest(f *testing.F) {
	text, err := fixtures.HTTPManifest()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(text), httpManifestText(), httpManifestText("https://h/i", "file:///x"), httpManifestText(`"t"`, `"../t"`), "{}", "[]", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseHTTPManifest(text)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		for what, url := range m.all() {
			if _, err := web.ParseURL(url); err != nil {
				t.Fatalf("%s has the URL %q: %v", what, url, err)
			}
		}
		k := newObjectLayout("", anyUUID).keys()
		for prefix, names := range map[string]map[string]string{k.data: m.items, k.overlays: m.overlays, k.annotations: m.annotations} {
			for name := range names {
				if err := storage.CheckKey(prefix + name); err != nil {
					t.Fatalf("the name %q makes a key of which is said: %v", name, err)
				}
			}
		}
		again, err := parseHTTPManifest(m.document())
		if err != nil || !bytes.Equal(again.document(), m.document()) {
			t.Fatalf("it is written as %q, which reads as %q, %v", m.document(), again.document(), err)
		}
	})
}

// Values that make a small document a large one in memory are too many before they are.
func TestHTTPManifestsOfManyValues(t *testing.T) {
	many := `"tags": [` + strings.Repeat("1,", maxHTTPManifestValues) + "1]"
	_, err := parseHTTPManifest([]byte(httpManifestText(`"tags": ["t"]`, many)))
	if !errors.Is(err, ErrBadDocument) || !strings.Contains(err.Error(), "more than 2097152 values") {
		t.Errorf("the error is %v", err)
	}
}
