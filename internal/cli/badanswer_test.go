package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/internal/badday"
)

// TestBadAnswers has a store answer in ways of which each has been met. What a
// command says is empty where it is to succeed all the same.
func TestBadAnswers(t *testing.T) {
	l := newLab(t)
	refs := map[string]reference{}
	for _, tt := range badAnswers() {
		t.Run(tt.deed+"/"+tt.what, func(t *testing.T) {
			d := deedNamed(t, tt.deed)
			if _, ok := refs[tt.deed]; !ok {
				refs[tt.deed] = l.reference(d)
			}
			ref, trial := refs[tt.deed], d.begin(l)
			l.stall = tt.stall
			l.day.Becomes(tt.plan)
			o := l.dtool(trial.args...)
			ops, faults := l.day.Requests()
			l.day.Becomes(nil)
			l.stall = 0
			if faults == 0 || len(ops) > badday.Attempts*ref.n+20 {
				t.Errorf("%d faults, %d requests for %d", faults, len(ops), ref.n)
			}
			if tt.says == "" {
				l.mustBe(t, ref, trial, o)
				return
			}
			if !regexp.MustCompile(tt.says).MatchString(o.stderr) {
				t.Errorf("dtool %q says %q, want %q", trial.args, o.stderr, tt.says)
			}
			l.mustHaveFailedWell(t, ref, trial, o)
			if trial.again != nil {
				trial.args = trial.again
				l.mustBe(t, ref, trial, l.dtool(trial.args...))
			}
		})
	}
}

type badAnswer struct {
	deed, what string
	plan       badday.Plan
	says       string        // a pattern of the message; empty: it succeeds
	stall      time.Duration // how long a connection may rest; 0 is the usual
}

const (
	short   = 2 * time.Second // a stall
	success = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
)

func badAnswers() []badAnswer {
	failed := badday.Answer(200, badday.Error("InternalError", "We encountered an internal error."))
	once := func(op string, fault badday.Fault) badday.Plan { return badday.First(1, op, fault) }
	return []badAnswer{
		// Bodies.
		{"cp down", "an item is altered once", onItems(1, badday.Alter()), "", 0},
		{"cp down", "items are altered for ever", onItems(-1, badday.Alter()), `copying item .* corrupted: .*MD5 [0-9a-f]{32} where [0-9a-f]{32} was expected`, 0},
		{"cp down", "an item is short once", onItems(1, badday.Shorten()), "", 0},
		{"cp down", "items are short for ever", onItems(-1, badday.Shorten()), `copying item .* size \d+ where \d+ was expected`, 0},
		{"cp down, in parts", "an item is altered once", onItems(1, badday.Alter()), "", 0},
		{"cp down, in parts", "an item is cut once", onItems(1, badday.CutAnswer()), "", 0},
		{"cp down", "an item stalls once", onItems(1, badday.StallAnswer()), "", short},
		{"cp down", "items stall for ever", onItems(-1, badday.StallAnswer()), `copying item .* unreachable: .* no progress for 2s`, short},
		{"cp down, in parts", "a slow item", onItems(1, badday.SlowAnswer(8, short/4)), "", short},
		{"cp to another store", "an item is altered once", onItems(1, badday.Alter()), "", 0},
		{"verify", "an item is altered once", onItems(1, badday.Alter()), "", 0},
		{"verify", "items are short once", onItems(1, badday.Shorten()), "", 0},
		{"cp up", "what is sent is altered for ever", badday.Always("PutObject", badday.AlterRequest()), `corrupted: `, 0},
		{"cp up, in parts", "a part is altered once", once("UploadPart", badday.AlterRequest()), "", 0},
		{"cp up, in parts", "parts are altered for ever", badday.Always("UploadPart", badday.AlterRequest()), `copying item .* UploadPart .* corrupted: `, 0},
		{"cp up, in parts", "a part is cut once", once("UploadPart", badday.CutRequest()), "", 0},
		{"cp up, in parts", "a part is not taken once", once("UploadPart", badday.StallRequest()), "", short},
		{"cp up, in parts", "parts are not taken at all", badday.Always("UploadPart", badday.StallRequest()), `UploadPart .* unreachable: .*\(5 tries\)`, short},
		{"cp down", "a manifest is short once", onKey("manifest.json", 1, badday.CutAnswer()), "", 0},
		{"ls", "a listing without end once", once("ListObjectsV2", badday.CutAnswer()), "", 0},

		// Success that is none.
		{"cp across", "a copy fails with 200 once", once("CopyObject", failed), "", 0},
		{"cp across", "copies fail with 200 for ever", badday.Always("CopyObject", failed), `copying item .* CopyObject .* InternalError`, 0},
		{"cp across, in parts", "a part fails with 200 once", once("UploadPartCopy", failed), "", 0},
		{"cp across, in parts", "parts fail with 200 for ever", badday.Always("UploadPartCopy", failed), `UploadPartCopy .* InternalError`, 0},
		{"cp across", "copies are not known", badday.Always("CopyObject", badday.Refuse(501, "NotImplemented", "Not implemented.")), "", 0},
		{"cp up, in parts", "an upload ends with an error in 200 once", once("CompleteMultipartUpload", failed), "", 0},
		{"cp up, in parts", "uploads end with an error in 200 for ever", badday.Always("CompleteMultipartUpload", failed), `CompleteMultipartUpload .* InternalError`, 0},
		{"cp up, in parts", "an upload ends with a page, and is done", badday.Always("CompleteMultipartUpload", doneBut(badday.Page(200))), "", 0},
		{"cp up, in parts", "an upload ends with nothing, and is done", badday.Always("CompleteMultipartUpload", doneBut(badday.Answer(200, ""))), "", 0},
		{"cp up, in parts", "an upload is gone after it is done", badday.Always("CompleteMultipartUpload", doneBut(badday.Refuse(404, "NoSuchUpload", "No such upload."))), "", 0},
		{"cp up, in parts", "an upload ends with a page, and is not done", badday.Always("CompleteMultipartUpload", badday.Page(200)), `CompleteMultipartUpload .* HTML page`, 0},
		{"cp up, in parts", "an upload of another bucket", badday.Always("CreateMultipartUpload", replace("<Bucket>", "<Bucket>tenant:")), "", 0},
		{"freeze", "nothing can be removed, with 200", badday.Always("DeleteObjects", badday.Answer(200, success+`<DeleteResult></DeleteResult>`)), "", 0},
		{"cp up", "an answer without ETag", badday.Always("PutObject", badday.Drop("Etag")), `PutObject .* no ETag`, 0},
		{"cp down", "no ETags", badday.Always("GetObject", badday.Drop("Etag")), "", 0},
		{"cp down", "nothing that describes an object", badday.Always("GetObject", badday.Drop("Etag", "Last-Modified")), `GetObject .* nothing that describes an object`, 0},

		// Listings.
		{"ls", "goes on with the same token", badday.Always("ListObjectsV2", goesOn("always the same")), `ListObjectsV2 .* the listing `, 0},
		{"ls", "goes on without a token", badday.Always("ListObjectsV2", goesOn("")), `does not say where`, 0},
		{"verify", "goes on without a token", badday.Always("ListObjectsV2", goesOn("")), `does not say where`, 0},
		{"verify", "keys twice", badday.Always("ListObjectsV2", contents(func(c []string) []string { return append(c, c...) })), `the listing has the key`, 0},
		{"verify", "keys out of order", badday.Always("ListObjectsV2", contents(func(c []string) []string { return []string{c[1], c[0], c[2]} })), `the listing has the key`, 0},
		{"verify", "keys of others", badday.Always("ListObjectsV2", replace("<Key>", "<Key>zz-")), `the listing has the key`, 0},
		{"verify", "fewer keys than it says", badday.Always("ListObjectsV2", contents(func(c []string) []string { return c[1:] })), `the listing has 2 keys and says that it has 3`, 0},
		{"cp up", "lags behind", badday.Always("ListObjectsV2", badday.Change(func(r *badday.Reply) { r.Body = emptyListing(r.Body) })), "", 0},
		{"freeze", "goes on without a token", badday.Always("ListObjectsV2", goesOn("")), `does not say where`, 0},
		{"cp up", "a page in place of a listing", badday.Always("ListObjectsV2", badday.Page(200)), `ListObjectsV2 .* HTML page`, 0},

		// Metadata.
		{"cp down", "metadata are dropped", badday.Always("", badday.Drop("X-Amz-Meta-")), "", 0},
		{"verify", "metadata are dropped", badday.Always("", badday.Drop("X-Amz-Meta-")), "", 0},
		{"freeze", "metadata are dropped", badday.Always("", badday.Drop("X-Amz-Meta-")), `handle`, 0},

		// Rights.
		{"cp up, resumed", "HEAD is forbidden", badday.Always("HeadObject", badday.Answer(403, "")), "", 0},
		{"freeze", "HEAD is forbidden", badday.Always("HeadObject", badday.Answer(403, "")), `HeadObject .* forbidden(.*\n)hint: .*s3:GetObject`, 0},
	}
}

// onItems has the first n requests for items meet a fault, or all if n is negative.
func onItems(n int, fault badday.Fault) badday.Plan { return onKey("/data/", n, fault) }

// onKey has the first n requests for an object with this in its key meet a fault.
func onKey(part string, n int, fault badday.Fault) badday.Plan {
	first := badday.First(n, "GetObject", fault)
	return func(op, key string, r *http.Request) badday.Fault {
		if !strings.Contains(key, part) {
			return nil
		}
		return first(op, key, r)
	}
}

// doneBut has the server do what it is asked for, and answers something else.
func doneBut(fault badday.Fault) badday.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		badday.Change(func(*badday.Reply) {})(discard{http.Header{}}, r, next)
		fault(w, r, next)
	}
}

// discard takes an answer that nobody is to see.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

func replace(old, with string) badday.Fault {
	return badday.Change(func(r *badday.Reply) { r.Body = bytes.ReplaceAll(r.Body, []byte(old), []byte(with)) })
}

// goesOn has a listing say that there is more to come.
func goesOn(token string) badday.Fault {
	return badday.Change(func(r *badday.Reply) {
		r.Body = bytes.ReplaceAll(r.Body, []byte("<IsTruncated>false</IsTruncated>"),
			fmt.Appendf(nil, "<IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken>", token))
	})
}

var contentsOfListing = regexp.MustCompile(`(?s)<Contents>.*</Contents>`)

// contents changes what a listing has, if that is three keys.
func contents(change func([]string) []string) badday.Fault {
	return badday.Change(func(r *badday.Reply) {
		r.Body = contentsOfListing.ReplaceAllFunc(r.Body, func(found []byte) []byte {
			all := strings.SplitAfter(string(found), "</Contents>")
			return []byte(strings.Join(change(all[:len(all)-1]), ""))
		})
	})
}

func emptyListing(body []byte) []byte {
	body = contentsOfListing.ReplaceAll(body, nil)
	return regexp.MustCompile(`<KeyCount>\d+</KeyCount>`).ReplaceAll(body, []byte("<KeyCount>0</KeyCount>"))
}
