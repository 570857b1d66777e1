// Package browsertest shows pages to tests as people see them: in Chromium, without a
// window, with a profile of its own that is gone when the test ends.
//
// It knows how to find, start and stop the browser, and to ask it what it did. It
// knows nothing of what the pages are about. The browser finds this machine and no
// other, whatever a page asks it for.
package browsertest

import (
	"context"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a step may take, on a machine that has other things to do.
const patience = 2 * time.Minute

// A Browser is one that runs until the test ends.
type Browser struct {
	ctx context.Context //nolint:containedctx // chromedp has its handle of a browser in one
}

// Start starts a browser. Without one on the machine the test fails, and says what to
// install.
func Start(t testing.TB) *Browser {
	t.Helper()
	path := find(t)
	allocator, release := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options(path, t.TempDir())...)
	t.Cleanup(release) // which waits until the browser and its profile are gone
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		limited, done := context.WithTimeout(ctx, patience)
		defer done()
		if err := chromedp.Cancel(limited); err != nil {
			t.Errorf("ending the browser: %v", err)
		}
		cancel()
	})
	// The first step starts the browser, and no deadline of a step may end that.
	late := time.AfterFunc(patience, cancel)
	defer late.Stop()
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return &Browser{ctx}
}

// find gives the path of a browser.
func find(t testing.TB) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	if runtime.GOOS == "darwin" {
		names = append(names, "/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("this test needs Chromium: install it, on Debian with \"apt-get install chromium\"")
	return ""
}

// options has the browser keep to itself: it tells nobody that it was started, looks
// for nothing new, and writes into its profile and into home alone.
func options(path, home string) []chromedp.ExecAllocatorOption {
	return append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Env("HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
}
