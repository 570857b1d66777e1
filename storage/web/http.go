package web

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/dtool-go/dtool/storage/transport"
)

const (
	maxRedirects    = 10
	idleConnections = 64
	idleTimeout     = 90 * time.Second
	tlsTimeout      = 10 * time.Second
)

// newHTTPClient makes the client of a Client: proxies and the certificates of the
// system are those that the environment of the process names.
func newHTTPClient(o Options) (*http.Client, error) {
	roots, err := rootsWith(o.CABundle)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout: tlsTimeout,
		IdleConnTimeout:     idleTimeout,
	}
	transport.Tune(t, transport.Options{Patience: o.Stall, Idle: max(idleConnections, 2*o.Requests), Pace: o.Pace})
	return &http.Client{Transport: t, CheckRedirect: checkRedirect}, nil
}

// rootsWith gives the certificates of the system and those of a bundle, or nil where
// the system's are enough.
func rootsWith(bundle string) (*x509.CertPool, error) {
	if bundle == "" {
		return nil, nil
	}
	text, err := os.ReadFile(bundle)
	if err != nil {
		return nil, fmt.Errorf("reading the bundle of certificates: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("the bundle of certificates %s has none in PEM", bundle)
	}
	return roots, nil
}

// checkRedirect judges where a server sends a request on. The next server is not
// told where it came from, since that URL may be signed.
func checkRedirect(req *http.Request, via []*http.Request) error {
	req.Header.Del("Referer")
	req.URL.Fragment, req.URL.RawFragment = "", ""
	if len(via) > maxRedirects {
		return redirectError(fmt.Sprintf("the server redirects more than %d times", maxRedirects))
	}
	if err := checkURL(req.URL); err != nil {
		return redirectError("the server redirects to what cannot be asked for: " + err.Error())
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return redirectError("the server redirects from https to http, where anybody could read along and alter what comes")
	}
	return nil
}

// A redirectError says why a redirect is not followed. Another try would lead to the
// same place.
type redirectError string

func (e redirectError) Error() string { return string(e) }

func isRedirect(err error) bool {
	_, ok := errors.AsType[redirectError](err)
	return ok
}
