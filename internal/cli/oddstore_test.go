package cli

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/badday"
)

// deedNamed gives one of the deeds.
func deedNamed(t *testing.T, name string) deed {
	t.Helper()
	i := slices.IndexFunc(deeds(), func(d deed) bool { return d.name == name })
	if i < 0 {
		t.Fatalf("there is no deed %q", name)
	}
	return deeds()[i]
}

// TestOddStores has commands meet stores that are well, and have habits of their
// own: nothing of it is to be noticed.
func TestOddStores(t *testing.T) {
	l := newLab(t)
	for _, d := range deeds() {
		ref := l.reference(d)
		for name, plan := range odd() {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				trial := d.begin(l)
				l.day.Becomes(plan)
				o := l.dtool(trial.args...)
				l.day.Becomes(nil)
				l.mustBe(t, ref, trial, o)
			})
		}
	}
}

func odd() map[string]badday.Plan {
	return map[string]badday.Plan{
		"knows no more than it must":        knowsLittle,
		"stores bytes compressed, it says":  badday.Always("GetObject", badday.Change(func(r *badday.Reply) { r.Header.Set("Content-Encoding", "gzip") })),
		"shouts the names of its headers":   badday.Always("", badday.Change(shout)),
		"makes ETags in a way of its own":   otherETags,
		"says neither time nor name":        badday.Always("", badday.Drop("Date", "X-Amz-Request-Id", "Server")),
		"ends connections":                  badday.Always("", badday.CloseIdle()),
		"does not let uploads be listed":    badday.Always("ListMultipartUploads", badday.Refuse(403, "AccessDenied", "Access Denied")),
		"does not let uploads be abandoned": badday.Always("AbortMultipartUpload", badday.Refuse(403, "AccessDenied", "Access Denied")),
	}
}

// knowsLittle refuses what is not of the oldest S3: checksums but those that are
// in every store, conditional writes, parameters without a value, any other
// operation.
func knowsLittle(op, _ string, r *http.Request) badday.Fault {
	refused := badday.Refuse(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented.")
	for name, values := range r.Header {
		switch {
		case strings.HasPrefix(name, "X-Amz-Checksum"), strings.HasPrefix(name, "X-Amz-Sdk-Checksum"), name == "X-Amz-Trailer",
			name == "If-None-Match", name == "If-Match" && r.Method != http.MethodGet,
			name == "Content-Encoding" && strings.Contains(values[0], "aws-chunked"),
			name == "X-Amz-Content-Sha256" && strings.HasPrefix(values[0], "STREAMING"):
			return refused
		}
	}
	for name, values := range r.URL.Query() {
		if values[0] == "" && name != "uploads" && name != "delete" {
			return refused
		}
	}
	switch op {
	case "GetObject", "HeadObject", "PutObject", "ListObjectsV2", "DeleteObjects", "CopyObject", "UploadPartCopy",
		"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload":
		return nil
	}
	return refused
}

func shout(r *badday.Reply) {
	for name, values := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") || name == "Etag" {
			delete(r.Header, name)
			r.Header[strings.ToUpper(name)] = values
		}
	}
}

var etagInXML = regexp.MustCompile(`<ETag>[^<]*</ETag>`)

// otherETags gives ETags that are no MD5, but for those of parts, which the server
// must know again.
func otherETags(op, _ string, _ *http.Request) badday.Fault {
	if op == "UploadPart" || op == "UploadPartCopy" {
		return nil
	}
	return badday.Change(func(r *badday.Reply) {
		if etag := r.Header.Get("Etag"); etag != "" {
			r.Header.Set("Etag", `"odd`+strings.Trim(etag, `"`)[3:]+`"`)
		}
		r.Body = etagInXML.ReplaceAllFunc(r.Body, func(found []byte) []byte {
			return bytes.Replace(found, []byte("<ETag>&#34;"), []byte("<ETag>&#34;odd"), 1)
		})
	})
}
