package s3

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// checkTLS asks for the bucket as a stranger would. What comes back is an answer, were
// it a refusal.
func (d *diagnosis) checkTLS(ctx context.Context) storage.Check {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, d.url().String(), http.NoBody)
	if err != nil {
		return storage.FailedCheck(err)
	}
	client := d.api.Options().HTTPClient
	if strict, ok := client.(noPages); ok {
		client = strict.next // what answers is for the next step to say
	}
	resp, err := client.Do(req)
	if err != nil && ctx.Err() == nil { // once may be an accident
		resp, err = client.Do(req)
	}
	if err != nil {
		f := understand(err)
		return bad(f.Error(), d.unreachableHint(f))
	}
	resp.Body.Close()
	d.knocked = resp
	if resp.TLS == nil || len(resp.TLS.PeerCertificates) == 0 {
		return note("none, since the endpoint begins with http://")
	}
	return describeTLS(resp.TLS, d.bundleOrigin())
}

const certificateEndsSoon = 14 * 24 * time.Hour

// bundleOrigin says who has set a file of certificates in place of the system's.
func (d *diagnosis) bundleOrigin() string {
	for _, source := range d.sources {
		switch source := source.(type) {
		case config.EnvConfig:
			if source.CustomCABundle != "" {
				return "AWS_CA_BUNDLE"
			}
		case config.SharedConfig:
			if source.CustomCABundle != "" {
				return "ca_bundle of " + awsSource(source, "")
			}
		}
	}
	return ""
}

func describeTLS(state *tls.ConnectionState, bundle string) storage.Check {
	leaf := state.PeerCertificates[0]
	found := fmt.Sprintf("%s, certificate for %s by %s until %s", tls.VersionName(state.Version),
		transport.OneLine(strings.Join(leaf.DNSNames, ", ")), transport.OneLine(leaf.Issuer.String()), leaf.NotAfter.UTC().Format(time.DateOnly))
	if bundle != "" {
		found += ", checked with " + bundle
	}
	if time.Until(leaf.NotAfter) < certificateEndsSoon {
		return warning(found, "the certificate ends soon: tell whoever runs the store")
	}
	return storage.Good("%s", found)
}
