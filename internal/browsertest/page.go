package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A Page is a tab of its own, and what has happened in it.
type Page struct {
	t   testing.TB
	ctx context.Context //nolint:containedctx // chromedp has its handle of a tab in one

	mu         sync.Mutex
	requests   []string
	complaints []string
}

// Open opens a URL and waits until all of the page is there.
func (b *Browser) Open(t testing.TB, url string) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, p.note); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	do(p, "opening the page", chromedp.Navigate(url))
	return p
}

// note keeps what the browser tells of a page.
func (p *Page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *runtime.EventConsoleAPICalled:
		for _, arg := range e.Args {
			p.complaints = append(p.complaints, fmt.Sprintf("console.%s: %s", e.Type, arg.Value))
		}
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, "exception: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		p.complaints = append(p.complaints, fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text))
	case *page.EventJavascriptDialogOpening:
		p.complaints = append(p.complaints, "dialog: "+e.Message)
	}
}

// Requests gives the URLs that the browser was asked for by the page, its own first.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Complaints gives what the console says, what scripts threw, which dialogues opened,
// and what the browser refused to do.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.complaints)
}

// Eval gives the value of an expression of JavaScript, which comes from the test and
// is not held to the policy of the page. If that is a promise, it is what comes of it.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	return do(p, expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Press presses the key of a character, the tabulator being one.
func (p *Page) Press(key string) {
	p.t.Helper()
	do(p, "pressing a key", chromedp.KeyEvent(key))
}

// A Look is how a page is looked at.
type Look struct {
	Width, Height int // pixels of CSS
	Dark          bool
	Print         bool
}

// See lays the page out for a look and gives a picture of what is in view.
func (p *Page) See(look Look) image.Image {
	p.t.Helper()
	do(p, "setting the size of the view", chromedp.EmulateViewport(int64(look.Width), int64(look.Height)))
	scheme, media := "light", "screen"
	if look.Dark {
		scheme = "dark"
	}
	if look.Print {
		media = "print"
	}
	do(p, "setting how it is looked at", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
	picture, err := png.Decode(bytes.NewReader(do(p, "taking a picture", chromedp.CaptureScreenshot())))
	if err != nil {
		p.t.Fatalf("the picture: %v", err)
	}
	return picture
}

// do does one step, and ends the test if it fails.
func do[T any](p *Page, what string, step chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, step)
	if err != nil {
		p.t.Fatalf("%s: %v; the page says %q", what, err, p.Complaints())
	}
	return value
}
