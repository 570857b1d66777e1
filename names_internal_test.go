package dtool

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dtool-go/dtool/internal/pyjson"
)

func TestURIsAreTakenApart(t *testing.T) {
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	here = filepath.ToSlash(here)
	for _, test := range []struct{ uri, want string }{
		{"s3://bucket", "s3://bucket"},
		{"s3://bucket/", "s3://bucket"},
		{"s3://bucket/5d700000-0015-4000-8000-000000000001/", "s3://bucket/5d700000-0015-4000-8000-000000000001"},
		{"S3://bucket", "s3://bucket"},
		{"ecs://bucket/x", "ecs://bucket/x"},
		{"/a/b/", "file://host/a/b"},
		{"/", "file://host/"},
		{"rel/x", "file://host" + here + "/rel/x"},
		{"./x y#1?2%20", "file://host" + here + "/x y#1?2%20"},
		{"file:///a/b", "file://host/a/b"},
		{"file://elsewhere/a/./b/../c", "file://host/a/c"},
		{"file://host/with%20percent", "file://host/with%20percent"},
		{"symlink://host/a", "symlink://host/a"},
	} {
		ref, err := parseURI(test.uri)
		if err != nil {
			t.Errorf("%q: %v", test.uri, err)
			continue
		}
		if got := ref.uri("host"); got != test.want {
			t.Errorf("%q is %q, want %q", test.uri, got, test.want)
		}
	}
	for _, uri := range []string{"", "s3://", "s3:///uuid", "file://host"} {
		if ref, err := parseURI(uri); !errors.Is(err, ErrInvalidURI) {
			t.Errorf("%q is taken for %+v, %v", uri, ref, err)
		}
	}
}

func TestCleanRelpath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		relpath := rapid.StringOf(rapid.RuneFrom([]rune("ab./ é\x00"))).Draw(t, "relpath")
		clean, err := cleanRelpath(relpath)
		if err != nil {
			return
		}
		if !filepath.IsLocal(clean) || clean == "." || strings.Contains(clean, "\x00") || strings.Contains(clean, "//") {
			t.Fatalf("%q becomes %q", relpath, clean)
		}
		if again, err := cleanRelpath(clean); err != nil || again != clean {
			t.Fatalf("%q becomes %q and that %q, %v", relpath, clean, again, err)
		}
	})
}

func TestIdentifierIsTheSHA1OfTheRelpath(t *testing.T) {
	for relpath, want := range map[string]string{
		"plain.txt":        "004b794867b1f5faa993eacd78d0b17b90add240",
		"Ünïcode/日本 語.txt": "a36549c740a20366f94f292045354a7719313925",
	} {
		if got := Identifier(relpath); got != want {
			t.Errorf("the identifier of %s is %s, want %s", relpath, got, want)
		}
	}
}

func TestLastSuffix(t *testing.T) {
	for relpath, want := range map[string]string{
		"a.txt": ".txt", "a.fastq.gz": ".gz", "dir.d/a": "", ".profile": "", "..rc": "", ".a.b": ".b", "a.": "", "a.b:c": "", "a.b\n": "", "a.\u009b1m": "", "a.é": ".é", "a." + strings.Repeat("x", 240): "",
	} {
		if got := lastSuffix(relpath); got != want {
			t.Errorf("the suffix of %s is %q, want %q", relpath, got, want)
		}
	}
}

func TestTimesSurviveTheFormat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(-1e15, 4e15).Draw(t, "microseconds"))
		if back := fromUnixSeconds(unixSeconds(at)); !back.Equal(at) {
			t.Fatalf("%v comes back as %v", at, back)
		}
	})
}

func TestFragmentKeysAreTakenApart(t *testing.T) {
	at := &place{layout: diskLayout{}}
	for key, want := range map[string]string{
		".dtool/tmp_fragments/abc.kind.json":          "abc kind",
		".dtool/tmp_fragments/abc.dotted.kind.json":   "abc dotted.kind",
		".dtool/tmp_fragments/abc.kind.json.json":     "abc kind.json",
		".dtool/tmp_fragments/abc.json":               "",
		".dtool/tmp_fragments/abc.kind":               "",
		".dtool/tmp_fragments/abc.sub/kind.json":      "",
		".dtool/tmp_fragments/README.something.else.": "",
	} {
		id, name, ok := at.fragmentOf(key)
		if got := strings.TrimSpace(id + " " + name); ok && got != want || ok != (want != "") {
			t.Errorf("%s is taken apart as %q, %v; want %q", key, got, ok, want)
		}
	}
}

func TestAdministrativeMetadataKeepsWhatItDoesNotKnow(t *testing.T) {
	text := `{"uuid": "5d700000-0015-4000-8000-000000000001", "zeta": {"b": 1, "a": [NaN]}, "name": "x", "type": "dataset", "frozen_at": "1536749834.015616", "created_at": 1536749830.5}`
	a, err := parseAdmin([]byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(a.document()); got != text {
		t.Errorf("it is written as %s", got)
	}
	renamed := a.with("name", "y")
	if got, want := string(renamed.document()), strings.Replace(text, `"name": "x"`, `"name": "y"`, 1); got != want {
		t.Errorf("renamed it is written as %s", got)
	}
	if string(a.document()) != text {
		t.Error("renaming a copy has changed the original")
	}
	if seconds, ok := a.seconds("frozen_at"); !ok || seconds != 1536749834.015616 {
		t.Errorf("frozen at %v, %v", seconds, ok)
	}
	half := a.unfinished(time.Now())
	if seconds, ok := half.seconds("frozen_at"); half.frozen() || !half.isUnfinished() || a.isUnfinished() || !ok || seconds != 1536749834.015616 {
		t.Errorf("unfinished it is %s", half.document())
	}
}

func TestUnfinishedDatasetHasATimeAtAnyRate(t *testing.T) {
	a := admin{pyjson.NewObject("type", typeFrozen)}
	if seconds, ok := a.unfinished(time.Unix(7, 0)).seconds("frozen_at"); !ok || seconds != 7 {
		t.Errorf("it is %v, %v", seconds, ok)
	}
}

func TestHeadersAreASCII(t *testing.T) {
	a := admin{pyjson.NewObject("name", "Ünïcode 🌱\n\x7f", "created_at", pyjson.Float(1e3))}
	got := a.metadata()
	if got["name"] != "?n?code ???" || got["created_at"] != "1000.0" {
		t.Errorf("the metadata is %q", got)
	}
}

func TestBrokenAdministrativeMetadataIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "{", "[]", "null", "dtoolfile", `{"uuid": "../../x", "type": "dataset"}`,
		`{"uuid": "5d700000-0015-4000-8000-000000000001", "type": "else"}`, `{"type": "dataset"}`,
	} {
		if a, err := parseAdmin([]byte(text), nil); !errors.Is(err, ErrBadDocument) {
			t.Errorf("%s is taken for %s, %v", text, a.document(), err)
		}
	}
}

func TestBrokenManifestIsRefused(t *testing.T) {
	whole := string(newManifest([]Item{{Identifier: Identifier("a"), Relpath: "a", Hash: md5Hex(nil)}}).text)
	if _, err := parseManifest([]byte(whole)); err != nil {
		t.Fatalf("a whole manifest is refused: %v", err)
	}
	for n := range len(whole) {
		if _, err := parseManifest([]byte(whole[:n])); !errors.Is(err, ErrBadDocument) {
			t.Fatalf("a manifest cut after %d bytes gives %v", n, err)
		}
	}
	for _, change := range [][2]string{
		{`"relpath": "a"`, `"relpath": "b"`},
		{`"size_in_bytes": 0`, `"size_in_bytes": -1`},
		{`"size_in_bytes": 0`, `"size_in_bytes": 0.5`},
		{`"hash": "` + md5Hex(nil) + `"`, `"hash": null`},
		{`"items"`, `"things"`},
		{`"hash_function"`, `"function"`},
	} {
		text := strings.Replace(whole, change[0], change[1], 1)
		if text == whole {
			t.Fatalf("nothing was changed for %q", change)
		}
		if _, err := parseManifest([]byte(text)); !errors.Is(err, ErrBadDocument) {
			t.Errorf("a manifest with %s gives %v", change[1], err)
		}
	}
}

func TestValuesShowAsPythonPrintsThem(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string
	}{
		{nil, "None"},
		{true, "True"},
		{"text", "text"},
		{5, "5"},
		{0.5, "0.5"},
		{1e22, "1e+22"},
		{math.NaN(), "nan"},
		{math.Inf(-1), "-inf"},
		{[]int{1, 2}, "[1, 2]"},
		{map[string]string{"é": "ü"}, `{"\u00e9": "\u00fc"}`},
	} {
		v, err := NewValue(test.value)
		if err != nil {
			t.Errorf("%v: %v", test.value, err)
			continue
		}
		if got := v.String(); got != test.want {
			t.Errorf("%v shows as %s, want %s", test.value, got, test.want)
		}
		if back, err := ParseValue(v.JSON()); err != nil || !back.Equal(v) {
			t.Errorf("%v comes back as %v, %v", v, back, err)
		}
	}
	if _, err := NewValue(make(chan int)); err == nil {
		t.Error("a channel is taken for a value")
	}
}
