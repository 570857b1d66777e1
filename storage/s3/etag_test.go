package s3_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/storage"
)

// TestMD5IsToldByETagsThatAreOne describes objects as stores do that make their
// ETags in different ways.
func TestMD5IsToldByETagsThatAreOne(t *testing.T) {
	const sum = "9a0364b9e99bb480dd25e1f0284c8555" // of "content"
	for name, test := range map[string]struct {
		headers []string
		want    string
	}{
		"plain":                       {[]string{`ETag: "` + sum + `"`}, sum},
		"encrypted with its own key":  {[]string{`ETag: "` + sum + `"`, "X-Amz-Server-Side-Encryption: AES256"}, sum},
		"encrypted with a key of KMS": {[]string{`ETag: "` + sum + `"`, "X-Amz-Server-Side-Encryption: aws:kms"}, ""},
		"encrypted with one's key":    {[]string{`ETag: "` + sum + `"`, "X-Amz-Server-Side-Encryption-Customer-Algorithm: AES256"}, ""},
		"of several parts":            {[]string{`ETag: "` + sum + `-2"`}, ""},
		"a random word":               {[]string{`ETag: "e1"`}, ""},
		"in capitals":                 {[]string{`ETag: "` + strings.ToUpper(sum) + `"`}, ""},
		"none":                        {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			describe := func(body string) http.HandlerFunc {
				return answer(200, body, append([]string{"Content-Length: 7", lastModified}, test.headers...)...)
			}
			store := play(t, answer(200, "", `ETag: "`+sum+`"`), describe(""), describe("content")).store()
			if err := put(t.Context(), store, "content"); err != nil { // by which it shows what its ETags are
				t.Fatal(err)
			}
			looked, err := store.Stat(t.Context(), "key")
			if err != nil {
				t.Fatal(err)
			}
			body, read, err := store.Get(t.Context(), "key", storage.Range{})
			if err != nil {
				t.Fatal(err)
			}
			body.Close()
			if looked.MD5 != test.want || read.MD5 != test.want {
				t.Errorf("the MD5 is %q by HEAD and %q by GET, want %q", looked.MD5, read.MD5, test.want)
			}
		})
	}
}

// TestMD5IsToldByStoresThatHaveShownIt reads an object before and after one whose ETag was
// seen to be its MD5, and beside a store whose ETags only look like one.
func TestMD5IsToldByStoresThatHaveShownIt(t *testing.T) {
	const sum, other = "9a0364b9e99bb480dd25e1f0284c8555", "00000000000000000000000000000000"
	for etag, want := range map[string]string{sum: sum, other: ""} {
		s := play(t, content("content", `ETag: "`+etag+`"`), content("content", `ETag: "`+etag+`"`))
		store := s.store()
		for n, want := range []string{"", want} {
			body, info, err := store.Get(t.Context(), "key", storage.Range{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(body); err != nil {
				t.Fatal(err)
			}
			body.Close()
			if info.MD5 != want {
				t.Errorf("ETag %s, object %d: the MD5 is %q, want %q", etag, n, info.MD5, want)
			}
		}
	}
}
