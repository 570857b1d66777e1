package dtool_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/storage"
)

const partsETag = "9b2cf535f27731c974343645a3985328-2"

func relpathsOf(items []dtool.Item) []string {
	var relpaths []string
	for _, item := range items {
		relpaths = append(relpaths, item.Relpath)
	}
	return relpaths
}

func TestItemWithAnETagForItsHashIsUnverifiable(t *testing.T) {
	h := handmade{items: []handmadeItem{
		{relpath: "large.bin", content: "sent in parts", hash: partsETag},
		{relpath: "small.txt", content: "small"},
	}}.write(t)
	other := memoryBucket()
	client, d := h.open(t, other)
	expect := func(d *dtool.Dataset) {
		t.Helper()
		report, warnings := verified(t, d)
		if !report.Good() || !cmp.Equal(relpaths(report.Unverifiable), []string{"large.bin"}) {
			t.Errorf("verifying %s finds %+v", d.URI(), report)
		}
		if len(warnings) != 1 || !strings.Contains(warnings[0], "large.bin") {
			t.Errorf("verifying %s warns of %q", d.URI(), warnings)
		}
	}
	expect(d)
	onDisk := mustCopy(t, client, d, t.TempDir())
	expect(onDisk)
	expect(mustCopy(t, client, onDisk, other.uri))
	if diff := cmp.Diff(h.parts(t, h.id)["manifest.json"], other.parts(t, h.id)["manifest.json"]); diff != "" {
		t.Errorf("the manifest changed on the way: %s", diff)
	}
	key := h.id + "/data/" + dtool.Identifier("large.bin")
	if _, metadata := other.get(t, key); metadata["checksum"] != md5Of([]byte("sent in parts")) {
		t.Errorf("the copy has the headers %v", metadata)
	}

	h.edit(t, key, flipped)
	expect(d)
	h.edit(t, key, func(text string) string { return text + "x" })
	report, _ := verified(t, d)
	if !cmp.Equal(relpaths(report.AlteredSize), []string{"large.bin"}) || report.Unverifiable != nil {
		t.Errorf("with another size, verifying finds %+v", report)
	}
	_, err := client.Copy(t.Context(), d, t.TempDir(), dtool.CopyOptions{})
	wantError(t, err, storage.ErrCorrupted, "large.bin")
}

func TestHashFunctionsOfOldDatasets(t *testing.T) {
	sha1Of := func(text string) string { sum := sha1.Sum([]byte(text)); return hex.EncodeToString(sum[:]) }
	sha256Of := func(text string) string { sum := sha256.Sum256([]byte(text)); return hex.EncodeToString(sum[:]) }
	md5OfText := func(text string) string { return md5Of([]byte(text)) }
	for _, c := range []struct {
		function string
		hash     func(string) string
		known    bool
	}{
		{"md5sum_hexdigest", md5OfText, true},
		{"md5sum", md5OfText, true},
		{"shasum", sha1Of, true},
		{"sha1sum_hexdigest", sha1Of, true},
		{"sha256sum_hexdigest", sha256Of, true},
		{"whirlpool", md5OfText, false},
	} {
		t.Run(c.function, func(t *testing.T) {
			h := handmade{hashFunction: c.function, items: []handmadeItem{{relpath: "a.txt", content: "aaa", hash: c.hash("aaa")}}}.write(t)
			other := memoryBucket()
			client, d := h.open(t, other)
			expect := func(d *dtool.Dataset) {
				t.Helper()
				report, warnings := verified(t, d)
				if !report.Good() || (report.Unverifiable == nil) != c.known {
					t.Errorf("verifying %s finds %+v", d.URI(), report)
				}
				if !c.known && (len(warnings) != 1 || !strings.Contains(warnings[0], c.function)) {
					t.Errorf("the warnings %q do not name the unknown function", warnings)
				}
			}
			expect(d)
			onDisk := mustCopy(t, client, d, t.TempDir())
			expect(onDisk)
			expect(mustCopy(t, client, onDisk, other.uri))
			if _, metadata := other.get(t, h.id+"/data/"+dtool.Identifier("a.txt")); metadata["checksum"] != md5OfText("aaa") {
				t.Errorf("the copy has the headers %v", metadata)
			}

			h.edit(t, h.id+"/data/"+dtool.Identifier("a.txt"), flipped)
			report, _ := verified(t, d)
			if altered := relpaths(report.AlteredHash); cmp.Equal(altered, []string{"a.txt"}) != c.known {
				t.Errorf("altered bytes are found: %q", altered)
			}
		})
	}
}

func TestAdministrativeMetadataOfEveryAge(t *testing.T) {
	const id = "0a0a0a0a-0000-4000-8000-000000000001"
	headers := map[string]string{
		"uuid": id, "name": "from-headers", "type": "dataset", "creator_username": "jane", "dtoolcore_version": "3.0.0",
		"created_at": "1536749830.5", "frozen_at": "1536749834.015616",
	}
	for _, c := range []struct {
		name, body string
		headers    map[string]string
		want       snapshot
		copied     string // the document of a copy; empty: the same
	}{
		{
			name:    "headers without a document",
			body:    "dtoolfile",
			headers: headers,
			want:    snapshot{Name: "from-headers", Creator: "jane", Created: fixtureCreated, FrozenAt: fixtureFrozen},
			copied: `{"uuid": "` + id + `", "dtoolcore_version": "3.0.0", "name": "from-headers", "type": "dataset", ` +
				`"creator_username": "jane", "created_at": 1536749830.5, "frozen_at": 1536749834.015616}`,
		},
		{
			name: "document without headers",
			body: `{"uuid": "` + id + `", "name": "from-body", "type": "dataset", "creator_username": "j\u00fcrgen", "frozen_at": 2}`,
			want: snapshot{Name: "from-body", Creator: "jürgen", FrozenAt: 2},
		},
		{
			name:    "both, and they differ",
			body:    `{"uuid": "` + id + `", "name": "from-body", "type": "dataset", "creator_username": "j"}`,
			headers: headers,
			want:    snapshot{Name: "from-body", Creator: "j"},
		},
		{
			name: "times that are texts, unknown fields",
			body: `{"frozen_at": "1536749834.015616", "created_at": "1536749830.5", "lab": {"z": [1.50, NaN], "a": null}, ` +
				`"uuid": "` + id + `", "name": "old", "type": "dataset", "creator_username": "j"}`,
			want: snapshot{Name: "old", Creator: "j", Created: fixtureCreated, FrozenAt: fixtureFrozen},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := handmade{id: id, items: []handmadeItem{{relpath: "a", content: "a"}}}.write(t)
			h.put(t, id+"/dtool", c.body, c.headers)
			other := memoryBucket()
			client, d := h.open(t, other)
			c.want.UUID, c.want.Frozen, c.want.README = id, true, "---\n"
			if c.copied == "" {
				c.copied = c.body
			}
			for _, d := range []*dtool.Dataset{d, mustCopy(t, client, d, other.uri), mustCopy(t, client, d, t.TempDir())} {
				ignored := cmpopts.IgnoreFields(snapshot{}, "Items", "MD5")
				if diff := cmp.Diff(c.want, snapshotOf(t, d), ignored); diff != "" {
					t.Errorf("%s differs (-want +got):\n%s", d.URI(), diff)
				}
			}
			if got := other.parts(t, id)["dtool"]; got != c.copied {
				t.Errorf("the document of a copy is\n%s\nwant\n%s", got, c.copied)
			}
			if _, got := other.get(t, id+"/dtool"); got["name"] != c.want.Name || got["creator_username"] != strings.ReplaceAll(c.want.Creator, "ü", "?") {
				t.Errorf("the headers of a copy are %v", got)
			}
		})
	}
}

func TestRelpathsWithADotGoToADirectoryAndBack(t *testing.T) {
	h := handmade{items: []handmadeItem{{relpath: "./a", content: "a"}, {relpath: "b/./c", content: "c"}, {relpath: "d..e", content: "d"}}}.write(t)
	other := memoryBucket()
	client, d := h.open(t, other)
	want := snapshotOf(t, d)
	onDisk := mustCopy(t, client, d, t.TempDir())
	mustVerify(t, onDisk)
	if diff := cmp.Diff(want, snapshotOf(t, onDisk)); diff != "" {
		t.Errorf("the copy in a directory differs (-want +got):\n%s", diff)
	}
	mustVerify(t, mustCopy(t, client, onDisk, other.uri))
	if diff := cmp.Diff(h.parts(t, h.id), other.parts(t, h.id)); diff != "" {
		t.Errorf("parts differ after the way there and back (-want +got):\n%s", diff)
	}
}

func TestRelpathsThatADirectoryCannotTellApartStayOutOfIt(t *testing.T) {
	h := handmade{items: []handmadeItem{{relpath: "./a", content: "one"}, {relpath: "a", content: "two"}}}.write(t)
	other := memoryBucket()
	client, d := h.open(t, other)
	mustVerify(t, d)
	mustVerify(t, mustCopy(t, client, d, other.uri))
	base := t.TempDir()
	_, err := client.Copy(t.Context(), d, base, dtool.CopyOptions{})
	wantError(t, err, dtool.ErrInvalidItem, "./a")
	if left := tree(t, base); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDatasetsWithoutSomeOfTheirKeys(t *testing.T) {
	at := memoryBucket()
	fresh := at.load(t, fixtures.Mixed)
	var want []snapshot
	for _, s := range fixtureDatasets(fixtures.Mixed) {
		s.UUID = fresh[s.UUID]
		want = append(want, s)
	}
	for _, s := range want {
		root := at.root(t, s.UUID)
		at.remove(t, root+"structure.json", root+"README.txt")
	}
	expect := func(what string, at site, want snapshot) {
		t.Helper()
		if diff := cmp.Diff(want, snapshotOf(t, mustOpen(t, clientFor(t, at), at, want.UUID))); diff != "" {
			t.Errorf("%s: it differs (-want +got):\n%s", what, diff)
		}
	}
	for _, s := range want {
		expect("without structure", at, s)
	}
	at.remove(t, "dtool-"+want[0].UUID, "dtool-"+want[1].UUID)
	expect("without registration, no prefix", at, want[0])
	expect("without registration, prefix in the settings", at.withPrefix("u/olssont"), want[1])
	_, err := clientFor(t, at).Open(t.Context(), at.uri+"/"+want[1].UUID)
	wantError(t, err, dtool.ErrNotDataset)
	expect("the registration is heeded before the settings", at.withPrefix("elsewhere"), want[2])

	at.remove(t, at.root(t, want[2].UUID)+"dtool")
	var listed []string
	for d, err := range clientFor(t, at).List(t.Context(), at.uri) {
		must(t, err)
		listed = append(listed, d.Name())
	}
	if diff := cmp.Diff([]string{"mixed-proto"}, listed); diff != "" {
		t.Errorf("of registrations without a dataset, the listing gives (-want +got):\n%s", diff)
	}
}

func TestWordsThatJSONLacksAreKept(t *testing.T) {
	const odd = "{\n  \"z\": NaN,\n  \"a\": [Infinity, -Infinity, 1e-07, 1.0, 12345678901234567890]\n}"
	h := handmade{items: []handmadeItem{{relpath: "a", content: "a"}}}.write(t)
	overlay := `{"` + dtool.Identifier("a") + `": -Infinity, "gone": NaN}`
	h.put(t, h.id+"/annotations/odd.name.json", odd, nil)
	h.put(t, h.id+"/overlays/odd.name.json", overlay, nil)
	other := memoryBucket()
	client, d := h.open(t, other)
	onDisk := mustCopy(t, client, d, t.TempDir())
	for _, d := range []*dtool.Dataset{d, onDisk, mustCopy(t, client, onDisk, other.uri)} {
		annotation, err := d.Annotation(t.Context(), "odd.name")
		must(t, err)
		if want := `{"z": NaN, "a": [Infinity, -Infinity, 1e-07, 1.0, 12345678901234567890]}`; annotation.String() != want {
			t.Errorf("the annotation is %s, want %s", annotation, want)
		}
		values, err := d.Overlay(t.Context(), "odd.name")
		must(t, err)
		if len(values) != 2 || values[dtool.Identifier("a")].String() != "-inf" || values["gone"].String() != "nan" {
			t.Errorf("the overlay is %v", values)
		}
	}
	if diff := cmp.Diff(h.parts(t, h.id), other.parts(t, h.id)); diff != "" {
		t.Errorf("parts differ (-want +got):\n%s", diff)
	}
}
