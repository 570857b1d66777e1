package dtool_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

// onS3 makes a dataset in a bucket of a server of its own, with a prefix.
func onS3(t *testing.T, prefix string) (*dtool.Dataset, site, *world) {
	t.Helper()
	at := bucketOn(t, s3test.StartOwn(t)).withPrefix(prefix)
	w := newWorld(t, at.environ...)
	return w.documented(at.uri), at, w
}

// TestSignedDatasetOfARealServer is read by whoever has its access URL, byte for byte,
// with nothing but an HTTP client; without the signature nothing is.
func TestSignedDatasetOfARealServer(t *testing.T) {
	for _, prefix := range []string{"", "u/olssont/", "ü &#%+= x/"} {
		t.Run(prefix, func(t *testing.T) {
			d, _, w := onS3(t, prefix)
			result, err := d.Publish(t.Context(), dtool.PublishOptions{Expires: time.Hour, Page: true})
			must(t, err)
			items, h := readAll(t, result.AccessURL)
			if diff := cmp.Diff(seedling(), items); diff != "" {
				t.Errorf("items differ (-want +got):\n%s", diff)
			}
			if page := string(mustFetch(t, result.PageURL)); !strings.Contains(page, "seedlings") {
				t.Errorf("the page is %q", page)
			}
			for _, signed := range []string{manifestURL(result.AccessURL), h.README, h.Manifest, h.Overlays["kind.of.file"]} {
				plain, _, _ := strings.Cut(signed, "?")
				if status, _ := fetch(t, plain); status != http.StatusForbidden {
					t.Errorf("%s answers %d without a signature", plain, status)
				}
			}
			opened, err := w.OpenFrozen(t.Context(), result.AccessURL)
			must(t, err)
			if report, err := opened.Verify(t.Context(), dtool.VerifyOptions{Full: true}); err != nil || !report.Good() {
				t.Errorf("verified where it is published: %+v, %v", report, err)
			}
			withdrawal, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
			must(t, err)
			if status, _ := fetch(t, manifestURL(result.AccessURL)); status != http.StatusNotFound || withdrawal.Signed.IsZero() {
				t.Errorf("after taking it back, http_manifest.json answers %d, and said is %+v", status, withdrawal)
			}
		})
	}
}

// TestRealServerWithoutACLs refuses to publish, and all is as it was.
func TestRealServerWithoutACLs(t *testing.T) {
	d, at, _ := onS3(t, "")
	before := at.keys(t, "")
	_, err := d.Publish(t.Context(), dtool.PublishOptions{})
	wantError(t, err, storage.ErrNoACLs, "is not published", "PutObjectAcl")
	if diff := cmp.Diff(before, at.keys(t, "")); diff != "" {
		t.Errorf("keys differ (-before +after):\n%s", diff)
	}
}

const theirPolicy = `{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::BUCKET/theirs/*"]}]}`

// TestPolicyOfARealServer lets everybody read the dataset and nothing else, beside what it
// said before.
func TestPolicyOfARealServer(t *testing.T) {
	for _, prefix := range []string{"", "u/olssont/"} {
		t.Run(prefix, func(t *testing.T) {
			d, at, w := onS3(t, prefix)
			other := w.frozen(at.uri, "others", seedling())
			keeper := at.store.(*s3.Store)
			theirs := strings.ReplaceAll(theirPolicy, "BUCKET", at.bucket)
			must(t, keeper.SetPolicy(t.Context(), []byte(theirs)))
			at.put(t, "theirs/a.txt", "theirs", nil)

			result, err := d.Publish(t.Context(), dtool.PublishOptions{Policy: true})
			must(t, err)
			items, _ := readAll(t, result.AccessURL)
			if diff := cmp.Diff(seedling(), items); diff != "" {
				t.Errorf("items differ (-want +got):\n%s", diff)
			}
			top := prefix + d.UUID() + "/"
			for _, key := range at.keys(t, "") {
				status, _ := fetch(t, keeper.PublicURL(key))
				isPart := strings.HasPrefix(key, top) && !strings.HasPrefix(key, top+"README.yml-") && key != top+"publish.json"
				want := http.StatusForbidden
				if isPart || key == "theirs/a.txt" {
					want = http.StatusOK
				}
				if status != want {
					t.Errorf("%s answers %d, want %d", key, status, want)
				}
			}
			state, err := d.Published(t.Context(), dtool.PublishedOptions{})
			must(t, err)
			if !state.Whole() {
				t.Errorf("published is %+v", state)
			}
			if state, err := other.Published(t.Context(), dtool.PublishedOptions{}); err != nil || !state.Nothing() {
				t.Errorf("of another dataset %+v is published, %v", state, err)
			}

			withdrawal, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
			must(t, err)
			if !withdrawal.Statement || withdrawal.Readable != nil {
				t.Errorf("taken back: %+v", withdrawal)
			}
			policy, err := keeper.Policy(t.Context())
			must(t, err)
			if !strings.Contains(string(policy), strings.TrimSuffix(strings.SplitAfter(theirs, `"Statement":[`)[1], "]}")) {
				t.Errorf("the policy of others has changed: %s", policy)
			}
			mustFetch(t, keeper.PublicURL("theirs/a.txt"))
		})
	}
}

// TestPublicURLOfAWebServer before a bucket that is public to it alone.
func TestPublicURLOfAWebServer(t *testing.T) {
	d, at, w := onS3(t, "u/olssont/")
	keeper := at.store.(*s3.Store)
	must(t, keeper.SetPolicy(t.Context(), []byte(strings.NewReplacer("BUCKET", at.bucket, "/theirs/*", "/*").Replace(theirPolicy))))
	upstream, err := url.Parse(at.server.Endpoint)
	must(t, err)
	transport := &http.Transport{}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(upstream)
		r.Out.URL.Path = path.Join("/"+at.bucket, strings.TrimPrefix(r.In.URL.Path, "/data"))
	}})
	t.Cleanup(func() {
		proxy.CloseClientConnections()
		proxy.Close()
		transport.CloseIdleConnections()
	})
	_, err = d.Publish(t.Context(), dtool.PublishOptions{PublicURL: proxy.URL + "/elsewhere"})
	if failed, ok := errors.AsType[*dtool.PublishError](err); !ok || !failed.Closed {
		t.Errorf("at a wrong URL: %v", err)
	}
	result, err := d.Publish(t.Context(), dtool.PublishOptions{PublicURL: proxy.URL + "/data/"})
	must(t, err)
	if want := proxy.URL + "/data/u/olssont/" + d.UUID(); result.AccessURL != want {
		t.Errorf("published at %s, want %s", result.AccessURL, want)
	}
	items, _ := readAll(t, result.AccessURL)
	if diff := cmp.Diff(seedling(), items); diff != "" {
		t.Errorf("items differ (-want +got):\n%s", diff)
	}
	opened, err := w.OpenFrozen(t.Context(), result.AccessURL)
	must(t, err)
	if report, err := opened.Verify(t.Context(), dtool.VerifyOptions{Full: true}); err != nil || !report.Good() {
		t.Errorf("verified where it is published: %+v, %v", report, err)
	}
	withdrawal, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	if len(withdrawal.Readable) == 0 {
		t.Errorf("that the bucket is public is not said: %+v", withdrawal)
	}
}
