package s3_test

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	isolate(t)
	for name, test := range map[string]struct {
		bucket string
		c      s3.Config
		want   string
	}{
		"no bucket":                {"", s3.Config{}, "bucket"},
		"a path for a bucket":      {"bucket/path", s3.Config{}, "bucket"},
		"endpoint without scheme":  {"b", s3.Config{Endpoint: "s3.example.org"}, "endpoint"},
		"endpoint of another kind": {"b", s3.Config{Endpoint: "ftp://s3.example.org"}, "endpoint"},
		"endpoint with a password": {"b", s3.Config{Endpoint: "https://user:hidden@s3.example.org"}, "endpoint"},
		"half of the keys":         {"b", s3.Config{AccessKeyID: "AKID"}, "secret access key"},
		"the other half":           {"b", s3.Config{SecretAccessKey: "hidden"}, "access key ID"},
	} {
		_, err := s3.Open(t.Context(), test.bucket, test.c)
		var e *storage.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestStoreSaysWhereItIs(t *testing.T) {
	isolate(t)
	keys := s3.Config{AccessKeyID: "AKID", SecretAccessKey: "hidden"}
	for endpoint, want := range map[string]string{
		"":                                      "s3://bucket at AWS",
		"https://s3.amazonaws.com":              "s3://bucket at AWS",
		"https://s3.eu-north-1.amazonaws.com":   "s3://bucket at AWS",
		"https://ceph.example.org:7480/":        "s3://bucket at https://ceph.example.org:7480",
		"http://127.0.0.1:9000/under/some/path": "s3://bucket at http://127.0.0.1:9000/under/some/path",
	} {
		keys.Endpoint = endpoint
		store, err := s3.Open(t.Context(), "bucket", keys)
		if err != nil {
			t.Fatal(err)
		}
		if store.String() != want {
			t.Errorf("with the endpoint %q the store is %q, want %q", endpoint, store, want)
		}
	}
}

func TestWhatIsMissingComesFromTheAWSConfiguration(t *testing.T) {
	s := play(t, content("content"), content("content"))
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config"), "[profile work]\nregion = eu-north-1\n")
	write(t, filepath.Join(dir, "credentials"), "[work]\naws_access_key_id = WORKID\naws_secret_access_key = x\n")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	t.Setenv("AWS_PROFILE", "work")
	t.Run("keys and region", func(t *testing.T) {
		checkGet(t, s3.Config{Endpoint: s.server.URL})
		if auth := s.request(0).Header.Get("Authorization"); !strings.Contains(auth, "=WORKID/") || !strings.Contains(auth, "/eu-north-1/") {
			t.Errorf("signed %q", auth)
		}
	})
	t.Run("endpoint", func(t *testing.T) {
		t.Setenv("AWS_ENDPOINT_URL", s.server.URL)
		checkGet(t, s3.Config{AccessKeyID: "OWNID", SecretAccessKey: "x"})
		if auth := s.request(1).Header.Get("Authorization"); !strings.Contains(auth, "=OWNID/") || s.request(1).URL.Path != "/bucket/dir/key" {
			t.Errorf("asked for %s, signed %q", s.request(1).URL, auth)
		}
	})
}

func checkGet(t *testing.T, c s3.Config) {
	t.Helper()
	store, err := s3.Open(t.Context(), "bucket", c)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := get(t.Context(), store, storage.Range{}); err != nil || got != "content" {
		t.Fatalf("read %q, %v", got, err)
	}
}

func TestWithoutCredentialsRequestsAreNotSigned(t *testing.T) {
	s := play(t, content("content"), refusal(403, "AccessDenied", "No."))
	store, err := s3.Open(t.Context(), "bucket", s3.Config{Endpoint: s.server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := get(t.Context(), store, storage.Range{}); err != nil || got != "content" {
		t.Errorf("read %q, %v", got, err)
	}
	err = put(t.Context(), store, "content")
	var e *storage.Error
	if !errors.As(err, &e) || e.Kind != storage.ErrForbidden || !strings.Contains(e.Hint, "no credentials") {
		t.Errorf("got %v", err)
	}
	for n := range 2 {
		if auth := s.request(n).Header.Get("Authorization"); auth != "" {
			t.Errorf("request %d is signed %q", n, auth)
		}
	}
}

func TestCredentialsThatFailAreAnError(t *testing.T) {
	s := play(t)
	config := filepath.Join(t.TempDir(), "config")
	write(t, config, "[default]\ncredential_process = /bin/false\n")
	t.Setenv("AWS_CONFIG_FILE", config)
	store, err := s3.Open(t.Context(), "bucket", s3.Config{Endpoint: s.server.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = get(t.Context(), store, storage.Range{})
	var e *storage.Error
	if !errors.As(err, &e) || e.Kind != storage.ErrForbidden || !strings.Contains(err.Error(), "no valid credentials") || e.Hint == "" {
		t.Errorf("got %v", err)
	}
}

// TestRoleOfAnInstance plays the service that tells an instance its role.
func TestRoleOfAnInstance(t *testing.T) {
	role := http.NewServeMux()
	role.HandleFunc("PUT /latest/api/token", answer(200, "token", "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 600"))
	role.HandleFunc("GET /latest/meta-data/iam/security-credentials/", answer(200, "role"))
	role.HandleFunc("GET /latest/meta-data/iam/security-credentials/role", answer(200, `{"Code": "Success", "AccessKeyId": "ROLEID",
		"SecretAccessKey": "x", "Token": "t", "Expiration": "`+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}`))
	instance := httptest.NewServer(role)
	t.Cleanup(instance.Close)
	s := play(t, content("content"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", instance.URL)
	checkGet(t, s3.Config{Endpoint: s.server.URL})
	if auth := s.request(0).Header.Get("Authorization"); !strings.Contains(auth, "=ROLEID/") {
		t.Errorf("signed %q", auth)
	}
}

func TestCertificatesOfOnesOwnAreTrusted(t *testing.T) {
	isolate(t)
	server := httptest.NewTLSServer(content("content"))
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	c := s3.Config{Endpoint: server.URL, AccessKeyID: "AKID", SecretAccessKey: "x", MaxBackoff: time.Millisecond}
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	write(t, bundle, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	t.Run("with AWS_CA_BUNDLE", func(t *testing.T) {
		t.Setenv("AWS_CA_BUNDLE", bundle)
		checkGet(t, c)
	})
	t.Run("with ca_bundle in a profile", func(t *testing.T) {
		config := filepath.Join(t.TempDir(), "config")
		write(t, config, "[default]\nca_bundle = "+bundle+"\n")
		t.Setenv("AWS_CONFIG_FILE", config)
		checkGet(t, c)
	})
	t.Run("and no others", func(t *testing.T) {
		store, err := s3.Open(t.Context(), "bucket", c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = get(t.Context(), store, storage.Range{})
		if !errors.Is(err, storage.ErrUnreachable) || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("got %v", err)
		}
	})
}

// TestConnectingAgainResumesTheSession has a store end each connection after an
// answer, as some do.
func TestConnectingAgainResumesTheSession(t *testing.T) {
	isolate(t)
	var resumed []bool
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resumed = append(resumed, r.TLS.DidResume)
		content("content", "Connection: close")(w, r)
	}))
	t.Cleanup(server.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	write(t, bundle, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	t.Setenv("AWS_CA_BUNDLE", bundle)
	store, err := s3.Open(t.Context(), "bucket", s3.Config{Endpoint: server.URL, AccessKeyID: "AKID", SecretAccessKey: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := get(t.Context(), store, storage.Range{}); err != nil {
			t.Fatal(err)
		}
	}
	if want := []bool{false, true}; !slices.Equal(resumed, want) {
		t.Errorf("sessions were resumed %v, want %v", resumed, want)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
