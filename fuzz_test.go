package dtool

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
)

// The targets below are the decoders of documents and names that anybody may have
// written. What one of them takes keeps the rules of docs/format.md, and what it
// refuses it tells in a line that is fit to be printed.

const anyUUID = "8ecd8e05-558a-48e2-b563-0c9ea273e71e"

// seedDocuments adds the documents of the fixtures whose keys end in a suffix or have a part,
// whole and cut short, and further texts.
func seedDocuments(f *testing.F, part string, texts ...string) {
	for _, bucket := range fixtures.Buckets() {
		objects, err := fixtures.Objects(bucket)
		if err != nil {
			f.Fatal(err)
		}
		for _, o := range objects {
			if strings.Contains(o.Key, part) {
				f.Add(o.Body)
				f.Add(o.Body[:len(o.Body)*2/3])
			}
		}
	}
	for _, text := range append(texts, "", "null", "[]", "{}", "{", "\xff", "\ufeff{}", strings.Repeat("[", 2000)) {
		f.Add([]byte(text))
	}
}

// checkRefusal tells that an error is one line, and none that fills a screen.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		t.Fatalf("the message %q is not fit to be printed", text)
	}
	if len(text) > 5*maxQuoted {
		t.Fatalf("the message has %d bytes", len(text))
	}
}

func FuzzAdmin(f *testing.F) {
	seedDocuments(f, "/dtool",
		`{"uuid": "`+anyUUID+`", "type": "dataset", "name": "../x\n\u001b[31m", "created_at": "1e999", "frozen_at": -1e308}`,
		`{"uuid": "`+anyUUID+`", "type": "protodataset", "name": 7, "created_at": null, "frozen_at": NaN, "x": {"y": [1]}}`,
		`{"uuid": "..", "type": "dataset"}`, `{"uuid": "`+anyUUID+`\n", "type": "dataset"}`, `{"type": "\u202e"}`, "dtoolfile",
	)
	f.Fuzz(func(t *testing.T, text []byte) {
		// Where the body is none, the values are those of the metadata.
		for _, metadata := range []map[string]string{nil, {
			"uuid": anyUUID, "type": "dataset", "name": string(text), "created_at": string(text), "frozen_at": "7.5",
		}} {
			a, err := parseAdmin(text, metadata)
			if err != nil {
				checkRefusal(t, err)
				continue
			}
			if !uuidPattern.MatchString(a.text("uuid")) || a.text("type") != typeProto && a.text("type") != typeFrozen {
				t.Fatalf("%q gives the UUID %q and the type %q", text, a.text("uuid"), a.text("type"))
			}
			again, err := parseAdmin(a.document(), nil)
			if err != nil || !bytes.Equal(again.document(), a.document()) {
				t.Fatalf("%q is written as %q, which reads as %q, %v", text, a.document(), again.document(), err)
			}
			for name, value := range a.metadata() {
				if storage.CheckMetadata(map[string]string{name: value[:min(len(value), 1000)]}) != nil {
					t.Fatalf("its metadata %s is %q", name, value)
				}
			}
			for _, field := range []string{"created_at", "frozen_at"} {
				if seconds, ok := a.seconds(field); ok {
					if year := fromUnixSeconds(seconds).UTC().Year(); year < -9999 || year > 9999 {
						t.Fatalf("%s is in the year %d", field, year)
					}
				}
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	item := func(relpath, size, time string) string {
		return `{"hash_function": "md5sum_hexdigest", "items": {"` + Identifier(relpath) + `": {"hash": "x", "relpath": ` + strconv.Quote(relpath) +
			`, "size_in_bytes": ` + size + `, "utc_timestamp": ` + time + `}}}`
	}
	seedDocuments(f, "manifest.json",
		item("../x", "1", "0"), item("/etc/passwd", "1", "0"), item("a/../../b", "1", "0"), item("a..b", "1", "0"), item(".", "0", "0"), item("", "0", "0"),
		item("C:\\x", "9223372036854775807", "1e308"), item("x", "9223372036854775808", "0"), item("x", "-1", "0"), item("x", "6.0", "0"), item("x", "1e999999999", "0"),
		item("x", strings.Repeat("9", 5000), "0"), item("x", "1", strings.Repeat("9", 5000)), item("x", "1", "NaN"), item("x", "NaN", "0"), item("a\nb\x1b[31m", "1", "0"),
		`{"hash_function": "md5sum", "items": {"x": {}}}`, `{"hash_function": 7, "items": []}`, `{"items": {}}`,
	)
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if m.TotalSize() < 0 || m.Len() > len(text)/100 {
			t.Fatalf("it has %d items and %d bytes", m.Len(), m.TotalSize())
		}
		if !slices.IsSortedFunc(m.items, func(a, b Item) int { return strings.Compare(a.Relpath, b.Relpath) }) {
			t.Fatal("the items are in no order")
		}
		for _, item := range m.Items() {
			found, err := m.Item(item.Identifier)
			if err != nil || found != item || Identifier(item.Relpath) != item.Identifier || item.Size < 0 || math.IsNaN(item.Timestamp) {
				t.Fatalf("the item %+v is found as %+v, %v", item, found, err)
			}
			if !json.Valid(item.JSON()) {
				t.Fatalf("its properties are %s", item.JSON())
			}
			checkInside(t, item.Relpath)
		}
	})
}

// checkInside tells that the keys of a relpath are below where items lie, if it has
// any.
func checkInside(t *testing.T, relpath string) {
	t.Helper()
	for _, l := range []layout{diskLayout{}, newObjectLayout("u/x/", anyUUID)} {
		key, err := l.itemKey(relpath)
		if err != nil {
			checkRefusal(t, err)
			continue
		}
		data := l.keys().data
		if storage.CheckKey(key) != nil || !strings.HasPrefix(key, data) || path.Clean(key) != key || key == data {
			t.Fatalf("the item %q has the key %q", relpath, key)
		}
	}
}

// What a relpath is cleaned to is its own clean form, and stays inside.
func FuzzRelpath(f *testing.F) {
	for _, seed := range []string{"a", "a/b", "./a", "a/./b", "..", "a/..", "a..b", "...", "/a", "a//b", "a/", ".", "./.", "\x00", "\xff", "a\nb", "\\..\\x", "C:/x", ".dtool/dtool"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, relpath string) {
		checkInside(t, relpath)
		clean, err := cleanRelpath(relpath)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if again, err := cleanRelpath(clean); err != nil || again != clean {
			t.Fatalf("%q becomes %q and then %q, %v", relpath, clean, again, err)
		}
	})
}

// The prefix of a registration leads to keys that begin with it and stay below it.
func FuzzRegistration(f *testing.F) {
	for _, seed := range []string{"", "u/", "u/olssont", "a/b/", "/", "//", "../", "a/../b/", "./", "a//b", "\x00", "a\nb", "\xff", "\u0085", "…/", strings.Repeat("a", maxRegistration)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		store := memory.New()
		key := registrationPrefix + anyUUID
		if err := writeDocument(t.Context(), store, key, body, nil); err != nil {
			t.Fatal(err)
		}
		at, err := bucket{ref: reference{scheme: "s3", bucket: "bucket"}, store: store}.registered(t.Context(), anyUUID)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		k := at.layout.keys()
		for _, key := range []string{k.admin, k.manifest, k.readme, k.structure, k.about, k.data + "x", k.overlays + "x", k.annotations + "x", k.tags + "x", k.fragments + "x"} {
			if storage.CheckKey(key) != nil || !strings.HasPrefix(key, string(body)+anyUUID+"/") {
				t.Fatalf("the prefix %q gives the key %q", body, key)
			}
		}
	})
}

// FuzzHandle has the metadata of an item fuzzed. The relpath belongs to the key,
// and is one that a manifest can hold.
func FuzzHandle(f *testing.F) {
	for _, relpath := range []string{"a", "a/b c", "é", "\xff", "../x", "a\nb", "YQ==", ""} {
		f.Add(relpath, base64.StdEncoding.EncodeToString([]byte(relpath)), md5Hex(nil))
		f.Add(relpath, relpath, "d41d8cd98f00b204e9800998ecf8427e-2")
	}
	f.Fuzz(func(t *testing.T, relpath, handle, checksum string) {
		l := newObjectLayout("", anyUUID)
		info := storage.Info{Key: l.at.data + Identifier(relpath), Metadata: map[string]string{metaHandle: handle, metaChecksum: checksum}}
		item, err := l.listed(t.Context(), nil, info)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if item.relpath != relpath || !utf8.ValidString(item.relpath) || item.md5 != "" && !md5Pattern.MatchString(item.md5) {
			t.Fatalf("the handle %q of %q is %+v", handle, relpath, item)
		}
		m, err := parseManifest(newManifest([]Item{{Identifier: Identifier(relpath), Relpath: relpath, Hash: item.md5}}).text)
		if err != nil || m.items[0].Relpath != relpath {
			t.Fatalf("the manifest that is made of %q reads as %+v, %v", relpath, m, err)
		}
	})
}

// The values of an overlay are those of the document, which is read as it is written.
func FuzzOverlay(f *testing.F) {
	seedDocuments(f, "overlays/", `{"x": NaN, "x": 1}`, `{"": {"": [null]}}`, `{"\u001b": "\ud800"}`)
	f.Fuzz(func(t *testing.T, text []byte) {
		overlay, err := parseOverlay(text)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		store := memory.New()
		at := &place{store: store, layout: diskLayout{}}
		if err := at.writeOverlay(t.Context(), "name", overlay); err != nil {
			t.Fatal(err)
		}
		written, err := readDocument(t.Context(), store, ".dtool/overlays/name.json", maxManifest)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseOverlay(written)
		if err != nil || len(again) != len(overlay) {
			t.Fatalf("%q is written as %q: %v", text, written, err)
		}
		for id, value := range overlay {
			if !again[id].Equal(value) {
				t.Fatalf("of %q the value %s becomes %s", text, value, again[id])
			}
		}
	})
}

func FuzzValue(f *testing.F) {
	seedDocuments(f, "annotations/", `1e400`, `-0.0`, `"\u001b[31m"`, `{"a": {"a": 1, "a": 2}}`, `[true, false, null]`)
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := ParseValue(text)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		again, err := ParseValue(value.JSON())
		if err != nil || !again.Equal(value) || again.String() != value.String() {
			t.Fatalf("%q is written as %q, which reads as %s, %v", text, value.JSON(), again, err)
		}
		var number float64
		_ = value.Decode(&number)
		var anything any
		if err := value.Decode(&anything); err == nil {
			if back, err := NewValue(anything); err != nil || !json.Valid(back.JSON()) {
				t.Fatalf("%s decodes to %v, which is %s, %v", value, anything, back, err)
			}
		}
	})
}

// FuzzNames has the names of overlays, annotations and tags fuzzed, as keys of a listing and
// as people give them.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{"a", "a.b", "", ".", "..", "../x", "a/b", "a\x1b", "\xff", ".json", "a.json", strings.Repeat("a", 81), "x\n", "é"} {
		f.Add(seed)
	}
	at := &place{layout: diskLayout{}}
	prefix := at.layout.keys().annotations
	f.Fuzz(func(t *testing.T, name string) {
		for _, suffix := range []string{".json", ""} {
			key, err := memberKey(prefix, name, suffix)
			if err != nil {
				checkRefusal(t, err)
			} else if storage.CheckKey(key) != nil || path.Dir(key)+"/" != prefix || path.Base(key) != name+suffix {
				t.Fatalf("the name %q has the key %q", name, key)
			}
		}
		if err := CheckName(name); err != nil {
			checkRefusal(t, err)
		} else if _, err := memberKey(prefix, name, ""); err != nil {
			t.Fatalf("%q may be given, and is no key: %v", name, err)
		}
		if id, key, ok := at.fragmentOf(at.layout.keys().fragments + name); ok && (name != id+"."+key+".json" || strings.Contains(id, ".")) {
			t.Fatalf("the fragment %q is of %q and %q", name, id, key)
		}
	})
}

// A URI that is taken has a full form, which is taken for the same.
func FuzzURI(f *testing.F) {
	for _, seed := range []string{
		"", "a", "/a/../b", "file:///a", "file://host/a#?%20", "file://host", "symlink://h/a/", "s3://b", "s3://b/" + anyUUID, "S3://b//x//", "s3://", "s3:///x",
		"ecs://b/../x", "://x", "http://h/p?q=1", "HTTPS://h:1//x/" + anyUUID + "/?X-Amz-Signature=0", "https://u:p@h/x", "http://h#f", "https://", "http://h?", "s3://b\n/x", "s3://\xff", "file:///\x00", "1a://b", "s3://user:secret@b/x", "~", `C:\x`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		ref, err := parseURI(uri)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if ref.isDirectory() != (ref.bucket == "" || ref.scheme == schemeFile || ref.scheme == schemeSymlink) {
			t.Fatalf("%q is %+v", uri, ref)
		}
		ref.query = "" // which the full form leaves out
		full := ref.uri(ref.bucket)
		again, err := parseURI(full)
		if err != nil || again != ref || again.uri(again.bucket) != full {
			t.Fatalf("%q is %+v with the full form %q, which is %+v, %v", uri, ref, full, again, err)
		}
	})
}

// A report that is taken is the same when it is written and read, and its numbers go together, its
// own and, as far as it can be merged with itself, their sum.
func FuzzReports(f *testing.F) {
	whole := `{"format":"dtool-verify-1","verdict":"good","full":true,"uuid":"` + anyUUID + `","manifest_sha256":"` + sha256Hex(nil) +
		`","number_of_items":2,"size_in_bytes":9,"part":{"kind":"all","number_of_items":2,"size_in_bytes":9},"unknown":[],"missing":[],"altered_size":[],"altered_hash":[],"unverifiable":[]}`
	shard := strings.NewReplacer(`"good"`, `"undecided"`, `"kind":"all","number_of_items":2`, `"kind":"shards","shards":[1],"of":2,"number_of_items":1`).Replace(whole)
	for _, seed := range []string{
		whole, shard, shard + strings.Replace(shard, "[1]", "[2]", 1), whole + "\n" + whole, whole[:200], "", "{}", "[]", "null",
		strings.Replace(whole, `"missing":[]`, `"missing":[{"identifier":"x","relpath":"a\u001b"},{}]`, 1),
		strings.ReplaceAll(whole, `:9`, `:9223372036854775807`), strings.ReplaceAll(whole, `:9`, `:-9`), strings.ReplaceAll(whole, `:2`, `:1e99`),
		strings.Replace(shard, `"of":2`, `"of":9223372036854775807`, 1), strings.Replace(shard, "[1]", "[2,1,0,-1]", 1), strings.ReplaceAll(shard, `:9`, `:9223372036854775807`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		reports, err := ReadReports(bytes.NewReader(text))
		if err != nil {
			checkLines(t, err)
			return
		}
		var merge VerifyMerge
		for _, report := range reports {
			written, err := json.Marshal(report)
			if err != nil { // it has times beyond the year 9999, which nobody can write
				return
			}
			again, err := ReadReports(bytes.NewReader(written))
			if err != nil || len(again) != 1 {
				t.Fatalf("%s does not read: %v", written, err)
			}
			if rewritten, err := json.Marshal(again[0]); err != nil || !bytes.Equal(rewritten, written) {
				t.Fatalf("%s becomes %s, %v", written, rewritten, err)
			}
			if err := merge.Add(report); err != nil {
				checkLines(t, err)
			}
		}
		sum, err := merge.Report()
		if err != nil {
			checkLines(t, err)
			return
		}
		if !sum.InPart.within(sum.Whole) || sum.Verdict() == VerdictGood && sum.InPart != sum.Whole {
			t.Fatalf("the sum is %+v", sum)
		}
	})
}

// checkLines is checkRefusal for what encoding/json says, which repeats what it has met as it is.
func checkLines(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); strings.ContainsAny(text, "\n\r\x1b") || len(text) > 5*maxQuoted {
		t.Fatalf("the message is %q", text)
	}
}

// Old READMEs are told from what else lies beside them by the moment in their names.
func FuzzREADMEHistory(f *testing.F) {
	for _, seed := range []string{"1500000000", "1500000000.25", "1e400", "NaN", "-Inf", "0x1p-2", "1_0", "", "x", "-1e300", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, suffix string) {
		store := memory.New()
		at := &place{store: store, layout: diskLayout{}}
		key := at.layout.keys().history(suffix)
		if storage.CheckKey(key) != nil {
			return
		}
		if err := writeDocument(t.Context(), store, key, nil, nil); err != nil {
			t.Fatal(err)
		}
		keys, err := at.historyKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, seconds := range keys {
			if year := fromUnixSeconds(seconds).UTC().Year(); year < -9999 || year > 9999 {
				t.Fatalf("%q is of the year %d", suffix, year)
			}
		}
	})
}
