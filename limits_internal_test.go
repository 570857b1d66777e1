package dtool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/config"
	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/internal/readme"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
)

// TestLimitsAreDocumented holds docs/format.md, section 7, and the code together: each
// bound stands in the table, and the table has no other. Those of package s3 are
// for its own test.
func TestLimitsAreDocumented(t *testing.T) {
	want := map[string]int64{
		"registration": maxRegistration,
		"`dtool`":      maxAdmin,
		"README":       maxREADME,
		"README that is checked or normalised, also as a file or standard input": readme.MaxSize,
		"all old READMEs of a dataset together":                                  maxHistory,
		"annotation":                                                             maxAnnotation,
		"`publish.json`":                                                         maxRecord,
		"fragment":                                                               maxFragment,
		"all fragments of a dataset together":                                    maxFragments,
		"manifest, overlay":                                                      maxManifest,
		"`http_manifest.json`":                                                   maxHTTPManifest,

		"reports of verifications, from one file or standard input": maxReports,
		"`dtool.json`, the settings":                                config.MaxFile,
		"values in `http_manifest.json`":                            maxHTTPManifestValues,
		"values in a JSON document":                                 pyjson.MaxValues,
		"lists and objects in each other in a JSON document":        pyjson.MaxDepth,
		"lines of a README that begin with `%TAG`":                  readme.MaxDirectives,
	}
	text, err := os.ReadFile("docs/format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sizes, _ := strings.Cut(string(text), "**Sizes.**")
	rows := regexp.MustCompile(`(?m)^\| ([^|]+) \| (\d+)( KiB| MiB| GiB)? \|$`).FindAllStringSubmatch(sizes, -1)
	for _, row := range rows {
		if strings.HasPrefix(row[1], "S3: ") {
			continue
		}
		n, _ := strconv.ParseInt(row[2], 10, 64)
		n <<= map[string]int{"": 0, " KiB": 10, " MiB": 20, " GiB": 30}[row[3]]
		if n != want[row[1]] {
			t.Errorf("the table says %d for %s, and the code %d", n, row[1], want[row[1]])
		}
		delete(want, row[1])
	}
	for what := range want {
		t.Errorf("the table says nothing of: %s", what)
	}
}

// A million items fit, with relpaths that are longer than most, and so do two and
// a half million with short ones.
func TestManifestsOfAMillionItemsFit(t *testing.T) {
	for length, count := range map[int]int64{300: 1_000_000, 7: 2_500_000} {
		const few = 1000
		items := make([]Item, few)
		for i := range items {
			relpath := fmt.Sprintf("%0*d", length, i)
			items[i] = Item{Identifier: Identifier(relpath), Relpath: relpath, Size: 5 << 40, Hash: md5Hex(nil), Timestamp: 1500000000.123456}
		}
		m := newManifest(items)
		if size := int64(len(m.text)) * count / few; size > maxManifest {
			t.Errorf("%d items with relpaths of %d bytes take %d bytes of %d", count, length, size, maxManifest)
		}
		if values := count * 5; values > pyjson.MaxValues {
			t.Errorf("%d items are %d values", count, values)
		}
	}
}

// TestDocumentsAreBounded has each document at its bound, and one byte beyond it.
// The files have holes, so that they take no room on the disk.
func TestDocumentsAreBounded(t *testing.T) {
	read := readers(t.Context())
	for key, most := range map[string]int64{
		".dtool/dtool": maxAdmin, "README.yml": maxREADME, "README.yml-1500000000": maxHistory,
		".dtool/annotations/a.json": maxAnnotation, ".dtool/manifest.json": maxManifest, ".dtool/overlays/a.json": maxManifest,
	} {
		d := smallDataset(t)
		path := filepath.Join(strings.TrimPrefix(d.uri, "file://here"), filepath.FromSlash(key))
		if most <= maxAdmin {
			pad(t, path, most)
			if err := read[key](d); err != nil {
				t.Errorf("%s of %d bytes: %v", key, most, err)
			}
		}
		if err := os.Truncate(create(t, path), most+1); err != nil {
			t.Fatal(err)
		}
		err := read[key](d)
		if !errors.Is(err, ErrBadDocument) {
			t.Errorf("%s: got %v", key, err)
			continue
		}
		for _, want := range []string{key, strings.TrimPrefix(d.uri, "file://here"), fmt.Sprintf("has %d bytes, at most %d are read", most+1, most)} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not say %q", err, want)
			}
		}
	}
}

// readers gives for each document on disk what reads it.
func readers(ctx context.Context) map[string]func(d *Dataset) error {
	return map[string]func(d *Dataset) error{
		".dtool/dtool":              func(d *Dataset) error { _, err := d.client.Open(ctx, d.uri); return err },
		"README.yml":                func(d *Dataset) error { _, err := d.README(ctx); return err },
		"README.yml-1500000000":     func(d *Dataset) error { _, err := d.READMEHistory(ctx); return err },
		".dtool/annotations/a.json": func(d *Dataset) error { _, err := d.Annotation(ctx, "a"); return err },
		".dtool/manifest.json":      func(d *Dataset) error { _, err := d.Manifest(ctx); return err },
		".dtool/overlays/a.json":    func(d *Dataset) error { _, err := d.Overlay(ctx, "a"); return err },
	}
}

// Nothing is written that would not be read again.
func TestWhatIsWrittenIsBounded(t *testing.T) {
	ctx := t.Context()
	d := smallDataset(t)
	c := d.client
	proto, err := c.Create(ctx, "proto", t.TempDir(), CreateOptions{})
	if err == nil {
		err = proto.Add(ctx, []Source{{Path: create(t, filepath.Join(t.TempDir(), "a")), Relpath: "a"}}, AddOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	text := func(size int64) Value { return Value{strings.Repeat("x", int(size)-len(`""`))} }
	for what, test := range map[string]struct {
		most  int64
		write func(size int64) error
	}{
		"README":     {maxREADME, func(size int64) error { return d.WriteREADME(ctx, []byte(text(size+2).String())) }},
		"annotation": {maxAnnotation, func(size int64) error { return d.SetAnnotation(ctx, "a", text(size)) }},
		"fragment":   {maxFragment, func(size int64) error { return proto.AddMetadata(ctx, "a", "key", text(size)) }},
	} {
		if what != "annotation" { // which takes seconds to check
			if err := test.write(test.most); err != nil {
				t.Errorf("%s at its bound: %v", what, err)
			}
		}
		err := test.write(test.most + 1)
		if !errors.Is(err, ErrBadDocument) || !strings.Contains(err.Error(), fmt.Sprintf("would have %d bytes, at most %d are read", test.most+1, test.most)) {
			t.Errorf("%s beyond its bound: got %v", what, err)
		}
	}
	if text, err := d.README(ctx); err != nil || len(text) != maxREADME {
		t.Errorf("the README at its bound reads as %d bytes, %v", len(text), err)
	}
	if _, err := proto.Freeze(ctx, FreezeOptions{}); err != nil {
		t.Errorf("with a fragment at its bound: %v", err)
	}
}

// TestMetadataAreBoundedTogether freezes what has metadata of two names, for one of two
// items each, under bounds that it just keeps, and under smaller ones.
func TestMetadataAreBoundedTogether(t *testing.T) {
	bytes := 2 * int64(len(pyjson.Line("text")))
	const values = 2 * 2
	for _, test := range []struct {
		bytes  int64
		values int
		says   string
	}{
		{bytes, values, ""},
		{bytes - 1, values, fmt.Sprintf("all metadata of items together have more than %d bytes", bytes-1)},
		{bytes, values - 1, "all overlays together would have more than 3 values"},
	} {
		p := describedProto(t)
		p.client.maxFragments, p.client.maxValues = test.bytes, test.values
		_, err := p.Freeze(t.Context(), FreezeOptions{})
		if test.says == "" && err != nil {
			t.Errorf("at the bounds: %v", err)
		}
		if test.says != "" && (!errors.Is(err, ErrBadDocument) || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("got %v, want: %s", err, test.says)
		}
	}
}

// describedProto makes a proto dataset with two items and metadata of each.
func describedProto(t *testing.T) *Proto {
	t.Helper()
	p, err := smallDataset(t).client.Create(t.Context(), "proto", t.TempDir(), CreateOptions{})
	for _, relpath := range []string{"a", "b"} {
		if err == nil {
			err = p.Add(t.Context(), []Source{{Path: create(t, filepath.Join(t.TempDir(), relpath)), Relpath: relpath}}, AddOptions{})
		}
		if err == nil {
			err = p.AddMetadata(t.Context(), relpath, "of_"+relpath, Value{"text"})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestOldREADMEsAreBoundedTogether has two of which each alone could be read. The
// larger one has a hole, so that it takes no room on the disk.
func TestOldREADMEsAreBoundedTogether(t *testing.T) {
	for size, good := range map[int64]bool{maxHistory - 3: true, maxHistory - 2: false} {
		d := smallDataset(t)
		dir := strings.TrimPrefix(d.uri, "file://here")
		err := os.WriteFile(filepath.Join(dir, "README.yml-1500000000"), []byte("old"), 0o600)
		if err == nil {
			err = os.Truncate(create(t, filepath.Join(dir, "README.yml-1600000000")), size)
		}
		if err != nil {
			t.Fatal(err)
		}
		versions, err := d.READMEHistory(t.Context())
		if good && (err != nil || len(versions) != 2) {
			t.Errorf("at the bound: %d, %v", len(versions), err)
		}
		if !good && !errors.Is(err, ErrBadDocument) {
			t.Errorf("beyond the bound: got %v", err)
		}
	}
}

func smallDataset(t *testing.T) *Dataset {
	t.Helper()
	c, err := NewClient(Options{Hostname: "here", Environ: []string{"LOGNAME=olssont"}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := c.CreateFrom(t.Context(), dir, "small", t.TempDir(), CreateFromOptions{})
	if err == nil {
		d, err = c.Open(t.Context(), d.uri) // it knows nothing yet
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// create makes a file if there is none and gives its path.
func create(t *testing.T, path string) string {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// pad brings a JSON document to a size.
func pad(t *testing.T, path string, size int64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(text, strings.Repeat(" ", int(size)-len(text))...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The bound holds to the byte, in every kind of store, and for what is written too.
func TestBoundsHoldToTheByte(t *testing.T) {
	ctx := t.Context()
	store := memory.New()
	for size, good := range map[int]bool{9: true, 10: true, 11: false} {
		text := []byte(strings.Repeat("x", size))
		if err := writeBounded(ctx, store, "bounded", text, 10); (err == nil) != good {
			t.Errorf("writing %d bytes of 10: %v", size, err)
		}
		if err := writeDocument(ctx, store, "key", text, nil); err != nil {
			t.Fatal(err)
		}
		for kind, s := range map[string]storage.Store{"honest": store, "one that tells no size": sizeless{store}} {
			got, err := readDocument(ctx, s, "key", 10)
			if (err == nil) != good || good && len(got) != size {
				t.Errorf("reading %d bytes of 10 from a store, %s: %d, %v", size, kind, len(got), err)
			}
			if !good && (!errors.Is(err, ErrBadDocument) || !strings.Contains(err.Error(), "10")) {
				t.Errorf("reading %d bytes of 10 from a store, %s: got %v", size, kind, err)
			}
		}
	}
	key := registrationPrefix + anyUUID
	for size, good := range map[int]bool{maxRegistration: true, maxRegistration + 1: false} {
		if err := writeDocument(ctx, store, key, []byte(strings.Repeat("x", size)), nil); err != nil {
			t.Fatal(err)
		}
		_, err := bucket{ref: reference{scheme: "s3", bucket: "b"}, store: store}.registered(ctx, anyUUID)
		if (err == nil) != good {
			t.Errorf("a registration of %d bytes: %v", size, err)
		}
	}
}

// A sizeless store says of no object how large it is.
type sizeless struct{ storage.Store }

func (s sizeless) Get(ctx context.Context, key string, r storage.Range) (body io.ReadCloser, info storage.Info, err error) {
	body, info, err = s.Store.Get(ctx, key, r)
	info.Size = 0
	return body, info, err
}
