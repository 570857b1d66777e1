package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/dtool-go/dtool/storage/transport"
)

// ask makes a request until there is an answer that says what it is to say, or no
// further try is worth it. What the answer says, read finds out.
func (c *Client) ask(ctx context.Context, text string, header http.Header, read func(*http.Response) (*answer, *failure)) (*answer, *failure) {
	u, err := ParseURL(text)
	if err != nil {
		return nil, &failure{message: err.Error()}
	}
	began := time.Now()
	for try := 1; ; try++ {
		a, f := c.try(ctx, u, header, try, read)
		if f == nil {
			return a, nil
		}
		f.at, f.tries = u, try
		if ctx.Err() != nil || !f.passing || try >= c.tries {
			return nil, f
		}
		c.log.LogAttrs(ctx, slog.LevelInfo, "GET is asked again after "+f.brief(), slog.String("store", shown(u)),
			slog.String("try", fmt.Sprintf("%d of %d", try+1, c.tries)), slog.Duration("waited", time.Since(began)))
		pause := min(max(transport.Pause(try, c.maxPause), f.after), c.maxPause)
		if err := transport.Sleep(ctx, pause); err != nil {
			return nil, f
		}
	}
}

var errSlow = errors.New("the answer takes too long")

// try makes a request once. Its answer is to begin in time; its body may take as
// long as it likes, as long as it moves.
func (c *Client) try(ctx context.Context, u *url.URL, header http.Header, try int, read func(*http.Response) (*answer, *failure)) (*answer, *failure) {
	ctx, cancel := context.WithCancelCause(ctx)
	slow := time.AfterFunc(c.patience, func() { cancel(errSlow) })
	a, f := c.exchange(ctx, u, header, try, read)
	if slow.Stop() && f == nil {
		a.body = cancelling{a.body, cancel}
		return a, nil
	}
	cancel(nil)
	if f == nil { // just in time, and too late to be read
		a.body.Close()
		f = &failure{passing: true, message: errSlow.Error()}
	}
	if errors.Is(context.Cause(ctx), errSlow) {
		f.message = errSlow.Error()
	}
	return nil, f
}

func (c *Client) exchange(ctx context.Context, u *url.URL, header http.Header, try int, read func(*http.Response) (*answer, *failure)) (*answer, *failure) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &failure{message: transportText(err)}
	}
	req.Header = header.Clone()
	start := time.Now()
	resp, err := c.http.Do(req)
	c.logTry(ctx, u, try, time.Since(start), resp, err)
	if err != nil {
		return nil, transportFailure(err)
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		defer resp.Body.Close()
		return nil, c.refusal(resp)
	}
	a, f := read(resp)
	if f != nil {
		f.status = resp.StatusCode
		resp.Body.Close()
	}
	return a, f
}

func (c *Client) logTry(ctx context.Context, u *url.URL, try int, took time.Duration, resp *http.Response, err error) {
	if !c.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("method", http.MethodGet), slog.String("url", shown(u)), slog.Duration("took", took)}
	if try > 1 {
		attrs = append(attrs, slog.Int("try", try))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", transportText(err)))
	} else {
		attrs = append(attrs, slog.Int("status", resp.StatusCode))
		if last := shown(resp.Request.URL); last != shown(u) {
			attrs = append(attrs, slog.String("redirected", last))
		}
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "HTTP request", attrs...)
}

// A cancelling body ends its request when it is closed.
type cancelling struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (b cancelling) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// retryAfter gives how long a server wishes to be left alone: seconds, or up to a
// time.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	const longest = 1 << 20 // seconds
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(max(0, min(seconds, longest))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, min(at.Sub(now), longest*time.Second))
	}
	return 0
}
