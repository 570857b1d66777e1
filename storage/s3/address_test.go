package s3

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// noting is a client that notes where a request would go, and does not send it.
type noting struct{ url string }

var errNotSent = errors.New("not sent")

func (n *noting) Do(r *http.Request) (*http.Response, error) {
	n.url = r.URL.Scheme + "://" + r.URL.Host + r.URL.EscapedPath()
	return nil, errNotSent
}

func TestAddressOfAnObject(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_ENDPOINT_URL", "")
	for _, test := range []struct {
		bucket, endpoint, region string
		want                     string
		addressing               Addressing
	}{
		{"bucket", "", "", "https://bucket.s3.us-east-1.amazonaws.com/a%20b/c", ""},
		{"bucket", "", "eu-north-1", "https://bucket.s3.eu-north-1.amazonaws.com/a%20b/c", ""},
		{"bucket", "https://s3.eu-north-1.amazonaws.com", "", "https://bucket.s3.eu-north-1.amazonaws.com/a%20b/c", ""},
		{"with.dots", "", "", "https://s3.us-east-1.amazonaws.com/with.dots/a%20b/c", ""},
		{"Upper_Case", "", "", "https://s3.us-east-1.amazonaws.com/Upper_Case/a%20b/c", ""},
		{"bucket", "https://ceph.example.org", "", "https://ceph.example.org/bucket/a%20b/c", ""},
		{"with.dots", "http://127.0.0.1:1/", "", "http://127.0.0.1:1/with.dots/a%20b/c", ""},
		{"bucket", "", "", "https://s3.us-east-1.amazonaws.com/bucket/a%20b/c", PathStyle},
		{"bucket", "https://ceph.example.org", "", "https://bucket.ceph.example.org/a%20b/c", VirtualHost},
		{"bucket", "https://ceph.example.org:8443/", "", "https://bucket.ceph.example.org:8443/a%20b/c", VirtualHost},
	} {
		store, err := Open(t.Context(), test.bucket, Config{
			Endpoint: test.endpoint, Region: test.region, AccessKeyID: "AKID", SecretAccessKey: "x", Addressing: test.addressing,
		})
		if err != nil {
			t.Fatal(err)
		}
		var sent noting
		_, err = store.api.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &store.bucket, Key: aws.String("a b/c")},
			func(o *s3.Options) { o.HTTPClient, o.Retryer = &sent, aws.NopRetryer{} }, inRegion(*store.region.Load()))
		if !errors.Is(err, errNotSent) {
			t.Fatal(err)
		}
		if sent.url != test.want {
			t.Errorf("%s at %q is asked at %s, want %s", test.bucket, test.endpoint, sent.url, test.want)
		}
	}
}
