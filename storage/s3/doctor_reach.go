package s3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// reachSteps lead from the settings to an answer, by the way that every request goes.
func (d *diagnosis) reachSteps() []storage.CheckStep {
	const forAll = storage.Reading
	return []storage.CheckStep{
		{Name: "endpoint", For: forAll, Run: d.checkAddress},
		{Name: "proxy", For: forAll, Needs: []string{"endpoint"}, Run: d.checkProxy},
		{Name: "name", For: forAll, Needs: []string{"proxy"}, Limit: 5 * time.Second, Run: d.checkName},
		{Name: "connection", For: forAll, Needs: []string{"name"}, Run: d.checkConnection},
		{Name: "TLS", For: forAll, Needs: []string{"connection"}, Limit: 15 * time.Second, Run: d.checkTLS},
		{Name: "answer", For: forAll, Needs: []string{"TLS"}, Run: d.checkAnswer},
		{Name: "clock", For: forAll, Needs: []string{"answer"}, Run: d.checkClock},
	}
}

// url gives where requests for the bucket go.
func (d *diagnosis) url() *url.URL {
	u, err := url.Parse(d.PublicURL(""))
	if err != nil || u.Host == "" {
		return nil
	}
	return u
}

func (d *diagnosis) checkAddress(ctx context.Context) storage.Check {
	u := d.url()
	if u == nil {
		return bad("the settings lead to no host", "check "+d.endpointSetting.Name+" and "+d.regionSetting.Name)
	}
	at := strings.TrimSuffix(u.String(), "/") + ", " + d.endpointOrigin(ctx)
	if d.api.Options().UsePathStyle {
		at += ", with the bucket in the path"
	} else {
		at += ", with the bucket in the host's name"
	}
	if u.Scheme == "http" && !transport.IsNear(u.Hostname()) {
		return warning(at, "nothing is encrypted on the way, and whoever listens reads all data: use https:// if the store has it")
	}
	return storage.Good("%s", at)
}

// endpointOrigin says who has set the endpoint.
func (d *diagnosis) endpointOrigin(ctx context.Context) string {
	if d.config.Endpoint != "" {
		return "from " + d.endpointSetting.Name
	}
	type provider interface {
		GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
	}
	for _, source := range d.sources {
		if p, ok := source.(provider); ok {
			if _, set, err := p.GetServiceBaseEndpoint(ctx, "S3"); err == nil && set {
				return "from " + awsSource(source, "AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL")
			}
		}
		if env, ok := source.(config.EnvConfig); ok && env.BaseEndpoint != "" {
			return "from AWS_ENDPOINT_URL"
		}
	}
	if d.atAWS {
		return "which is AWS, since " + d.endpointSetting.to("URL") + " is not set"
	}
	return "from the AWS configuration"
}

// awsSource names one of the places that AWS tools look at.
func awsSource(source any, variables string) string {
	switch source := source.(type) {
	case config.EnvConfig:
		return variables
	case config.SharedConfig:
		return "the AWS profile " + source.Profile
	}
	return "the AWS configuration"
}

// proxy gives the proxy that requests go through, or nil.
func (d *diagnosis) proxy() (*url.URL, error) {
	return http.ProxyFromEnvironment(&http.Request{URL: d.url()})
}

func (d *diagnosis) checkProxy(context.Context) storage.Check {
	proxy, err := d.proxy()
	switch {
	case err != nil:
		return bad("HTTP_PROXY or HTTPS_PROXY is not the URL of a proxy", "set it as http://host:port; hosts to be reached without it belong in NO_PROXY")
	case proxy == nil:
		return storage.Good("none")
	}
	return note("%s; hosts to be reached without it belong in NO_PROXY", proxy.Host)
}

// hop gives host and port that are connected to: the proxy's or the store's.
func (d *diagnosis) hop() (host, port string) {
	u := d.url()
	if proxy, err := d.proxy(); err == nil && proxy != nil {
		u = proxy
	}
	port = u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "socks5": "1080"}[u.Scheme]
	}
	if port == "" {
		port = "80"
	}
	return u.Hostname(), port
}

func (d *diagnosis) checkName(ctx context.Context) storage.Check {
	host, _ := d.hop()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return bad(fmt.Sprintf("%s: %v", host, lookupCause(err)), d.whereHint("check the endpoint for a slip; if it is right, the network or its name server is at fault, or a VPN is needed"))
	}
	if len(addresses) == 1 && addresses[0] == host {
		return storage.Good("%s is an address", host)
	}
	return storage.Good("%s is %s", host, strings.Join(addresses, ", "))
}

// lookupCause leaves out of an error what has been said: the name, and the server
// that nobody chose by hand.
func lookupCause(err error) string {
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return e.Err
	}
	return err.Error()
}

const addressesAtMost = 4 // that are tried

// checkConnection tries each address, since a client that comes upon a dead one waits.
func (d *diagnosis) checkConnection(ctx context.Context) storage.Check {
	host, port := d.hop()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return storage.FailedCheck(err)
	}
	addresses = addresses[:min(len(addresses), addressesAtMost)]
	var open, closed []string
	for _, address := range addresses {
		if err := dial(ctx, net.JoinHostPort(address, port), len(addresses)); err != nil {
			closed = append(closed, fmt.Sprintf("%s: %v", address, transportCause(err)))
		} else {
			open = append(open, address)
		}
	}
	told := "port " + port + " of " + strings.Join(open, ", ") + " is open"
	switch {
	case len(open) == 0:
		return bad("port "+port+" of "+strings.Join(closed, "; "),
			"nothing listens there, or a firewall is in between: check host and port of the endpoint")
	case len(closed) > 0:
		return warning(told+", but not of "+strings.Join(closed, "; "), "requests may be slow: tell whoever runs the store or the network")
	}
	return storage.Good("%s", told)
}

// dial connects within the share of the time that one of several addresses has.
func dial(ctx context.Context, address string, of int) error {
	dialer := &net.Dialer{Timeout: stepTime(ctx) / time.Duration(of)}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// stepTime gives most of the time that a step has left, so that it can still tell
// what took it.
func stepTime(ctx context.Context) time.Duration {
	until, _ := ctx.Deadline() // every step has one
	return time.Until(until) * 9 / 10
}

// checkAnswer looks at whether what answers may be an S3 store: its refusals have a
// name for the request, or are XML.
func (d *diagnosis) checkAnswer(context.Context) storage.Check {
	h := d.knocked.Header
	found := fmt.Sprintf("HTTP %d", d.knocked.StatusCode)
	if server := transport.OneLine(h.Get("Server")); server != "" {
		found += " from " + server
	}
	switch {
	case transport.IsPage(h):
		return bad(found+": an HTML page", wrongEndpoint)
	case d.knocked.StatusCode >= http.StatusInternalServerError:
		return warning(found, "the store or a proxy before it has a fault of its own")
	case h.Get("X-Amz-Request-Id") == "" && d.knocked.StatusCode == http.StatusBadRequest && d.speaksHTTP():
		return bad(found, "the endpoint may speak HTTPS alone: begin it with https://")
	}
	return storage.Good("%s", found)
}

// S3 refuses what was signed more than 15 minutes ago or from now. The SDK notices and
// counts by the store's clock from then on, so that whether requests pass is for the
// step of the keys to say.
const clockOff = time.Minute

func (d *diagnosis) checkClock(context.Context) storage.Check {
	theirs, err := http.ParseTime(d.knocked.Header.Get("Date"))
	if err != nil {
		return note("the store does not tell the time")
	}
	off := time.Since(theirs).Round(time.Second)
	found := fmt.Sprintf("this computer's is %v behind the store's", -off)
	if off > 0 {
		found = fmt.Sprintf("this computer's is %v ahead of the store's", off)
	}
	if off.Abs() >= clockOff {
		return warning(found, "S3 refuses requests that are 15 minutes off, and URLs that are signed here hold for a shorter or a longer time: "+
			"set the clock of this computer, by NTP at best; if it is right, that of the store is wrong")
	}
	return storage.Good("agrees with the store's, within %v", off.Abs()+time.Second)
}
