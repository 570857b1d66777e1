package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// A Saved is a file that the browser has saved.
type Saved struct {
	Name    string
	Content []byte
}

// Save clicks what the selector names, and gives the file that the browser saves for
// that.
func (p *Page) Save(selector string) Saved {
	p.t.Helper()
	saved, err := p.save(selector, p.t.TempDir())
	if err != nil {
		p.t.Fatalf("saving %s: %v; the page says %q", selector, err, p.Complaints())
	}
	return saved
}

func (p *Page) save(selector, dir string) (Saved, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	name, ended := "", make(chan browser.DownloadProgressState, 1)
	err := chromedp.ListenBrowser(ctx, func(event any) {
		switch e := event.(type) {
		case *browser.EventDownloadWillBegin:
			name = e.SuggestedFilename
		case *browser.EventDownloadProgress:
			if e.State == browser.DownloadProgressStateInProgress {
				return
			}
			select {
			case ended <- e.State:
			default: // it was told before
			}
		}
	})
	if err != nil {
		return Saved{}, err
	}
	tell := true
	_, err = chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, EventsEnabled: &tell,
	})
	if err != nil {
		return Saved{}, err
	}
	if err := chromedp.Do(ctx, chromedp.Click(selector)); err != nil {
		return Saved{}, err
	}
	select {
	case <-ctx.Done():
		return Saved{}, ctx.Err()
	case state := <-ended:
		if state != browser.DownloadProgressStateCompleted {
			return Saved{}, fmt.Errorf("the browser says that it is %s", state)
		}
	}
	content, err := os.ReadFile(filepath.Join(dir, name))
	return Saved{name, content}, err
}
