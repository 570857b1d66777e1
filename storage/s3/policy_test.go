package s3_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

// TestRefusalsOfPolicies has stores say no to each of the three operations.
func TestRefusalsOfPolicies(t *testing.T) {
	get := func(s *s3.Store) error {
		_, err := s.Policy(t.Context())
		return err
	}
	set := func(s *s3.Store) error { return s.SetPolicy(t.Context(), []byte("{}")) }
	remove := func(s *s3.Store) error { return s.SetPolicy(t.Context(), nil) }
	for what, tt := range map[string]struct {
		do            func(*s3.Store) error
		status        int
		code, message string
		kind          error
		hint          string
	}{
		"none":               {get, 404, "NoSuchBucketPolicy", "The bucket policy does not exist", storage.ErrNotFound, ""},
		"no bucket":          {get, 404, "NoSuchBucket", "The specified bucket does not exist", storage.ErrNoStore, "check the name"},
		"may not be read":    {get, 403, "AccessDenied", "Access Denied", storage.ErrForbidden, "the right s3:GetBucketPolicy is missing"},
		"may not be set":     {set, 403, "AccessDenied", "Access Denied", storage.ErrForbidden, "the right s3:PutBucketPolicy is missing"},
		"may not be removed": {remove, 403, "AccessDenied", "Access Denied", storage.ErrForbidden, "the right s3:DeleteBucketPolicy is missing"},
		"unknown, to read":   {get, 501, "NotImplemented", "not implemented", errors.ErrUnsupported, "no policies"},
		"unknown, to set":    {set, 501, "NotImplemented", "not implemented", errors.ErrUnsupported, "no policies"},
		"unknown, to remove": {remove, 405, "MethodNotAllowed", "not allowed", errors.ErrUnsupported, "no policies"},
		"malformed":          {set, 400, "MalformedPolicy", "Missing required field Statement", nil, ""},
		"Block Public Access": {
			set, 403, "AccessDenied", "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", storage.ErrForbidden, "Block Public Access is on",
		},
		"Block Public Access, before": {
			set, 403, "AccessDenied", "because public policies are blocked by the BlockPublicPolicy block public access setting.", storage.ErrForbidden, "Block Public Access is on",
		},
	} {
		checkRefusal(t, what, tt.do(play(t, refusal(tt.status, tt.code, tt.message)).store()), tt.kind, tt.hint)
	}
	if err := remove(play(t, refusal(404, "NoSuchBucketPolicy", "The bucket policy does not exist")).store()); err != nil {
		t.Errorf("to remove the policy that is not there: %v", err)
	}
}

// TestPolicyOfAnotherAccount is what AWS refuses with a status of its own.
func TestPolicyOfAnotherAccount(t *testing.T) {
	isolate(t)
	refused := wire(func(*http.Request) string {
		return inBytes("405 Method Not Allowed", "<Error><Code>MethodNotAllowed</Code><Message>The specified method is not allowed against this resource.</Message></Error>")
	})
	store, err := s3.Open(t.Context(), "bucket", s3.Config{AccessKeyID: "AKID", SecretAccessKey: "s", Attempts: 1}.Through(refused))
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Policy(t.Context())
	checkRefusal(t, "the policy", err, storage.ErrForbidden, "belongs to another account")
}

// TestOddPolicies are answers of 200 that hold no policy.
func TestOddPolicies(t *testing.T) {
	asJSON := "Content-Type: application/json"
	for what, tt := range map[string]struct {
		answer http.HandlerFunc
		kind   error
	}{
		"nothing":      {answer(200, "", asJSON), storage.ErrNotFound},
		"blanks":       {answer(200, " \n", asJSON), storage.ErrNotFound},
		"half of one":  {answer(200, `{"Version":"2012-1`, asJSON), storage.ErrUnreachable},
		"XML":          {listing(""), storage.ErrUnreachable},
		"without end":  {answer(200, strings.Repeat(" ", s3.MaxAnswer+1), asJSON), storage.ErrUnreachable},
		"not in UTF-8": {answer(200, "{\"a\":\"\xff\"", asJSON), storage.ErrUnreachable},
	} {
		_, err := play(t, tt.answer).store().Policy(t.Context())
		if !errors.Is(err, tt.kind) {
			t.Errorf("%s gives %v", what, err)
		}
	}
	pages := play(t, page(200), page(200), page(200))
	if _, err := pages.store().Policy(t.Context()); !errors.Is(err, storage.ErrUnreachable) {
		t.Errorf("a page gives %v", err)
	}
}

// TestPolicyIsSent looks at the request, whose body is guarded by the header that all
// stores know.
func TestPolicyIsSent(t *testing.T) {
	s := play(t, answer(204, ""))
	if err := s.store().SetPolicy(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	r := s.request(0)
	if r.Method != http.MethodPut || r.URL.Path != "/bucket" && r.URL.Path != "/bucket/" || !r.URL.Query().Has("policy") {
		t.Errorf("it is %s %s", r.Method, r.URL)
	}
	if r.Header.Get("Content-MD5") != "mZFLkyvTelC5g8XnyQrpOw==" || r.Header.Get("X-Amz-Checksum-Crc32") != "" {
		t.Errorf("its headers are %v", r.Header)
	}
}

// TestPolicyIsWrittenInOneTry whatever the store answers: a second one would undo what
// others wrote meanwhile.
func TestPolicyIsWrittenInOneTry(t *testing.T) {
	for what, policy := range map[string]string{"replaced": "{}", "removed": ""} {
		for _, refused := range []http.HandlerFunc{
			refusal(503, "SlowDown", "Slow down."), refusal(500, "InternalError", "We encountered an internal error."), refusal(409, "OperationAborted", "A conflicting operation is in progress."),
		} {
			script := play(t, refused)
			err := script.store().SetPolicy(t.Context(), []byte(policy))
			if !errors.Is(err, storage.ErrThrottled) && !errors.Is(err, storage.ErrUnreachable) {
				t.Errorf("%s: got %v", what, err)
			}
		}
	}
}
