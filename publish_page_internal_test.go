package dtool

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
)

func TestLandingPageShowsTheDatasetAsItIs(t *testing.T) {
	fine := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, store := t.Context(), memory.New()
	client, err := NewClient(Options{
		Home: t.TempDir(), Hostname: "workstation", Environ: []string{"LOGNAME=olssont"},
		Buckets: map[string]storage.Opener{"mem": func(context.Context, string) (storage.Store, error) { return store, nil }},
	})
	fine(err)
	dir := t.TempDir()
	fine(os.WriteFile(filepath.Join(dir, "reads.txt"), []byte("ACGT\n"), 0o600))
	d, err := client.CreateFrom(ctx, dir, "seedling", "mem://plants", CreateFromOptions{})
	fine(err)
	fine(d.WriteREADME(ctx, []byte("---\nspecies: <i>A. thaliana</i>\n")))
	const access = "https://plants.example.org/x"
	m := httpManifest{
		readme: access + "/README.yml", manifest: access + "/manifest.json", tags: []string{"raw"},
		items:       map[string]string{Identifier("reads.txt"): access + "/data/" + Identifier("reads.txt")},
		annotations: map[string]string{},
	}
	for name, text := range map[string]string{
		"text": `"a string"`, "number": "0.5", "object": "{\n  \"a\": [1, 2]\n}", "broken": "{no JSON",
		"long": `"` + strings.Repeat("x", 5000) + `"`, "huge": `"` + strings.Repeat("y", maxShownAnnotation) + `"`,
	} {
		m.annotations[name] = access + "/annotations/" + name + ".json"
		_, err := store.Put(ctx, d.layout.keys().annotations+name+".json", strings.NewReader(text), storage.PutOptions{Size: int64(len(text))})
		fine(err)
	}
	text, err := d.landingPage(ctx, m, access, access+"/http_manifest.json", time.Time{})
	fine(err)
	for _, part := range []string{
		"<bdi>seedling</bdi></h1>", "<bdi>olssont</bdi>", "species: &lt;i&gt;A. thaliana&lt;/i&gt;", "<li><bdi>raw</bdi></li>", "1 item, 5.0B",
		`href="./data/` + Identifier("reads.txt") + `" download="reads.txt"><bdi>reads.txt</bdi>`, ">MD5</th>", md5Hex([]byte("ACGT\n")),
		`<bdi>text</bdi></dt><dd dir="auto">a string</dd>`, `<dd dir="auto">0.5</dd>`, `<dd dir="auto">{&#34;a&#34;: [1, 2]}</dd>`, `<dd dir="auto">{no JSON</dd>`,
		`x… <a href="./annotations/long.json" download>the whole value, 4.9KiB</a>`, `<dd dir="auto">… <a href="./annotations/huge.json" download>the whole value, 64.0KiB</a>`,
	} {
		if !bytes.Contains(text, []byte(part)) {
			t.Errorf("the page has no %s", part)
		}
	}
}

func TestHashesHaveTheNamesThatPeopleKnow(t *testing.T) {
	for function, want := range map[string]string{
		"md5sum_hexdigest": "MD5", "md5sum": "MD5", "shasum": "SHA", "sha1sum_hexdigest": "SHA1", "sha256sum_hexdigest": "SHA256", "": "", "odd": "ODD",
	} {
		if got := shownHash(function); got != want {
			t.Errorf("%q is shown as %q, want %q", function, got, want)
		}
	}
}
