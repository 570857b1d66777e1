package browsertest_test

import (
	"fmt"
	"image"
	"image/color"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/dtool-go/dtool/internal/browsertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBrowser opens pages, one of which does what no page of ours may do, and looks at what
// it is told of them.
func TestBrowser(t *testing.T) {
	pages := map[string]string{
		"/plain": `<!DOCTYPE html><title>plain</title><link rel="icon" href="data:,"><style>body { background: white }
			@media (prefers-color-scheme: dark) { body { background: black } } @media print { body { background: lime } }</style>
			<input id="field" autofocus><a id="item" download="named.txt" href="/item">item</a>`,
		"/loud": `<!DOCTYPE html><title>loud</title><link rel="icon" href="data:,"><img src="http://elsewhere.example/x.png">
			<script>console.log("said"); console.error("complained"); throw new Error("thrown")</script>`,
		"/item": "content\n",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		if r.URL.Path == "/item" {
			w.Header().Set("Content-Type", "application/octet-stream")
		}
		fmt.Fprint(w, page)
	}))
	defer server.Close()
	b := browsertest.Start(t)

	t.Run("a page in order", func(t *testing.T) {
		page := b.Open(t, server.URL+"/plain")
		if got := browsertest.Eval[string](page, "document.title"); got != "plain" {
			t.Errorf("the title is %q", got)
		}
		if got := page.Complaints(); len(got) > 0 {
			t.Errorf("there are complaints: %q", got)
		}
		if got := withoutData(page.Requests()); !slices.Equal(got, []string{server.URL + "/plain"}) {
			t.Errorf("it asked for %q", got)
		}
		page.Press("x")
		if got := browsertest.Eval[string](page, "field.value"); got != "x" {
			t.Errorf("a key gives %q", got)
		}
		if saved := page.Save("#item"); saved.Name != "named.txt" || string(saved.Content) != "content\n" {
			t.Errorf("it saves %q as %q", saved.Content, saved.Name)
		}
	})
	t.Run("looks", func(t *testing.T) {
		page := b.Open(t, server.URL+"/plain")
		for name, tt := range map[string]struct {
			look browsertest.Look
			want color.RGBA
		}{
			"light": {browsertest.Look{Width: 400, Height: 300}, color.RGBA{255, 255, 255, 255}},
			"dark":  {browsertest.Look{Width: 300, Height: 400, Dark: true}, color.RGBA{0, 0, 0, 255}},
			"print": {browsertest.Look{Width: 200, Height: 200, Print: true}, color.RGBA{0, 255, 0, 255}},
		} {
			picture := page.See(tt.look)
			if got := picture.Bounds().Size(); got != image.Pt(tt.look.Width, tt.look.Height) {
				t.Errorf("%s: the picture has %v", name, got)
			}
			if got := color.RGBAModel.Convert(picture.At(150, 150)); got != tt.want {
				t.Errorf("%s: the page is %v, want %v", name, got, tt.want)
			}
		}
	})
	t.Run("a page that does what it should not", func(t *testing.T) {
		page := b.Open(t, server.URL+"/loud")
		said := strings.Join(page.Complaints(), "\n")
		for _, want := range []string{`console.log: "said"`, `console.error: "complained"`, "exception: Uncaught", "ERR_NAME_NOT_RESOLVED"} {
			if !strings.Contains(said, want) {
				t.Errorf("nothing is said of %s in\n%s", want, said)
			}
		}
		if got := page.Requests(); !slices.Contains(got, "http://elsewhere.example/x.png") {
			t.Errorf("it asked for %q", got)
		}
	})
}

// withoutData leaves out what is no request to anybody.
func withoutData(urls []string) []string {
	return slices.DeleteFunc(urls, func(url string) bool { return strings.HasPrefix(url, "data:") })
}
