package main

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// An enemy is a server that speaks S3 and holds one dataset, but for one answer, with
// which it wishes to fill memory or to keep a program for ever.
type enemy struct {
	objects map[string]http.HandlerFunc // by key; "" is the listing, and "PUT" every change
}

const enemyUUID = "8ecd8e05-558a-48e2-b563-0c9ea273e71e"

func newEnemy() enemy {
	item := sha1.Sum([]byte("a"))
	id := hex.EncodeToString(item[:])
	return enemy{map[string]http.HandlerFunc{
		"":                                text(`<?xml version="1.0"?><ListBucketResult><Name>bucket</Name><Contents><Key>dtool-` + enemyUUID + `</Key><Size>0</Size></Contents></ListBucketResult>`),
		"PUT":                             text(""),
		"dtool-" + enemyUUID:              text(""),
		enemyUUID + "/dtool":              text(`{"uuid": "` + enemyUUID + `", "name": "enemy", "type": "dataset", "creator_username": "olssont", "frozen_at": 1.5}`),
		enemyUUID + "/README.yml":         text("---\n"),
		enemyUUID + "/annotations/a.json": text("1"),
		enemyUUID + "/overlays/o.json":    text(`{"` + id + `": 1}`),
		enemyUUID + "/manifest.json":      text(manifestOf("1")),
	}}
}

// manifestOf gives a manifest of three items with a size.
func manifestOf(size string) string {
	var items []string
	for _, relpath := range []string{"a", "b", "c"} {
		id := sha1.Sum([]byte(relpath))
		items = append(items, fmt.Sprintf(`"%x": {"relpath": %q, "hash": "x", "size_in_bytes": %s, "utc_timestamp": 0}`, id, relpath, size))
	}
	return `{"hash_function": "md5sum_hexdigest", "items": {` + strings.Join(items, ", ") + `}}`
}

func (e enemy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		key = "PUT"
	}
	w.Header().Set("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT")
	w.Header().Set("ETag", `"e1"`)
	if answer := e.objects[key]; answer != nil {
		answer(w, r)
		return
	}
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
}

// text answers as an honest store does, ranges included.
func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(body))
	}
}

// flood answers with a head and then with the same bytes, for as long as somebody takes
// them.
func flood(status int, head, run string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, err := io.WriteString(w, head)
		chunk := []byte(strings.Repeat(run, 64<<10/len(run)+1))
		for err == nil && r.Context().Err() == nil {
			_, err = w.Write(chunk)
		}
	}
}

// endlessPages answers each request for a listing with one more page.
func endlessPages() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text(`<ListBucketResult><Name>bucket</Name><IsTruncated>true</IsTruncated><NextContinuationToken>`+
			r.URL.Query().Get("continuation-token")+`x</NextContinuationToken></ListBucketResult>`)(w, r)
	}
}

// TestHostileStores has the program meet stores that mean it ill. It ends, within
// little memory, and says in a line or two what is wrong, or does what was asked for.
func TestHostileStores(t *testing.T) {
	path := release(t)
	const immense = "Content-Length: 1099511627776"
	in := func(part string) string { return enemyUUID + "/" + part }
	uri := "s3://enemy/" + enemyUUID
	for name, test := range map[string]struct {
		key    string
		answer http.HandlerFunc
		args   []string
		says   string
	}{
		"an immense registration":  {"dtool-" + enemyUUID, flood(200, "", "x", immense), []string{"summary", uri}, "at most 4096 are read"},
		"an immense dtool":         {in("dtool"), flood(200, "", " ", immense), []string{"summary", uri}, "at most 65536 are read"},
		"an immense manifest":      {in("manifest.json"), flood(200, "", " ", immense), []string{"verify", uri}, "at most 536870912 are read"},
		"a manifest without size":  {in("manifest.json"), flood(200, "", " "), []string{"verify", uri}, "nothing that describes an object"},
		"an immense README":        {in("README.yml"), flood(200, "", " ", immense), []string{"readme", "show", uri}, "at most 67108864 are read"},
		"an immense annotation":    {in("annotations/a.json"), flood(200, "", " ", immense), []string{"annotation", "get", uri, "a"}, "at most 67108864 are read"},
		"an immense overlay":       {in("overlays/o.json"), flood(200, "", " ", immense), []string{"item", "overlay", "o", uri, "x"}, "at most 536870912 are read"},
		"a deep manifest":          {in("manifest.json"), text(strings.Repeat(`{"a":`, 2<<20)), []string{"verify", uri}, "more than 1000 lists and objects"},
		"a manifest of one text":   {in("manifest.json"), text(strings.Replace(manifestOf("1"), `"a"`, `"`+strings.Repeat("a", 16<<20)+`"`, 1)), []string{"verify", uri}, "the identifier of its relpath"},
		"a manifest of one number": {in("manifest.json"), text(manifestOf(strings.Repeat("9", 4<<20))), []string{"verify", uri}, "its size is"},
		"an impossible exponent":   {in("manifest.json"), text(manifestOf("1e999999999")), []string{"verify", uri}, "its size is 1e999999999"},
		"a size below zero":        {in("manifest.json"), text(manifestOf("-1")), []string{"verify", uri}, "its size is -1"},
		"sizes beyond any sum":     {in("manifest.json"), text(manifestOf("9223372036854775807")), []string{"summary", uri}, "8.0EiB"},
		"an inventory beyond sums": {in("manifest.json"), text(manifestOf("9223372036854775807")), []string{"inventory", "s3://enemy"}, "8.0EiB"},
		"a README that is a bomb":  {in("README.yml"), text("a0: &a0 [x]\n" + aliases(60)), []string{"readme", "validate", uri}, ""},
		"a refusal without end":    {in("manifest.json"), flood(403, "<Error><Code>AccessDenied</Code><Message>", "no, "), []string{"verify", uri}, "forbidden"},
		"a listing without end":    {"", flood(200, "<ListBucketResult><Name>bucket</Name>", "<Contents><Key>k</Key></Contents>"), []string{"ls", "s3://enemy"}, "the answer does not end"},
		"a key without end":        {"", flood(200, "<ListBucketResult><Name>bucket</Name><Contents><Key>", "k"), []string{"ls", "s3://enemy"}, "the answer does not end"},
		"pages without end":        {"", endlessPages(), []string{"ls", "s3://enemy"}, "1000 pages in a row without a key"},
		"thanks without end":       {"PUT", flood(200, "", "thanks "), []string{"tag", "set", uri, "t"}, "the answer does not end"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEnemy()
			e.objects[test.key] = test.answer
			server := httptest.NewServer(e)
			defer server.Close()
			p := &program{t, path, []string{
				"HOME=" + t.TempDir(), "TMPDIR=" + os.TempDir(), "USER=olssont", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true",
				"DTOOL_S3_ENDPOINT_enemy=" + server.URL, "DTOOL_S3_ACCESS_KEY_ID_enemy=AKID", "DTOOL_S3_SECRET_ACCESS_KEY_enemy=secret",
			}}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // for it might never end
			defer cancel()
			said, peak, err := p.measure(ctx, test.args...)
			if peak > mostForCopies {
				t.Errorf("it takes %d MiB, want at most %d", peak, mostForCopies)
			}
			if ctx.Err() != nil {
				t.Errorf("it does not end by itself: %v", err)
			}
			if !strings.Contains(said, test.says) || len(said) > 16<<10 || strings.Contains(said, "goroutine ") {
				t.Errorf("it says (%v) %.2000s", err, said)
			}
		})
	}
}

// aliases gives lists of lists, each nine times the one before.
func aliases(depth int) string {
	var b strings.Builder
	for i := 1; i < depth; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d , ", i-1), 9), ", "))
	}
	return b.String()
}
