package s3

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/dtool-go/dtool/storage/transport"
)

// newHTTPClient adds to the client that the configuration gave, with its
// proxies and certificates, what many requests for large bodies need.
func newHTTPClient(base aws.HTTPClient, c Config) aws.HTTPClient {
	buildable, ok := base.(*awshttp.BuildableClient)
	if !ok {
		buildable = awshttp.NewBuildableClient()
	}
	client := buildable.WithReadTimeout(0).WithTransportOptions(func(t *http.Transport) {
		transport.Tune(t, transport.Options{Patience: c.Stall, Idle: c.Connections, Pace: c.Limits.pace})
	}).Freeze()
	if plain, ok := client.(*http.Client); ok {
		// Signatures and bodies go to the host that they were meant for.
		plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if c.transport != nil {
			plain.Transport = c.transport
		}
	}
	return noPages{loggingClient{boundedAnswers{plainBodies{client}, transport.MaxTurns * c.Stall}, c.Log}}
}

// noPages takes a page for people, with which a proxy or a web server answers, for
// no answer at all, whatever its status. An object may well be such a page.
type noPages struct{ next aws.HTTPClient }

func (c noPages) Do(req *http.Request) (*http.Response, error) {
	resp, err := c.next.Do(req)
	if err != nil || resp.StatusCode/100 != 2 || !transport.IsPage(resp.Header) {
		return resp, err
	}
	op := awsmiddleware.GetOperationName(req.Context())
	if described := resp.Header.Get("ETag")+resp.Header.Get("Last-Modified") != ""; described && (op == "GetObject" || op == "HeadObject") {
		return resp, nil
	}
	resp.Body.Close()
	return nil, errPage{resp.StatusCode}
}

// errPage is a page where an answer should be, with its status.
type errPage struct{ status int }

func (errPage) Error() string { return "the answer is an HTML page and not one of S3" }

// A loggingClient writes down each try of each request. Headers, which hold the
// signature, and bodies are left out.
type loggingClient struct {
	next aws.HTTPClient
	log  *slog.Logger
}

func (c loggingClient) Do(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := c.next.Do(req)
	if !c.log.Enabled(req.Context(), slog.LevelDebug) {
		return resp, err
	}
	attrs := []slog.Attr{
		slog.String("method", req.Method), slog.String("url", loggable(req.URL)),
		slog.Duration("took", time.Since(start)),
	}
	if try, again := tryOf(req); again {
		attrs = append(attrs, slog.String("try", try))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", transport.WithoutUsers(transportCause(err).Error())))
	} else {
		attrs = append(attrs, slog.Int("status", resp.StatusCode), slog.String("request", resp.Header.Get("X-Amz-Request-Id")))
	}
	c.log.LogAttrs(req.Context(), slog.LevelDebug, "S3 request", attrs...)
	return resp, err
}

// tryOf gives the number of a try of a request, which the SDK says in a header, and
// whether it is not the first.
func tryOf(req *http.Request) (try string, again bool) {
	said, _, _ := strings.Cut(req.Header.Get("Amz-Sdk-Request"), ";")
	try, ok := strings.CutPrefix(said, "attempt=")
	return try, ok && try != "1"
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
