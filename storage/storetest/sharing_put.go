package storetest

import (
	"net/http"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// depositOptions go with what is put by signed requests.
func depositOptions(content string) storage.PutOptions {
	o := sized([]byte(content))
	o.MD5 = hexMD5([]byte(content))
	o.ContentType = "text/plain"
	o.Metadata = map[string]string{"handle": "a.txt", "checksum": "5d41"}
	return o
}

func (p *place) signPut(name, content string) storage.SignedPut {
	p.Helper()
	signed, err := p.store.(storage.Signer).SignPut(p.Context(), p.key(name), depositOptions(content), time.Hour)
	if err != nil {
		p.Fatal(err)
	}
	return signed
}

// deposit makes a signed request with a body, after its headers were altered, and
// gives the status of the answer.
func (p *place) deposit(signed storage.SignedPut, body string, alter func(http.Header)) int {
	p.Helper()
	header := http.Header{}
	for name, value := range signed.Header {
		header.Set(name, value)
	}
	if alter != nil {
		alter(header)
	}
	status, _, _ := p.request(http.MethodPut, signed.URL, header, body)
	return status
}

func signedPut(p *place) {
	signed := p.signPut("put", "hello")
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
		if status := p.deposit(signed, tt.body, tt.alter); status/100 != 4 {
			p.Errorf("%s: the store answers %d", what, status)
		}
		p.lacks("put")
	}
	if status := p.deposit(signed, "hello", nil); status != http.StatusOK {
		p.Fatalf("what was signed gives %d", status)
	}
	p.wasDeposited("put", "hello")
}

func signedPutOfNothing(p *place) {
	signed := p.signPut("nothing", "")
	if status := p.deposit(signed, "something", nil); status/100 != 4 {
		p.Errorf("with a body the store answers %d", status)
	}
	if status := p.deposit(signed, "", nil); status != http.StatusOK {
		p.Fatalf("what was signed gives %d", status)
	}
	p.wasDeposited("nothing", "")
}

// wasDeposited compares an object with what depositOptions say of its content.
func (p *place) wasDeposited(name, content string) {
	p.Helper()
	want := depositOptions(content)
	p.holds(name, []byte(content))
	p.keepsMetadata(name, want.Metadata)
	if _, kind, _ := p.fetch(p.signGet(name)); kind != want.ContentType {
		p.Errorf("its type is %q, want %q", kind, want.ContentType)
	}
}
