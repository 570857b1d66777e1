package s3_test

import (
	"context"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

const (
	scratch = "u/olssont/.dtool-doctor-1"
	marker  = "dtool-6f0e3d3e-0000-4000-8000-000000000000"
)

// A surgery is a bucket with something in it, at a store that has bad days, where
// nothing may be written but where it is allowed.
type surgery struct {
	t      *testing.T
	server *s3test.Server // without bad days
	front  *s3test.Server
	day    badday.Day
	bucket string

	mu      sync.Mutex
	trodden []string // keys that were written to without leave
}

func newSurgery(t *testing.T, server *s3test.Server) *surgery {
	t.Helper()
	isolate(t)
	s := &surgery{t: t, server: server, bucket: server.NewBucket(t)}
	s.front = s.day.Front(t, server)
	for _, key := range []string{"dtool-1", "u/olssont/1/README.yml", "u/someone/object"} {
		_, err := server.Client().PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: strings.NewReader("content of " + key)})
		if err != nil {
			t.Fatal(err)
		}
	}
	s.has(nil)
	return s
}

// has sets what the day is like.
func (s *surgery) has(plan badday.Plan) {
	s.day.Becomes(func(op, key string, r *http.Request) badday.Fault {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && op != "DeleteObjects" && key != marker && !strings.HasPrefix(key, scratch+"/") {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.trodden = append(s.trodden, r.Method+" "+r.URL.Path)
		}
		if plan == nil {
			return nil
		}
		return plan(op, key, r)
	})
}

func (s *surgery) config() s3.Config {
	return s3.Config{
		Endpoint: s.front.Endpoint, AccessKeyID: s.front.AccessKey, SecretAccessKey: s.front.SecretKey,
		EndpointSetting: s3.Setting{Name: "THE_ENDPOINT"}, KeySetting: s3.Setting{Name: "THE_KEY", Command: "set key"},
		RegionSetting: s3.Setting{Name: "THE_REGION", Command: "set region"}, MaxBackoff: time.Millisecond, Stall: 5 * time.Second,
	}
}

// diagnose gives all checks, by step, and sees to it that nothing was left behind.
func (s *surgery) diagnose(ctx context.Context, c s3.Config, o storage.DiagnoseOptions) map[string]storage.Check {
	s.t.Helper()
	o.Scratch, o.Marker, o.Listed = scratch, marker, "dtool-"
	store, err := s3.Open(ctx, s.bucket, c)
	if err != nil {
		s.t.Fatal(err)
	}
	found := map[string]storage.Check{}
	for check := range store.Diagnose(ctx, o) {
		if _, twice := found[check.Step]; twice {
			s.t.Errorf("the step %q is told twice", check.Step)
		}
		found[check.Step] = check
	}
	return found
}

// mustBeClean fails the test if anything was written without leave, or is still there
// when the store has had time for requests that were called off.
func (s *surgery) mustBeClean() {
	s.t.Helper()
	s.day.Becomes(nil)
	was := []string{"dtool-1", "u/olssont/1/README.yml", "u/someone/object"}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	diff := cmp.Diff(was, s.there())
	for n := 0; diff != "" && n < 100; n++ {
		<-tick.C
		diff = cmp.Diff(was, s.there())
	}
	if diff != "" {
		s.t.Errorf("in the bucket afterwards (-want +got):\n%s", diff)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trodden != nil {
		s.t.Errorf("written to without leave: %q", s.trodden)
	}
}

// there gives the keys of a bucket, and behind them those of unfinished uploads.
func (s *surgery) there() []string {
	s.t.Helper()
	ctx, client := context.WithoutCancel(s.t.Context()), s.server.Client()
	listed, err := client.ListObjectsV2(ctx, &awss3.ListObjectsV2Input{Bucket: &s.bucket})
	if err != nil {
		s.t.Fatal(err)
	}
	uploads, err := client.ListMultipartUploads(ctx, &awss3.ListMultipartUploadsInput{Bucket: &s.bucket})
	if err != nil {
		s.t.Fatal(err)
	}
	var keys []string
	for _, object := range listed.Contents {
		keys = append(keys, *object.Key)
	}
	for _, upload := range uploads.Uploads {
		keys = append(keys, "upload of "+*upload.Key)
	}
	return keys
}

// mustTell fails the test unless just these steps have something to be seen to, and
// say these words; of the rest of a bucket that fails, steps are skipped.
func mustTell(t *testing.T, found map[string]storage.Check, want map[string]string) {
	t.Helper()
	for step, check := range found {
		text := string(check.Status) + ": " + check.Found + " -> " + check.Hint
		status, words, listed := strings.Cut(want[step], ": ")
		switch {
		case listed:
			if string(check.Status) != status || !strings.Contains(check.Found+" -> "+check.Hint, words) {
				t.Errorf("%s is told as %q, want %q", step, text, want[step])
			}
		case check.Status == storage.Failed, check.Status == storage.Warning, len(want) == 0 && check.Status == storage.Skipped:
			t.Errorf("%s has something to be seen to: %q", step, text)
		}
	}
	for step := range want {
		if _, ok := found[step]; !ok {
			t.Errorf("nothing is told of %s", step)
		}
	}
}

// on has the requests meet a fault that ask for an operation and have a parameter,
// or none if that is empty.
func on(op, parameter string, fault badday.Fault) badday.Plan {
	return func(asked, _ string, r *http.Request) badday.Fault {
		if asked != op || parameter != "" && !r.URL.Query().Has(parameter) {
			return nil
		}
		return fault
	}
}

// when has the requests meet a fault that a function chooses.
func when(chosen func(op string, r *http.Request) bool, fault badday.Fault) badday.Plan {
	return func(op, _ string, r *http.Request) badday.Fault {
		if !chosen(op, r) {
			return nil
		}
		return fault
	}
}

func isWrite(op string, _ *http.Request) bool {
	switch op {
	case "PutObject", "CopyObject", "UploadPart", "CreateMultipartUpload", "DeleteObjects", "DeleteObject":
		return true
	}
	return false
}

func TestDiagnosisNamesWhatIsWrong(t *testing.T) {
	server := s3test.StartOwn(t)
	forbidden := badday.Refuse(403, "AccessDenied", "Access Denied")
	skewed := func(by time.Duration) badday.Fault {
		return badday.Change(func(r *badday.Reply) { r.Header.Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat)) })
	}
	for name, test := range map[string]struct {
		plan     badday.Plan
		readOnly bool
		want     map[string]string // by step: status and words; all others are well or skipped
	}{
		"nothing":                             {},
		"nothing, and only reading is wanted": {readOnly: true},
		"a store whose clock is two minutes off": {plan: badday.Always("", skewed(2*time.Minute)), want: map[string]string{
			"clock": "warning: behind the store's",
		}},
		"a store whose clock is an hour off": {plan: when(func(_ string, r *http.Request) bool {
			return r.Method == http.MethodHead && r.Header.Get("Authorization") == ""
		}, skewed(-time.Hour)), want: map[string]string{
			"clock": "warning: ahead of the store's",
		}},
		"a store that refuses requests of another time": {plan: badday.Always("ListObjectsV2", badday.Refuse(403, "RequestTimeTooSkewed", "The difference is too large.")), want: map[string]string{
			"keys": "failed: the clock of this computer is wrong",
		}},
		"pages of a proxy": {plan: badday.Always("", badday.Page(200)), want: map[string]string{
			"answer": "failed: HTML page", "keys": "skipped: needs answer", "write": "skipped: needs bucket",
		}},
		"a store that hangs up": {plan: badday.Always("", badday.HangUp()), want: map[string]string{
			"TLS": "failed: check the network",
		}},
		"an expired session": {plan: badday.Always("ListObjectsV2", badday.Refuse(400, "ExpiredToken", "The provided token has expired.")), want: map[string]string{
			"keys": "failed: sign in again", "public listing": "skipped: needs bucket",
		}},
		"a store that asks for patience": {plan: badday.Always("ListObjectsV2", badday.Refuse(503, "SlowDown", "Please reduce your request rate.")), want: map[string]string{
			"keys": "failed: try again later",
		}},
		"no right to list": {plan: when(func(op string, r *http.Request) bool {
			return op == "ListObjectsV2" && r.URL.Query().Has("list-type")
		}, forbidden), want: map[string]string{
			"list": "failed: s3:ListBucket", "pages": "skipped: needs list", "write": "ok: 52 bytes",
		}},
		"no right to list, and only reading is wanted": {readOnly: true, plan: on("ListObjectsV2", "list-type", forbidden), want: map[string]string{
			"list": "failed: s3:ListBucket", "read": "skipped: needs list: what could be read is not known",
		}},
		"no right to write": {plan: when(isWrite, forbidden), want: map[string]string{
			"write": "failed: s3:PutObject", "registration": "failed: s3:PutObject", "read": "ok: 18 bytes", "metadata": "skipped: needs write",
		}},
		"no right to write registrations": {plan: func(_, key string, r *http.Request) badday.Fault {
			if key == marker && r.Method == http.MethodPut {
				return forbidden
			}
			return nil
		}, want: map[string]string{"registration": "failed: s3:PutObject"}},
		"no right to read": {plan: on("GetObject", "", forbidden), want: map[string]string{
			"read": "failed: s3:GetObject", "overwrite": "skipped: needs read",
		}},
		"lost metadata": {plan: badday.Always("HeadObject", badday.Drop("X-Amz-Meta-")), want: map[string]string{
			"metadata": "failed: is lost",
		}},
		"altered content": {plan: badday.Always("GetObject", badday.Alter()), want: map[string]string{
			"read": "failed: not what is read",
		}},
		"a Content-MD5 that nobody compares": {plan: when(func(op string, r *http.Request) bool {
			return op == "PutObject" && strings.HasSuffix(r.URL.Path, "/altered")
		}, badday.Answer(200, "", `ETag: "e1"`)), want: map[string]string{
			"altered bodies": "warning: Content-MD5 is wrong",
		}},
		"a listing that lacks what was written": {plan: when(func(_ string, r *http.Request) bool {
			return r.URL.Query().Has("continuation-token")
		}, badday.Answer(200, "<ListBucketResult><Name>b</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>")), want: map[string]string{
			"pages": "failed: cannot be relied on",
		}},
		"a listing that repeats its token": {plan: on("ListObjectsV2", "max-keys", badday.Change(func(r *badday.Reply) {
			r.Body = []byte("<ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>")
		})), want: map[string]string{
			"pages": "failed: does not say where",
		}},
		"no conditions": {plan: when(func(op string, r *http.Request) bool {
			return op == "GetObject" && strings.HasPrefix(r.Header.Get("If-Match"), `"000000`)
		}, badday.Answer(200, "content", `ETag: "e1"`)), want: map[string]string{"conditions": "warning: on the condition"}},
		"a proxy that takes no large bodies": {plan: when(func(op string, r *http.Request) bool {
			return op == "UploadPart" && r.ContentLength > 1<<20
		}, badday.Page(413)), want: map[string]string{
			"parts": "failed: client_max_body_size", "part limit": "skipped: needs parts",
		}},
		"at most a thousand parts": {plan: when(func(_ string, r *http.Request) bool {
			return r.URL.Query().Get("partNumber") == "10000"
		}, badday.Refuse(400, "InvalidArgument", "Part number must be an integer between 1 and 1000")), want: map[string]string{
			"part limit": "warning: 1,000 parts",
		}},
		"no right to look for uploads": {plan: on("ListMultipartUploads", "", forbidden), want: map[string]string{
			"unfinished uploads": "info: (s3:ListBucketMultipartUploads): a copy that was interrupted in a large item sends all of it again",
		}},
		"no right to call off uploads": {plan: on("AbortMultipartUpload", "", forbidden), want: map[string]string{
			"unfinished uploads": "info: may not be called off (s3:AbortMultipartUpload): parts that interrupted work leaves stay",
		}},
		"no right to look for uploads, nor to call them off": {plan: when(func(op string, _ *http.Request) bool {
			return op == "ListMultipartUploads" || op == "AbortMultipartUpload"
		}, forbidden), want: map[string]string{
			"unfinished uploads": "info: sends all of it again; may not be called off (s3:AbortMultipartUpload)",
		}},
		"uploads that cannot be called off": {plan: on("AbortMultipartUpload", "", badday.Refuse(501, "NotImplemented", "no")), want: map[string]string{
			"unfinished uploads": "warning: parts that interrupted work leaves stay",
		}},
		"no copying": {plan: on("CopyObject", "", badday.Refuse(501, "NotImplemented", "A header is not implemented.")), want: map[string]string{
			"copy": "warning: passes through this computer",
		}},
		"no newer checksums": {plan: when(func(op string, r *http.Request) bool {
			return op == "PutObject" && r.Header.Get("X-Amz-Checksum-Crc32c") != ""
		}, badday.Refuse(400, "InvalidRequest", "Unsupported header.")), want: map[string]string{
			"checksums": "info: is refused",
		}},
		"other ETags": {plan: on("PutObject", "", badday.Change(func(r *badday.Reply) { r.Header.Set("Etag", `"5d41402abc4b2a76b9719d911017c592-1"`) })), want: map[string]string{
			"ETag": "info: not the MD5", "copy": "warning: ",
		}},
		"ACLs that are turned off": {plan: on("PutObjectAcl", "", badday.Refuse(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")), want: map[string]string{
			"ACL": "info: ACLs are turned off",
		}},
		"no right to set ACLs": {plan: on("PutObjectAcl", "", forbidden), want: map[string]string{
			"ACL": "warning: s3:PutObjectAcl",
		}},
		"ACLs that do nothing": {plan: on("PutObjectAcl", "", badday.Answer(200, "")), want: map[string]string{
			"ACL": "warning: does not make an object public",
		}},
		"no deleting of many": {plan: on("DeleteObjects", "", badday.Refuse(501, "NotImplemented", "no")), want: map[string]string{
			"delete": "warning: one by one",
		}},
		"a bucket for all to see": {plan: when(func(_ string, r *http.Request) bool {
			return r.Method == http.MethodGet && r.Header.Get("Authorization") == ""
		}, badday.Answer(200, "")), want: map[string]string{
			"public": "info: everybody can read", "public listing": "warning: everybody can list",
		}},
		"no right to see the policy": {plan: on("GetBucketPolicy", "", forbidden), want: map[string]string{
			"policy": "info: may not read it",
		}},
		"versions": {plan: on("ListObjectsV2", "versioning", badday.Answer(200, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")), want: map[string]string{
			"versions": "info: older versions",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSurgery(t, server)
			s.has(test.plan)
			mustTell(t, s.diagnose(t.Context(), s.config(), storage.DiagnoseOptions{ReadOnly: test.readOnly}), test.want)
			ops, _ := s.day.Requests()
			if most := 80; len(ops) > most {
				t.Errorf("%d requests", len(ops))
			}
			s.mustBeClean()
		})
	}
}

// TestDiagnosisOfSettings has a store that is well, and settings that are not.
func TestDiagnosisOfSettings(t *testing.T) {
	server := s3test.StartOwn(t)
	secure := secureServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	for name, test := range map[string]struct {
		change func(s *surgery, c *s3.Config)
		want   map[string]string
	}{
		"an access key that nobody knows": {func(_ *surgery, c *s3.Config) { c.AccessKeyID = "nobody" }, map[string]string{
			"keys": "failed: does not know this access key ID", "write": "skipped: needs bucket",
		}},
		"a wrong secret key": {func(_ *surgery, c *s3.Config) { c.SecretAccessKey = "sesame" }, map[string]string{
			"keys": "failed: the secret access key is most likely wrong",
		}},
		"no keys": {func(_ *surgery, c *s3.Config) { c.AccessKeyID, c.SecretAccessKey = "", "" }, map[string]string{
			"credentials": "warning: set THE_KEY", "keys": "info: not used", "list": "failed: set THE_KEY", "write": "failed: set THE_KEY", "registration": "failed: set THE_KEY",
		}},
		"a bucket that is not there": {func(s *surgery, _ *s3.Config) { s.bucket = "nowhere" }, map[string]string{
			"bucket": "failed: check the name of the bucket", "list": "skipped: needs bucket",
		}},
		"another region": {func(_ *surgery, c *s3.Config) { c.Region = "eu-north-1" }, map[string]string{
			"region": "info: set THE_REGION (set region us-east-1), which spares a request",
		}},
		"a port where nothing listens": {func(_ *surgery, c *s3.Config) { c.Endpoint = "http://127.0.0.1:1" }, map[string]string{
			"connection": "failed: check host and port", "TLS": "skipped: needs connection",
		}},
		"a host that does not exist": {func(_ *surgery, c *s3.Config) { c.Endpoint = "http://nowhere.invalid" }, map[string]string{
			"endpoint": "warning: nothing is encrypted", "name": "failed: check the endpoint for a slip", "connection": "skipped: needs name",
		}},
		"https where http is spoken": {func(_ *surgery, c *s3.Config) { c.Endpoint = strings.Replace(c.Endpoint, "http:", "https:", 1) }, map[string]string{
			"TLS": "failed: begin it with http://",
		}},
		"http where https is spoken": {func(_ *surgery, c *s3.Config) { c.Endpoint = strings.Replace(secure.URL, "https:", "http:", 1) }, map[string]string{
			"answer": "failed: begin it with https://",
		}},
		"a certificate of an unknown authority": {func(_ *surgery, c *s3.Config) { c.Endpoint = secure.URL }, map[string]string{
			"TLS": "failed: set AWS_CA_BUNDLE",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSurgery(t, server)
			c := s.config()
			bucket := s.bucket
			test.change(s, &c)
			found := s.diagnose(t.Context(), c, storage.DiagnoseOptions{})
			mustTell(t, found, test.want)
			for step, check := range found {
				if strings.Contains(check.Found+check.Hint, server.SecretKey) || strings.Contains(check.Found+check.Hint, "sesame") {
					t.Errorf("%s tells the secret key", step)
				}
			}
			s.bucket = bucket
			s.mustBeClean()
		})
	}
}

// secureServer starts a server with a certificate that nobody knows. Clients that do
// not trust it are no reason to say anything.
func secureServer(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// TestDiagnosisOverTLS has a proxy with a certificate of its own before the store.
func TestDiagnosisOverTLS(t *testing.T) {
	s := newSurgery(t, s3test.StartOwn(t))
	upstream, err := url.Parse(s.front.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	secure := secureServer(t, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(upstream)
		r.Out.Host = r.In.Host
	}})
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(bundle, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", bundle)
	c := s.config()
	c.Endpoint = secure.URL
	found := s.diagnose(t.Context(), c, storage.DiagnoseOptions{})
	mustTell(t, found, map[string]string{"TLS": "ok: certificate for example.com"})
	if !strings.Contains(found["TLS"].Found, "checked with AWS_CA_BUNDLE") {
		t.Errorf("TLS is told as %q", found["TLS"].Found)
	}
	c.Endpoint = strings.Replace(secure.URL, "127.0.0.1", "localhost", 1)
	mustTell(t, s.diagnose(t.Context(), c, storage.DiagnoseOptions{}), map[string]string{"TLS": "failed: the certificate is for another host"})
	s.mustBeClean()
}

// TestDiagnosisNamesWhatItLeaves has a store where nothing can be removed.
func TestDiagnosisNamesWhatItLeaves(t *testing.T) {
	s := newSurgery(t, s3test.StartOwn(t))
	forbidden := badday.Refuse(403, "AccessDenied", "Access Denied")
	s.has(when(func(op string, _ *http.Request) bool {
		return strings.HasPrefix(op, "Delete") || op == "AbortMultipartUpload"
	}, forbidden))
	found := s.diagnose(t.Context(), s.config(), storage.DiagnoseOptions{})
	mustTell(t, found, map[string]string{
		"registration": "warning: left behind: " + marker, "delete": "warning: " + scratch + "/object", "unfinished uploads": "info: (s3:AbortMultipartUpload)",
	})
	told := found["registration"].Found + found["delete"].Found
	if strings.Contains(told, "parts of an upload") {
		t.Errorf("what is an object now is named as an upload: %s", told)
	}
	for _, key := range s.there() {
		if (key == marker || strings.HasPrefix(key, scratch)) && !strings.Contains(told, key) {
			t.Errorf("%s is left, and not named", key)
		}
	}
}

// TestDiagnosisNamesUnfinishedUploads has a store where an upload cannot be ended, and
// everything else be removed.
func TestDiagnosisNamesUnfinishedUploads(t *testing.T) {
	s := newSurgery(t, s3test.StartOwn(t))
	s.has(when(func(op string, r *http.Request) bool {
		return op == "AbortMultipartUpload" || op == "CompleteMultipartUpload" && strings.HasSuffix(r.URL.Path, "/limit")
	}, badday.Refuse(403, "AccessDenied", "Access Denied")))
	found := s.diagnose(t.Context(), s.config(), storage.DiagnoseOptions{})
	const left = scratch + "/limit (parts of an upload)"
	mustTell(t, found, map[string]string{"unfinished uploads": "warning: ; left behind: " + left + " -> "})
	if diff := cmp.Diff([]string{"upload of " + scratch + "/limit"}, slices.DeleteFunc(s.there(), func(key string) bool {
		return !strings.Contains(key, scratch)
	})); diff != "" {
		t.Errorf("in the bucket afterwards (-want +got):\n%s", diff)
	}
}

// TestDiagnosisThatIsCalledOff ends soon after, whichever step it is at, and leaves
// nothing; so does one whose listener leaves.
func TestDiagnosisThatIsCalledOff(t *testing.T) {
	server := s3test.StartOwn(t)
	probe := newSurgery(t, server)
	probe.diagnose(t.Context(), probe.config(), storage.DiagnoseOptions{})
	ops, _ := probe.day.Requests()
	for n := 0; n < len(ops); n += 4 {
		s := newSurgery(t, server)
		ctx, cancel := context.WithCancel(t.Context())
		left := n
		s.has(func(string, string, *http.Request) badday.Fault {
			if left--; left == 0 {
				cancel()
			}
			return nil
		})
		s.diagnose(ctx, s.config(), storage.DiagnoseOptions{})
		cancel()
		s.mustBeClean()
	}
	s := newSurgery(t, server)
	store, err := s3.Open(t.Context(), s.bucket, s.config())
	if err != nil {
		t.Fatal(err)
	}
	for check := range store.Diagnose(t.Context(), storage.DiagnoseOptions{Scratch: scratch, Marker: marker}) {
		if check.Step == "unfinished uploads" {
			break
		}
	}
	s.mustBeClean()
}

// TestDiagnosisOfASilentStore has an end, and says where it got stuck.
func TestDiagnosisOfASilentStore(t *testing.T) {
	server := s3test.StartOwn(t)
	for name, test := range map[string]struct {
		plan badday.Plan
		want map[string]string
	}{
		"that says nothing at all": {badday.Always("", badday.StallRequest()), map[string]string{"TLS": "failed: no progress", "keys": "skipped: needs answer"}},
		"that says nothing of what is written": {when(isWrite, badday.StallRequest()), map[string]string{
			"write": "failed: no progress", "registration": "failed: no progress", "tidying up": "warning: left behind", "read": "ok: 18 bytes",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSurgery(t, server)
			s.has(test.plan)
			c := s.config()
			c.Stall = 100 * time.Millisecond
			mustTell(t, s.diagnose(t.Context(), c, storage.DiagnoseOptions{}), test.want)
			s.mustBeClean()
		})
	}
}
