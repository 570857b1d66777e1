package s3

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const dialTimeout = 10 * time.Second

// newHTTPClient adds to the client that the configuration gave, with its
// proxies and certificates, what many requests for large bodies need.
func newHTTPClient(base aws.HTTPClient, c Config) aws.HTTPClient {
	buildable, ok := base.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	client := buildable.WithReadTimeout(0).WithTransportOptions(func(t *http.Transport) {
		dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
		t.DialContext = dialWatched(dialer, c.Stall)
		t.MaxIdleConns, t.MaxIdleConnsPerHost = c.Connections, c.Connections
		t.ReadBufferSize, t.WriteBufferSize = 64<<10, 64<<10
		t.DisableCompression = true // bytes as they are stored
		t.ForceAttemptHTTP2 = false // one connection for all would slow them down
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP1(true)
	}).Freeze()
	if plain, ok := client.(*http.Client); ok {
		// Signatures and bodies go to the host that they were meant for.
		plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return loggingClient{client, c.Log}
}

// A watchedConn fails when it makes no progress for a while, in either direction.
type watchedConn struct {
	net.Conn
	patience time.Duration
}

func dialWatched(dialer *net.Dialer, patience time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &watchedConn{conn, patience}, nil
	}
}

// writeStep is how many bytes must have left within the time that a connection
// may rest.
const writeStep = 64 << 10

func (c *watchedConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	return n, c.explain(err)
}

// Write gives the reader, too, time anew: it waits for the answer to what is
// being sent.
func (c *watchedConn) Write(p []byte) (int, error) {
	written := 0
	for {
		if err := c.SetDeadline(time.Now().Add(c.patience)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(p[written:min(written+writeStep, len(p))])
		written += n
		if err != nil || written == len(p) {
			return written, c.explain(err)
		}
	}
}

func (c *watchedConn) explain(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &stallError{c.patience, err}
	}
	return err
}

// A stallError is a timeout, which the SDK tries again.
type stallError struct {
	patience time.Duration
	err      error
}

func (e *stallError) Error() string { return fmt.Sprintf("no progress for %v", e.patience) }
func (e *stallError) Unwrap() error { return e.err }
func (e *stallError) Timeout() bool { return true }

// A loggingClient writes down each try of each request. Headers, which hold the
// signature, and bodies are left out.
type loggingClient struct {
	next aws.HTTPClient
	log  *slog.Logger
}

func (c loggingClient) Do(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := c.next.Do(req)
	level := slog.LevelDebug
	attrs := []slog.Attr{
		slog.String("method", req.Method), slog.String("url", loggable(req.URL)),
		slog.Duration("took", time.Since(start)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", transportCause(err).Error()))
	} else {
		attrs = append(attrs, slog.Int("status", resp.StatusCode), slog.String("request", resp.Header.Get("X-Amz-Request-Id")))
	}
	if failed(resp, err) && req.Context().Err() == nil {
		level = slog.LevelInfo // it may well be tried again, and somebody waits meanwhile
	}
	c.log.LogAttrs(req.Context(), level, "S3 request", attrs...)
	return resp, err
}

func failed(resp *http.Response, err error) bool {
	return err != nil || resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests
}

// loggable gives a URL without user, and without the parameters that sign it.
func loggable(u *url.URL) string {
	query := u.Query()
	for name := range query {
		if strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			query.Del(name)
		}
	}
	shown := *u
	shown.User, shown.RawQuery = nil, query.Encode()
	return shown.String()
}
