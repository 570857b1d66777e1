package s3_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
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
