package s3_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
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

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

func TestSignedRequests(t *testing.T) {
	isolate(t)
	signedRequests(t, s3test.Start(t))
}

// signedRequests shows on a real server that what is signed, and nothing else, can be
// done without credentials.
func signedRequests(t *testing.T, server *s3test.Server) {
	store := openAt(t, server, server.NewBucket(t))
	t.Run("get", func(t *testing.T) { signedGet(t, store) })
	t.Run("put", func(t *testing.T) { signedPut(t, store) })
	t.Run("put of nothing", func(t *testing.T) { signedPutOfNothing(t, store) })
}

// oddKey has what URLs give a meaning to.
const oddKey = "signed/a b+c%20?x=1&y #ü"

func signedGet(t *testing.T, store *s3.Store) {
	_, err := store.Put(t.Context(), oddKey, strings.NewReader("content"), storage.PutOptions{Size: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, store, oddKey) })
	signed, err := store.SignGet(t.Context(), oddKey, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := s3test.Fetch(t, signed); status != http.StatusOK || body != "content" {
		t.Errorf("the signed URL gives %d, %q", status, body)
	}
	for what, altered := range map[string]string{
		"for longer":     strings.Replace(signed, "X-Amz-Expires=3600", "X-Amz-Expires=7200", 1),
		"another object": strings.Replace(signed, "signed/", "signed/x", 1),
		"no signature":   store.PublicURL(oddKey),
	} {
		if status, body := s3test.Fetch(t, altered); altered == signed || status != http.StatusForbidden {
			t.Errorf("%s: %s gives %d, %q", what, altered, status, body)
		}
	}
}

// what is put by signed requests.
func signedOptions(content string) storage.PutOptions {
	sum := md5.Sum([]byte(content))
	return storage.PutOptions{
		Size: int64(len(content)), MD5: hex.EncodeToString(sum[:]), ContentType: "text/plain",
		Metadata: map[string]string{"handle": "a.txt", "checksum": "5d41"},
	}
}

func signedPut(t *testing.T, store *s3.Store) {
	const key = "signed/put"
	signed, err := store.SignPut(t.Context(), key, signedOptions("hello"), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, store, key) })
	set := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	without := func(name string) func(http.Header) { return func(h http.Header) { h.Del(name) } }
	for what, tt := range map[string]struct {
		body  string
		alter func(http.Header)
	}{
		"another body":           {"hallo", nil},
		"a longer body":          {"hello!", nil},
		"another hash":           {"hallo", set("Content-MD5", "WdQUAqvEsqdrlx2REBfFkg==")},
		"no hash":                {"hallo", without("Content-MD5")},
		"other metadata":         {"hello", set("X-Amz-Meta-Handle", "b.txt")},
		"less metadata":          {"hello", without("X-Amz-Meta-Checksum")},
		"more metadata":          {"hello", set("X-Amz-Meta-More", "x")},
		"an ACL":                 {"hello", set("X-Amz-Acl", "public-read")},
		"another type":           {"hello", set("Content-Type", "text/html")},
		"the content of another": {"hello", set("X-Amz-Copy-Source", "bucket/key")},
	} {
		if status := send(t, signed, tt.body, tt.alter); status/100 != 4 {
			t.Errorf("%s: the store answers %d", what, status)
		}
		if _, err := store.Stat(t.Context(), key); !errors.Is(err, storage.ErrNotFound) {
			t.Fatalf("%s: there is an object, or %v", what, err)
		}
	}
	if status := send(t, signed, "hello", nil); status != http.StatusOK {
		t.Fatalf("what was signed gives %d", status)
	}
	checkStored(t, store, key, "hello")
}

func signedPutOfNothing(t *testing.T, store *s3.Store) {
	const key = "signed/nothing"
	signed, err := store.SignPut(t.Context(), key, signedOptions(""), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, store, key) })
	if status := send(t, signed, "something", nil); status/100 != 4 {
		t.Errorf("with a body the store answers %d", status)
	}
	if status := send(t, signed, "", nil); status != http.StatusOK {
		t.Fatalf("what was signed gives %d", status)
	}
	checkStored(t, store, key, "")
}

// send makes a signed request with a body, after its headers were altered, and gives
// the status of the answer.
func send(t *testing.T, signed storage.SignedPut, body string, alter func(http.Header)) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, signed.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range signed.Header {
		req.Header.Set(name, value)
	}
	if alter != nil {
		alter(req.Header)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// checkStored compares an object with what signedOptions says of its content.
func checkStored(t *testing.T, store *s3.Store, key, content string) {
	t.Helper()
	want := signedOptions(content)
	body, info, err := store.Get(t.Context(), key, storage.Range{})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || string(got) != content {
		t.Errorf("the object is %q, %v", got, err)
	}
	if !maps.Equal(info.Metadata, want.Metadata) {
		t.Errorf("its metadata are %v, want %v", info.Metadata, want.Metadata)
	}
	signed, err := store.SignGet(t.Context(), key, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got := contentTypeAt(t, signed); got != want.ContentType {
		t.Errorf("its type is %q, want %q", got, want.ContentType)
	}
}

// contentTypeAt gives the type with which a URL is answered.
func contentTypeAt(t *testing.T, at string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.Header.Get("Content-Type")
}

// remove removes objects, also when the test is over.
func remove(t *testing.T, store *s3.Store, keys ...string) {
	t.Helper()
	if err := store.Delete(context.WithoutCancel(t.Context()), keys...); err != nil {
		t.Error(err)
	}
}

// TestSigningIsQuiet signs at a server that takes every request for one too many.
func TestSigningIsQuiet(t *testing.T) {
	var logged bytes.Buffer
	s := play(t)
	store := s.store(logTo(&logged))
	get, err := store.SignGet(t.Context(), "dir/key", 7*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	put, err := store.SignPut(t.Context(), "dir/key", signedOptions("hello"), time.Second)
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
	store, err := s3.Open(t.Context(), "bucket", s3.Config{Endpoint: "http://store.test", KeySetting: "DTOOL_S3_ACCESS_KEY_ID_bucket"})
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
