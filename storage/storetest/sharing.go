package storetest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// SharingFeatures says in which ways a store lets others read and write. Every store
// that this is asked of is a [storage.Publisher] and a [storage.Signer].
type SharingFeatures struct {
	// ACLs tells that it decides object by object whether everybody can read it.
	ACLs bool
	// PolicyOf is the name of the bucket as its policy has it, or empty for a store
	// that is no [storage.PolicyKeeper].
	PolicyOf string
	// SignsPut tells that [storage.Signer.SignPut] works.
	SignsPut bool
}

// Sharing tests what a store does that lets others read or write, by asking as they do:
// over HTTP and without credentials. The bucket is the test's own, since its policy is
// changed.
func Sharing(t *testing.T, features SharingFeatures, open func(t *testing.T) storage.Store) {
	t.Helper()
	tests := []test{{"a signed URL reads one object", signedGet}}
	if features.SignsPut {
		tests = append(tests, test{"a signed request puts one object", signedPut}, test{"a signed request puts nothing", signedPutOfNothing})
	}
	if features.ACLs {
		tests = append(tests, test{"an object is public and private", aclOpens}, test{"a new object is private", replacedIsPrivate})
	}
	if features.PolicyOf != "" {
		tests = append(tests, test{"a policy opens what it names", func(p *place) { policyOpens(p, features.PolicyOf) }})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(newPlace(t, Features{Metadata: features.SignsPut}, open)) })
	}
}

// oddName has what URLs give a meaning to.
const oddName = "a b+c%20?x=1&y #ü"

// fetch gives what anybody gets who asks for a URL.
func (p *place) fetch(url string) (status int, kind, body string) {
	p.Helper()
	return p.request(http.MethodGet, url, nil, "")
}

func (p *place) request(method, url string, header http.Header, body string) (status int, kind, answer string) {
	p.Helper()
	req, err := http.NewRequestWithContext(p.Context(), method, url, strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	req.Header = header
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		p.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(text)
}

// readable compares what anybody gets under the public URL of an object with what
// anybody should: its content, or a refusal where that is empty.
func (p *place) readable(when, name, content string) {
	p.Helper()
	want := http.StatusOK
	if content == "" {
		want = http.StatusForbidden
	}
	status, _, body := p.fetch(p.store.(storage.Publisher).PublicURL(p.key(name)))
	if status != want || content != "" && body != content {
		p.Errorf("%s, %s: anybody gets %d and %d bytes, want %d", name, when, status, len(body), want)
	}
}

func (p *place) signGet(name string) string {
	p.Helper()
	signed, err := p.store.(storage.Signer).SignGet(p.Context(), p.key(name), time.Hour)
	if err != nil {
		p.Fatal(err)
	}
	return signed
}

func signedGet(p *place) {
	opts := sized([]byte("content"))
	opts.ContentType = "text/plain"
	p.putWith(oddName, []byte("content"), opts)
	p.putWith("x"+oddName, []byte("another"), opts)
	signed := p.signGet(oddName)
	if status, kind, body := p.fetch(signed); status != http.StatusOK || kind != "text/plain" || body != "content" {
		p.Errorf("the signed URL gives %d, %s, %q", status, kind, body)
	}
	for what, altered := range map[string]string{
		"for longer":     strings.Replace(signed, "X-Amz-Expires=3600", "X-Amz-Expires=7200", 1),
		"another object": strings.Replace(signed, p.prefix, p.prefix+"x", 1),
		"no signature":   p.store.(storage.Publisher).PublicURL(p.key(oddName)),
	} {
		if status, _, body := p.fetch(altered); altered == signed || status != http.StatusForbidden {
			p.Errorf("%s: %s gives %d, %q", what, altered, status, body)
		}
	}
}

func (p *place) setPublic(name string, public bool) {
	p.Helper()
	if err := p.store.(storage.Publisher).SetPublic(p.Context(), p.key(name), public); err != nil {
		p.Fatalf("making %q public (%v): %v", name, public, err)
	}
}

// aclOpens has one object that is sent whole and one that is sent in parts, and sets
// either twice.
func aclOpens(p *place) {
	for name, content := range map[string]string{oddName: "content", "large": strings.Repeat("x", 6<<20)} {
		p.put(name, []byte(content))
		p.readable("at first", name, "")
		for range 2 {
			p.setPublic(name, true)
			p.readable("public", name, content)
		}
		for range 2 {
			p.setPublic(name, false)
			p.readable("private", name, "")
		}
	}
	err := p.store.(storage.Publisher).SetPublic(p.Context(), p.key("none"), true)
	p.failed(err, storage.ErrNotFound, p.key("none"))
}

func replacedIsPrivate(p *place) {
	p.put("object", []byte("old"))
	p.setPublic("object", true)
	p.put("object", []byte("new"))
	p.readable("replaced", "object", "")
}

// policyOpens sets, replaces and removes a policy.
func policyOpens(p *place, bucket string) {
	const open, closed = "open/a b+c", "closed/key"
	keeper := p.store.(storage.PolicyKeeper)
	p.put(open, []byte("content"))
	p.put(closed, []byte("content"))
	hasNone := func(when string) {
		p.Helper()
		if _, err := keeper.Policy(p.Context()); !errors.Is(err, storage.ErrNotFound) {
			p.Errorf("%s: %v", when, err)
		}
		p.readable(when, open, "")
		p.readable(when, closed, "")
	}
	hasNone("without a policy")
	for _, allowed := range []string{"closed/none", "open/*"} {
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + bucket + "/" + p.prefix + allowed + `"}]}`
		p.setPolicy(policy)
		got, err := keeper.Policy(p.Context())
		if err != nil {
			p.Fatal(err)
		}
		if !reflect.DeepEqual(decoded(p.T, policy), decoded(p.T, string(got))) {
			p.Errorf("the policy is %s, and was set as %s", got, policy)
		}
	}
	p.readable("with a policy", open, "content")
	p.readable("with a policy", closed, "")
	for range 2 { // the second time there is none
		p.setPolicy("")
	}
	hasNone("with the policy removed")
	if err := keeper.SetPolicy(p.Context(), []byte(`{"Version":"2012-10-17","Statement":[]}`)); err == nil || errors.Is(err, storage.ErrForbidden) {
		p.Errorf("a policy that says nothing gives %v", err)
	}
}

func (p *place) setPolicy(text string) {
	p.Helper()
	if err := p.store.(storage.PolicyKeeper).SetPolicy(p.Context(), []byte(text)); err != nil {
		p.Fatalf("setting the policy %q: %v", text, err)
	}
}

func decoded(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}
