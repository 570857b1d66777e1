package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

// TestSigningIsQuiet signs at a server that takes every request for one too many.
func TestSigningIsQuiet(t *testing.T) {
	var logged bytes.Buffer
	s := play(t)
	store := s.store(logTo(&logged))
	get, err := store.SignGet(t.Context(), "dir/key", 7*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	put, err := store.SignPut(t.Context(), "dir/key", storage.PutOptions{
		Size: 5, MD5: "5d41402abc4b2a76b9719d911017c592", ContentType: "text/plain",
		Metadata: map[string]string{"handle": "a.txt", "checksum": "5d41"},
	}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if logged.Len() > 0 {
		t.Errorf("it logs %s", logged.String())
	}
	if headers := slices.Sorted(maps.Keys(put.Header)); !slices.Equal(headers, []string{
		"Content-Length", "Content-Md5", "Content-Type", "X-Amz-Meta-Checksum", "X-Amz-Meta-Handle",
	}) {
		t.Errorf("the headers are %q", headers)
	}
	for signed, expires := range map[string]string{get: "604800", put.URL: "1"} {
		u, err := url.Parse(signed)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Query().Get("X-Amz-Expires"); got != expires || u.Path != "/bucket/dir/key" {
			t.Errorf("%s is for %s seconds, want %s", signed, got, expires)
		}
		if strings.Contains(strings.ToLower(signed), "checksum-") || strings.Contains(signed, "the-secret") {
			t.Errorf("%s has a checksum or a secret", signed)
		}
	}
}

func TestSigningRefuses(t *testing.T) {
	store := play(t).store()
	get := func(key string, expires time.Duration) error {
		_, err := store.SignGet(t.Context(), key, expires)
		return err
	}
	put := func(opts storage.PutOptions) error {
		_, err := store.SignPut(t.Context(), "key", opts, time.Hour)
		return err
	}
	for what, tt := range map[string]struct {
		err  error
		kind error
	}{
		"no time":         {get("key", 0), nil},
		"half a second":   {get("key", time.Second/2), nil},
		"negative time":   {get("key", -time.Hour), nil},
		"over seven days": {get("key", storage.MaxExpiry+time.Second), nil},
		"a bad key":       {get("../key", time.Hour), storage.ErrInvalidKey},
		"bad metadata":    {put(storage.PutOptions{Metadata: map[string]string{"handle": "ü"}}), storage.ErrInvalidKey},
		"over 5 GiB":      {put(storage.PutOptions{Size: 5<<30 + 1}), nil},
	} {
		var e *storage.Error
		if !errors.As(tt.err, &e) || e.Kind != tt.kind {
			t.Errorf("%s gives %v", what, tt.err)
		}
	}
}

func TestNobodySignsWithoutCredentials(t *testing.T) {
	isolate(t)
	store, err := s3.Open(t.Context(), "bucket", s3.Config{Endpoint: "http://store.test", KeySetting: s3.Setting{Name: "DTOOL_S3_ACCESS_KEY_ID_bucket"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.SignGet(t.Context(), "key", time.Hour)
	var e *storage.Error
	if !errors.As(err, &e) || !errors.Is(err, storage.ErrForbidden) || !strings.Contains(e.Hint, "DTOOL_S3_ACCESS_KEY_ID_bucket") {
		t.Errorf("got %v", err)
	}
}

// TestSignaturesEndWithTheSession has a service for containers give credentials that
// are over in half an hour, and then the environment some that do not say when.
func TestSignaturesEndWithTheSession(t *testing.T) {
	isolate(t)
	given := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"AccessKeyId":"ASIA","SecretAccessKey":"s","Token":"t","Expiration":%q}`,
			time.Now().Add(30*time.Minute).UTC().Format(time.RFC3339))
	}))
	defer given.Close()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", given.URL)
	sign := func(expires time.Duration, c s3.Config) error {
		c.Endpoint = "http://store.test"
		store, err := s3.Open(t.Context(), "bucket", c)
		if err != nil {
			t.Fatal(err)
		}
		_, first := store.SignGet(t.Context(), "key", expires)
		_, second := store.SignGet(t.Context(), "key", expires)
		return errors.Join(first, second)
	}
	if err := sign(20*time.Minute, s3.Config{}); err != nil {
		t.Errorf("for less than the session: %v", err)
	}
	if err := sign(time.Hour, s3.Config{}); err == nil || !strings.Contains(err.Error(), "the session of the credentials ends in") {
		t.Errorf("for more than the session: %v", err)
	}
	var logged bytes.Buffer
	lasting := s3.Config{AccessKeyID: "ASIA", SecretAccessKey: "s", SessionToken: "the-token"}
	logTo(&logged)(&lasting)
	if err := sign(time.Hour, lasting); err != nil {
		t.Errorf("of a session without an end: %v", err)
	}
	if got := logged.String(); strings.Count(got, "level=WARN") != 1 || strings.Contains(got, "the-token") {
		t.Errorf("it logs %s", got)
	}
}

// TestSigningNeedsCredentialsThatWork has a profile lead to none.
func TestSigningNeedsCredentialsThatWork(t *testing.T) {
	isolate(t)
	shared := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(shared, []byte("[profile broken]\ncredential_process = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", shared)
	t.Setenv("AWS_PROFILE", "broken")
	store, err := s3.Open(t.Context(), "bucket", s3.Config{Endpoint: "http://store.test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.SignGet(t.Context(), "key", time.Hour); !errors.Is(err, storage.ErrForbidden) {
		t.Errorf("got %v", err)
	}
}
