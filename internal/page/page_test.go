package page_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/internal/oddnames"
	"github.com/dtool-go/dtool/internal/page"
)

const access = "https://store.example.org/plants/u/olssont/5d700000-0015-4000-8000-000000000001"

// seedling is a dataset of some items, published for everybody.
func seedling(relpaths ...string) page.Dataset {
	d := page.Dataset{
		Name: "seedling", UUID: "5d700000-0015-4000-8000-000000000001", Creator: "olssont",
		Created: time.Date(2026, 3, 1, 12, 0, 0, 250_000_000, time.FixedZone("CET", 3600)),
		Frozen:  time.Date(2026, 3, 1, 11, 30, 0, 0, time.UTC),
		README:  []byte("---\ndescription: A seedling\n"),
		Count:   len(relpaths), Size: 3 << 19, Hash: "MD5",
		AccessURL: access, HTTPManifestURL: access + "/http_manifest.json",
		ManifestURL: access + "/manifest.json", READMEURL: access + "/README.yml",
	}
	for i, relpath := range relpaths {
		identifier := fmt.Sprintf("%040x", i)
		d.Items = append(d.Items, page.Item{
			Identifier: identifier, Relpath: relpath, Size: 1536, Hash: "d41d8cd98f00b204e9800998ecf8427e", URL: access + "/data/" + identifier,
		})
	}
	return d
}

func render(t *testing.T, d page.Dataset) string {
	t.Helper()
	text, err := page.Render(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("the page has no %s", part)
		}
	}
}

func wantsNot(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("the page has %s", part)
		}
	}
}

func TestPageTellsOfTheDataset(t *testing.T) {
	d := seedling("reads.txt", "sub/dir/with space.csv")
	d.Tags = []string{"raw"}
	d.Annotations = []page.Annotation{{Name: "species", Value: "A. thaliana", Size: 11, URL: access + "/annotations/species.json"}}
	wants(t, render(t, d),
		`<html lang="en">`, `<title>seedling · dtool dataset</title>`, `<h1><bdi>seedling</bdi></h1>`, `<dd><bdi>olssont</bdi></dd>`,
		`<time datetime="2026-03-01T11:00:00Z">2026-03-01 11:00:00 UTC</time>`, `<time datetime="2026-03-01T11:30:00Z">`,
		`<dd>2 items, 1.5MiB</dd>`, "<code>"+d.UUID+"</code>", "\n---\ndescription: A seedling\n</pre>",
		`<dt><bdi>species</bdi></dt><dd dir="auto">A. thaliana</dd>`, `<li><bdi>raw</bdi></li>`,
		`<a href="./data/0000000000000000000000000000000000000001" download="with space.csv"><bdi>sub/dir/with space.csv</bdi></a>`,
		`<td class="size" title="1`+"\u202f"+`536 bytes">1.5KiB</td>`, "<code>d41d8cd98f00b204e9800998ecf8427e</code>", ">MD5</th>",
		"<code>dtool cp "+access+" .</code>", "<code>curl -fLo reads.txt "+access+"/data/"+strings.Repeat("0", 40)+"</code>",
		`<a href="./http_manifest.json">`, `<a href="./manifest.json">`,
	)
	if first, second := render(t, d), render(t, d); first != second {
		t.Error("the same dataset gives two pages")
	}
}

func TestPageOfADatasetOfWhichLittleIsKnown(t *testing.T) {
	text := render(t, page.Dataset{UUID: "5d700000-0015-4000-8000-000000000001", AccessURL: access, HTTPManifestURL: access + "/h", ManifestURL: access + "/m"})
	wants(t, text, "<bdi>5d700000-0015-4000-8000-000000000001</bdi></h1>", "<dd>0 items, 0.0B</dd>", "dtool cp ")
	wantsNot(t, text, `id="items"`, `id="readme"`, `id="tags"`, `id="annotations"`, "Creator", "Created", "Frozen", "curl", "work until", "<a href=\"\"")
}

// The page of a dataset whose URLs are signed lies beside nothing that it could name
// without its signature.
func TestSignedLinksAreKeptWhole(t *testing.T) {
	d := seedling("reads.txt")
	const query = "?X-Amz-Credential=key%2F20260301%2Fus-east-1&X-Amz-Signature=0123"
	for _, u := range []*string{&d.AccessURL, &d.HTTPManifestURL, &d.ManifestURL, &d.READMEURL, &d.Items[0].URL} {
		*u += query
	}
	d.Expires = time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	text := render(t, d)
	wants(t, html.UnescapeString(text),
		`href="`+d.Items[0].URL+`"`, `href="`+d.ManifestURL+`"`, `href="`+d.HTTPManifestURL+`"`,
		"dtool cp '"+d.AccessURL+"' .", "curl -fLo reads.txt '"+d.Items[0].URL+"'")
	wants(t, text, `work until <time datetime="2026-03-08T12:00:00Z">2026-03-08 12:00:00 UTC</time>`, `<meta name="referrer" content="no-referrer">`)
	wantsNot(t, text, `"./`)
}

// No policy but the page's own style sheet, which must be the one that the policy names.
func TestPolicyForbidsAllButTheStyle(t *testing.T) {
	text := render(t, seedling("reads.txt"))
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(text)
	policy := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(text)
	if style == nil || policy == nil {
		t.Fatal("there is no style or no policy")
	}
	sum := sha256.Sum256([]byte(style[1]))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	if got := html.UnescapeString(policy[1]); got != want {
		t.Errorf("the policy is %s, want %s", got, want)
	}
	wantsNot(t, text, "<script", "<link", "<img", "<iframe", "@import", "url(", "src=")
}

// hostile are texts that would do something if they came into a page as they are.
func hostile() []string {
	return []string{
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "' onmouseover='alert(1)", "</title><script>alert(1)</script>",
		"</style><script>alert(1)</script>", "</pre><script>alert(1)</script>", "]]><script>alert(1)</script>", "<!--", "-->", "{{.Policy}}", "{{end}}",
		"${alert(1)}", "&lt;script&gt;", "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "<svg/onload=alert(1)>", "<base href=//evil.example>",
		"<meta http-equiv=refresh content=0;url=//evil.example>", "\u2028alert(1)",
	}
}

// Every text goes into every place, and the page has the same tags and attributes as
// that of a harmless dataset.
func TestTextsOfAnybodyStayTexts(t *testing.T) {
	names := append(oddnames.Plain(), oddnames.Acting()...)
	for _, picky := range oddnames.Windows() {
		names = append(names, picky.Name)
	}
	shape := func(text string) string {
		d := seedling(text)
		d.Name, d.Creator, d.README, d.Tags, d.Hash, d.Items[0].Hash = text, text, []byte(text), []string{text}, text, text
		d.UUID, d.Items[0].Identifier = text, text
		d.Annotations = []page.Annotation{{Name: text, Value: text, Size: len(text) + 1, URL: access}}
		tags := regexp.MustCompile(`<[^>]*>`).FindAllString(render(t, d), -1)
		return regexp.MustCompile(`download="[^"]*"`).ReplaceAllString(strings.Join(tags, ""), "download")
	}
	want := shape("harmless")
	for _, text := range append(names, hostile()...) {
		if got := shape(text); got != want {
			t.Errorf("%q changes the tags of the page:\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestWhatActsIsShownEscaped(t *testing.T) {
	d := seedling("\u202etxt.exe", "a\nb\x1b[2J", "latin \xe9")
	d.README = []byte("one\r\n\ttwo\x00 \u2066three \xff")
	text := render(t, d)
	wants(t, text, `<bdi>\u202etxt.exe</bdi>`, `<bdi>a\nb\x1b[2J</bdi>`, `<bdi>latin \xe9</bdi>`, `download="_txt.exe"`, `download="a_b_[2J"`,
		"one\n\ttwo\\x00 \\u2066three \\xff</pre>")
	wantsNot(t, text, "\u202e", "\u2066", "\x1b", "\x00", "\r")
}

func TestOnlyWebAddressesBecomeLinks(t *testing.T) {
	const secret = "X-Amz-Signature=0123"
	for _, bad := range []string{
		"javascript:alert(1)//" + secret, "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//evil.example/x", "data/x", "/x",
		"https:///x", "https://user:pass@store.example.org/x?" + secret, "http://[::1", "https://store.example.org/\n" + secret, "ftp://store.example.org/x",
	} {
		places := map[string]func(*page.Dataset){
			"access":     func(d *page.Dataset) { d.AccessURL = bad },
			"list":       func(d *page.Dataset) { d.HTTPManifestURL = bad },
			"manifest":   func(d *page.Dataset) { d.ManifestURL = bad },
			"README":     func(d *page.Dataset) { d.READMEURL = bad },
			"item":       func(d *page.Dataset) { d.Items[1].URL = bad },
			"annotation": func(d *page.Dataset) { d.Annotations = []page.Annotation{{URL: bad}} },
		}
		for place, put := range places {
			d := seedling("a", "b")
			put(&d)
			text, err := page.Render(d)
			if err == nil {
				t.Errorf("%q is taken as the URL of %s: %s", bad, place, text)
			} else if strings.Contains(err.Error(), secret) {
				t.Errorf("the error repeats a secret: %v", err)
			}
		}
	}
}

// What is copied into a shell does no more than it says.
func TestCommandsAreSafeToCopy(t *testing.T) {
	for relpath, name := range map[string]string{
		"a/reads-1.fq.gz": "reads-1.fq.gz", "-rf": "0000000000000000000000000000000000000000", "$(x)`y`": "0000000000000000000000000000000000000000",
		"a b": "0000000000000000000000000000000000000000", ".bashrc": "0000000000000000000000000000000000000000", "it's": "0000000000000000000000000000000000000000",
	} {
		wants(t, render(t, seedling(relpath)), "curl -fLo "+name+" https:")
	}
	d := seedling("a")
	d.AccessURL += "/it's $(x)`y`;z"
	wants(t, html.UnescapeString(render(t, d)), "dtool cp '"+access+"/it%27s%20$(x)%60y%60;z' .")
}

func TestNamesToSaveUnder(t *testing.T) {
	for relpath, name := range map[string]string{
		"a/b.txt": "b.txt", "..": "item", "a/..": "item", `a\b`: "a_b", "日本 語.txt": "日本 語.txt", "": "item", "...": "item", ".hidden": ".hidden",
	} {
		wants(t, render(t, seedling(relpath)), `download="`+name+`"`)
	}
}

// However much a dataset has, its page stays one that a browser can hold.
func TestPageOfMuchIsBounded(t *testing.T) {
	relpaths := make([]string, 100_000)
	for i := range relpaths {
		relpaths[i] = fmt.Sprintf("%06d.dat", i)
	}
	d := seedling(relpaths...)
	d.README = bytes.Repeat([]byte("é"), 1<<20)
	for i := range 3000 {
		d.Tags = append(d.Tags, fmt.Sprint("tag", i))
		d.Annotations = append(d.Annotations, page.Annotation{Name: fmt.Sprint("a", i), Value: strings.Repeat("x", 10), Size: 5000, URL: access + "/annotations/a.json"})
	}
	text := render(t, d)
	wants(t, text, "The first 2\u202f000 of 100\u202f000 items.", `<a href="./manifest.json">manifest.json</a> lists all`, "001999.dat", "There are 1000 more",
		`<a href="./README.yml" download="README.yml">The whole README</a> has 2.0MiB`, "the whole value, 4.9KiB")
	wantsNot(t, text, "002000.dat", "tag2000<", ">a2000<", `\xc3`)
	if len(text) > 2<<20 {
		t.Errorf("the page has %d bytes", len(text))
	}
}

func TestTextsAreCutBetweenCharacters(t *testing.T) {
	d := seedling()
	for shift := range 4 {
		d.README = []byte(strings.Repeat("a", shift) + strings.Repeat("🧬", page.MaxREADME/4) + "end")
		text := render(t, d)
		wants(t, text, "🧬</pre>", "The whole README")
		wantsNot(t, text, `\x`, "end</pre>")
	}
	d.README = bytes.Repeat([]byte("0123456789abcde\n"), page.MaxREADME/16)
	wantsNot(t, render(t, d), "The whole README")
	d.README = append(bytes.Repeat([]byte("a"), page.MaxREADME-1), "\r\nend"...)
	wantsNot(t, render(t, d), `\r`)
}
