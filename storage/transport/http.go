// Package transport holds what the stores of a network have in common: connections that
// fail when nothing moves on them and keep to a bound on bandwidth, the pauses between
// two tries, and what is repeated of the words of others.
//
// It knows HTTP and the network, and neither what is asked for nor who answers.
package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// MaxHeader is the most bytes that the headers of an answer have together
	// (docs/format.md, section 7).
	MaxHeader = 64 << 10
	// MaxTurns is how often in a row a server may take all the time that it has
	// between two bytes, in what is not the body of an object.
	MaxTurns = 10

	dialTimeout = 10 * time.Second
)

// Options says how the connections of a store behave.
type Options struct {
	Patience time.Duration // how long a connection may rest in the middle of a request
	Idle     int           // how many connections are kept for later requests
	Pace     *Pace         // nil sets no bound
}

// Tune sets what many requests for large bodies need. Proxies and certificates stay
// as they are.
func Tune(t *http.Transport, o Options) {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	t.DialContext = dialWatched(dialer, o.Patience, o.Pace)
	t.MaxIdleConns, t.MaxIdleConnsPerHost = o.Idle, o.Idle
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(o.Idle) // connecting again takes a round trip less
	t.ReadBufferSize, t.WriteBufferSize = 16<<10, 16<<10                        // large bodies pass by them, and a connection may serve one small one
	t.MaxResponseHeaderBytes = MaxHeader
	t.ResponseHeaderTimeout = MaxTurns * o.Patience // headers that trickle
	t.OnProxyConnectResponse = proxyAnswer
	t.DisableCompression = true // bytes as they are stored
	t.ForceAttemptHTTP2 = false // one connection for all would slow them down
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
}

// proxyAnswer tells the refusal of a proxy from one of the server behind it.
func proxyAnswer(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &proxyError{proxy.Host, resp.Status}
	}
	return nil
}

type proxyError struct{ host, status string }

func (e *proxyError) Error() string { return "the proxy " + e.host + " answers " + e.status }

// IsPage tells an answer that is a page for people.
func IsPage(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), "text/html") }

// IsNear tells a host that no network lies before.
func IsNear(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
