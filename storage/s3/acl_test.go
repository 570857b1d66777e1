package s3_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

func TestPublicURL(t *testing.T) {
	isolate(t)
	for _, tt := range []struct {
		bucket string
		config s3.Config
		key    string
		want   string
	}{
		{"bucket", s3.Config{}, "dir/key", "https://bucket.s3.us-east-1.amazonaws.com/dir/key"},
		{"bucket", s3.Config{Region: "eu-west-1"}, "key", "https://bucket.s3.eu-west-1.amazonaws.com/key"},
		{"bucket", s3.Config{Endpoint: "https://s3.eu-west-1.amazonaws.com"}, "key", "https://bucket.s3.eu-west-1.amazonaws.com/key"},
		{"bucket", s3.Config{Region: "cn-north-1"}, "key", "https://bucket.s3.cn-north-1.amazonaws.com.cn/key"},
		{"a.bucket", s3.Config{Region: "eu-west-1"}, "key", "https://s3.eu-west-1.amazonaws.com/a.bucket/key"},
		{"Old_Bucket", s3.Config{}, "key", "https://s3.us-east-1.amazonaws.com/Old_Bucket/key"},
		{"bucket", s3.Config{Endpoint: "http://127.0.0.1:9000"}, "key", "http://127.0.0.1:9000/bucket/key"},
		{"bucket", s3.Config{Endpoint: "https://store.test/s3/"}, "key", "https://store.test/s3/bucket/key"},
		{"bucket", s3.Config{Endpoint: "https://store.test"}, "", "https://store.test/bucket/"},
		{"bucket", s3.Config{Endpoint: "https://store.test"}, "dir/", "https://store.test/bucket/dir/"},
		{
			"bucket",
			s3.Config{Endpoint: "https://store.test"},
			`a b+c%?#&"ü`,
			"https://store.test/bucket/a%20b%2Bc%25%3F%23%26%22%C3%BC",
		},
		{"bucket", s3.Config{Region: "not a region"}, "key", ""},
	} {
		store, err := s3.Open(t.Context(), tt.bucket, tt.config)
		if err != nil {
			t.Fatal(err)
		}
		if got := store.PublicURL(tt.key); got != tt.want {
			t.Errorf("%s of %s in %+v is at %q, want %q", tt.key, tt.bucket, tt.config, got, tt.want)
		}
	}
}

// TestURLsFollowTheBucket learns from one answer where a bucket at AWS is.
func TestURLsFollowTheBucket(t *testing.T) {
	isolate(t)
	elsewhere := wire(func(r *http.Request) string {
		if strings.Contains(r.URL.Host, "us-east-1") {
			return inBytes("301 Moved Permanently", "", "X-Amz-Bucket-Region: eu-west-1")
		}
		return ok("", `ETag: "e1"`, lastModified)
	})
	c := s3.Config{AccessKeyID: "AKID", SecretAccessKey: "s", Attempts: 1}
	store, err := s3.Open(t.Context(), "bucket", c.Through(elsewhere))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Stat(t.Context(), "key"); err != nil {
		t.Fatal(err)
	}
	signed, err := store.SignGet(t.Context(), "key", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	const want = "https://bucket.s3.eu-west-1.amazonaws.com/key"
	if got := store.PublicURL("key"); got != want {
		t.Errorf("the public URL is %s", got)
	}
	if !strings.HasPrefix(signed, want+"?") || !strings.Contains(signed, "%2Feu-west-1%2Fs3%2F") {
		t.Errorf("the signed URL is %s", signed)
	}
}

// TestACLIsSet looks at the requests, which have nothing in them that a store might not
// know.
func TestACLIsSet(t *testing.T) {
	s := play(t, answer(200, ""), answer(200, ""))
	store := s.store()
	for i, acl := range []string{"private", "public-read"} {
		if err := store.SetPublic(t.Context(), "dir/a b", acl == "public-read"); err != nil {
			t.Fatal(err)
		}
		r := s.request(i)
		if r.Method != http.MethodPut || r.URL.Path != "/bucket/dir/a b" || !r.URL.Query().Has("acl") || r.Header.Get("X-Amz-Acl") != acl {
			t.Errorf("%s is asked for by %s %s and %v", acl, r.Method, r.URL, r.Header)
		}
		for name := range r.Header {
			if strings.Contains(strings.ToLower(name), "checksum") {
				t.Errorf("it has the header %s", name)
			}
		}
	}
}

// TestStoresWithoutACLs has stores refuse in their own words, some of which mean that
// it can never be, and others that somebody else may.
func TestStoresWithoutACLs(t *testing.T) {
	const notAuthorized = `User: arn:aws:iam::123456789012:user/jane is not authorized to perform: s3:PutObjectAcl on resource: "arn:aws:s3:::bucket/key" because `
	for what, tt := range map[string]struct {
		status        int
		code, message string
		kind          error
		hint          string
	}{
		"ACLs turned off": {400, "AccessControlListNotSupported", "The bucket does not allow ACLs", storage.ErrNoACLs, "ACLs are turned off in this bucket"},
		"Block Public Access": {
			403, "AccessDenied", notAuthorized + "public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.", storage.ErrNoACLs, "Block Public Access is on",
		},
		"Block Public Access, before": {
			403, "AccessDenied", notAuthorized + "public access control lists (ACLs) are blocked by the BlockPublicAcls block public access setting.", storage.ErrNoACLs, "Block Public Access is on",
		},
		"access by bucket at Google": {
			400, "InvalidRequest", "Cannot insert legacy ACL for an object when uniform bucket-level access is enabled.", storage.ErrNoACLs, "for all objects alike",
		},
		"not implemented":      {501, "NotImplemented", "A header you provided implies functionality that is not implemented.", storage.ErrNoACLs, "this store has no ACLs"},
		"not implemented, 400": {400, "NotImplemented", "PutObjectAcl is not implemented", storage.ErrNoACLs, "this store has no ACLs"},
		"method not allowed":   {405, "MethodNotAllowed", "The specified method is not allowed against this resource.", storage.ErrNoACLs, "this store has no ACLs"},
		"a right is missing":   {403, "AccessDenied", notAuthorized + "no identity-based policy allows the s3:PutObjectAcl action", storage.ErrForbidden, "the right s3:PutObjectAcl is missing"},
		"no such object":       {404, "NoSuchKey", "The specified key does not exist.", storage.ErrNotFound, ""},
		"no such bucket":       {404, "NoSuchBucket", "The specified bucket does not exist", storage.ErrNoStore, "check the name of the bucket"},
		"an ill request":       {400, "InvalidArgument", "Invalid Argument", nil, ""},
	} {
		err := play(t, refusal(tt.status, tt.code, tt.message)).store().SetPublic(t.Context(), "key", true)
		checkRefusal(t, what, err, tt.kind, tt.hint)
	}
}

// checkRefusal compares the kind and the hint of an error with what they are to be and
// to begin with.
func checkRefusal(t *testing.T, what string, err, kind error, hint string) {
	t.Helper()
	var e *storage.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Hint, hint) || (hint == "") != (e.Hint == "") {
		t.Errorf("%s: got %v with the hint %q", what, err, e.Hint)
	}
}

// TestWordlessRefusalsOfAWS are those in which Block Public Access may be the reason,
// too.
func TestWordlessRefusalsOfAWS(t *testing.T) {
	isolate(t)
	denied := wire(func(*http.Request) string {
		return inBytes("403 Forbidden", "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
	})
	store, err := s3.Open(t.Context(), "bucket", s3.Config{AccessKeyID: "AKID", SecretAccessKey: "s", Attempts: 1}.Through(denied))
	if err != nil {
		t.Fatal(err)
	}
	const hint = "Block Public Access, of the bucket or of the account, may answer so, too"
	checkRefusal(t, "an ACL", store.SetPublic(t.Context(), "key", true), storage.ErrForbidden, hint)
	checkRefusal(t, "a policy", store.SetPolicy(t.Context(), []byte("{}")), storage.ErrForbidden, hint)
}

func TestVersitygwHasNoACLs(t *testing.T) {
	isolate(t)
	server := s3test.StartOwn(t)
	store := openAt(t, server, server.NewBucket(t))
	if err := put(t.Context(), store, "content"); err != nil {
		t.Fatal(err)
	}
	if err := store.SetPublic(t.Context(), "dir/key", true); !errors.Is(err, storage.ErrNoACLs) {
		t.Errorf("got %v", err)
	}
	if err := store.SetPublic(t.Context(), "../key", true); !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("a bad key gives %v", err)
	}
}
