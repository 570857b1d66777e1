package dtool_test

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/browsertest"
	"github.com/dtool-go/dtool/internal/s3test"
)

// ownsPage would show in a browser that it ran.
const ownsPage = "<script>owned = 1</script>"

// showpiece is what a dataset holds that means no good to a browser.
func showpiece() map[string]string {
	contents := seedling()
	for _, name := range []string{
		"a" + ownsPage, "<img src=x onerror=owned=1>.png", `" onmouseover="owned=1`, "]]>", "<!--", "{{.Policy}}", "javascript:owned=1", "&lt;b&gt;",
		"</title>" + ownsPage, "\u202egpj.exe", "tab\tname", "שלום/עולם.txt",
	} {
		contents[name] = "content of " + name
	}
	return contents
}

// TestPublishedPageInABrowser opens the pages of datasets that are published, from the
// store itself.
func TestPublishedPageInABrowser(t *testing.T) {
	server, browser := s3test.StartOwn(t), browsertest.Start(t)
	for name, o := range map[string]dtool.PublishOptions{
		"for everybody": {Page: true, Policy: true},
		"signed":        {Page: true, Expires: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.frozen(w.s3(server), "seedlings", showpiece())
			ctx, readme := t.Context(), "---\ndescription: |\n  </pre>"+ownsPage+"\n# \u202e\n"
			must(t, d.WriteREADME(ctx, []byte(readme)))
			must(t, d.SetTag(ctx, "raw"))
			must(t, d.SetAnnotation(ctx, "note", value(t, `"`+ownsPage+`"`)))
			published, err := d.Publish(ctx, o)
			must(t, err)
			page := browser.Open(t, published.PageURL)

			mustBeQuiet(t, page, published.PageURL)
			mustTellOf(t, page, d, published.AccessURL, readme)
			mustBeUsable(t, page)
			mustLeadToItems(t, page, d)
			mustLookLikeSomething(t, page)
			mustHoldOnToItsPolicy(t, page)
		})
	}
}

// mustBeQuiet sees that the page has run nothing, says nothing, and needs nothing
// besides itself.
func mustBeQuiet(t *testing.T, page *browsertest.Page, pageURL string) {
	t.Helper()
	if said := page.Complaints(); len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
	if diff := cmp.Diff([]string{pageURL}, page.Requests()); diff != "" {
		t.Errorf("the page asks for something besides itself (-want +got):\n%s", diff)
	}
	if browsertest.Eval[bool](page, "typeof owned !== 'undefined' || document.scripts.length > 0 || document.images.length > 0") {
		t.Error("a text of the dataset has become a part of the page")
	}
}

func mustTellOf(t *testing.T, page *browsertest.Page, d *dtool.Dataset, accessURL, readme string) {
	t.Helper()
	text := func(selector string) string {
		return browsertest.Eval[string](page, fmt.Sprintf("document.querySelector(%q).textContent", selector))
	}
	for what, pair := range map[string][2]string{
		"title":      {browsertest.Eval[string](page, "document.title"), "seedlings · dtool dataset"},
		"heading":    {text("h1"), "seedlings"},
		"language":   {browsertest.Eval[string](page, "document.documentElement.lang"), "en"},
		"encoding":   {browsertest.Eval[string](page, "document.characterSet"), "UTF-8"},
		"README":     {text("#readme + pre"), strings.ReplaceAll(readme, "\u202e", `\u202e`)},
		"annotation": {text(".annotations dd"), ownsPage},
		"tag":        {text(".tags li"), "raw"},
		"command":    {text(".command"), "dtool cp " + accessURL + " ."},
	} {
		got, want := pair[0], pair[1]
		if what == "command" { // an URL with a query is quoted
			got = strings.ReplaceAll(got, "'", "")
		}
		if got != want {
			t.Errorf("the %s is %q, want %q", what, got, want)
		}
	}
	if facts := text(".facts"); !strings.Contains(facts, d.UUID()) || !strings.Contains(facts, "olssont") || !strings.Contains(facts, "2026-03-01 12:00:00 UTC") {
		t.Errorf("the facts are %q", facts)
	}
}

// mustLeadToItems follows the links as anybody does, and saves one as the browser does.
func mustLeadToItems(t *testing.T, page *browsertest.Page, d *dtool.Dataset) {
	t.Helper()
	type link struct{ URL, Name string }
	var links []link
	list := browsertest.Eval[string](page, `JSON.stringify([...document.querySelectorAll("tbody a")].map(a => ({URL: a.href, Name: a.download})))`)
	must(t, json.Unmarshal([]byte(list), &links))
	manifest, err := d.Manifest(t.Context())
	must(t, err)
	if len(links) != manifest.Len() {
		t.Fatalf("there are %d links to %d items", len(links), manifest.Len())
	}
	contents := showpiece()
	for i, item := range manifest.Items() {
		if status, got := fetch(t, links[i].URL); status != http.StatusOK || string(got) != contents[item.Relpath] {
			t.Errorf("the link to %q gives %q, with status %d", item.Relpath, got, status)
		}
	}
	for selector, want := range map[string]browsertest.Saved{
		`[download="reads.txt"]`:      {Name: "reads.txt", Content: []byte("ACGT\n")},
		`[download="with space.csv"]`: {Name: "with space.csv", Content: []byte("id,value\n1,0.5\n")},
		`[download="עולם.txt"]`:       {Name: "עולם.txt", Content: []byte(contents["שלום/עולם.txt"])},
		`[download="_gpj.exe"]`:       {Name: "_gpj.exe", Content: []byte(contents["\u202egpj.exe"])},
	} {
		if diff := cmp.Diff(want, page.Save(selector)); diff != "" {
			t.Errorf("%s is saved otherwise (-want +got):\n%s", selector, diff)
		}
	}
}

// mustBeUsable looks for what those need who do not see the page or have no mouse.
func mustBeUsable(t *testing.T, page *browsertest.Page) {
	t.Helper()
	for _, selector := range []string{
		"body > header h1", "body > header nav[aria-label]", "body > main section[aria-labelledby]", "body > footer",
		`thead th[scope="col"]`, `tbody th[scope="row"]`, "table[aria-labelledby]", `meta[name="viewport"]`,
	} {
		if !browsertest.Eval[bool](page, fmt.Sprintf("document.querySelector(%q) !== null", selector)) {
			t.Errorf("the page has no %s", selector)
		}
	}
	if lost := browsertest.Eval[string](page, `[...document.querySelectorAll("[aria-labelledby], nav a")].map(e => e.getAttribute("aria-labelledby") || e.hash.slice(1))
		.filter(id => !document.getElementById(id)).join()`); lost != "" {
		t.Errorf("the page names parts of it that it does not have: %s", lost)
	}
	page.Press("\t")
	if focused := browsertest.Eval[string](page, "document.activeElement.textContent"); focused != "README" {
		t.Errorf("the first that the keyboard comes to is %q", focused)
	}
}

func mustLookLikeSomething(t *testing.T, page *browsertest.Page) {
	t.Helper()
	for name, tt := range map[string]struct {
		look browsertest.Look
		dark bool
	}{
		"a screen":      {look: browsertest.Look{Width: 1280, Height: 900}},
		"a dark screen": {look: browsertest.Look{Width: 1280, Height: 900, Dark: true}, dark: true},
		"a phone":       {look: browsertest.Look{Width: 360, Height: 740}},
		"paper":         {look: browsertest.Look{Width: 794, Height: 1123, Print: true}},
	} {
		picture := page.See(tt.look)
		ground := picture.At(tt.look.Width-3, 3) // where nothing is
		if dark := color.GrayModel.Convert(ground).(color.Gray).Y < 128; dark != tt.dark {
			t.Errorf("on %s the ground is %v", name, ground)
		}
		if share := inked(picture, ground); share < 0.01 || share > 0.8 {
			t.Errorf("on %s %.1f %% of the picture differ from its ground", name, 100*share)
		}
		if over := browsertest.Eval[int](page, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
			t.Errorf("on %s the page is too wide by %d", name, over)
		}
	}
}

// inked gives the share of a picture that does not have the colour of its ground, by
// every third pixel of every third line.
func inked(picture image.Image, ground color.Color) float64 {
	bounds, n, all := picture.Bounds(), 0, 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y += 3 {
		for x := bounds.Min.X; x < bounds.Max.X; x += 3 {
			all++
			if picture.At(x, y) != ground {
				n++
			}
		}
	}
	return float64(n) / float64(all)
}

// mustHoldOnToItsPolicy puts into the page what its texts would have put there, had they
// not been escaped: the browser does nothing of that. It leaves the page spoiled.
func mustHoldOnToItsPolicy(t *testing.T, page *browsertest.Page) {
	t.Helper()
	const spoiled = `new Promise(done => {
		document.addEventListener("securitypolicyviolation", e => { if (e.effectiveDirective.startsWith("img")) done() });
		document.body.insertAdjacentHTML("beforeend", "<p id=odd style='color: rgb(1, 2, 3)' onclick='owned = 1'><img src='http://elsewhere.example/x'>");
		document.getElementById("odd").click();
	}).then(() => typeof owned + " " + (getComputedStyle(document.getElementById("odd")).color === "rgb(1, 2, 3)"))`
	if got := browsertest.Eval[string](page, spoiled); got != "undefined false" {
		t.Errorf("the page's policy lets something through: %s", got)
	}
}
