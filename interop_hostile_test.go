package dtool_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/storage"
)

// outwards gives relpaths that lead out of the place of a dataset.
func outwards() []string {
	return []string{"../../x", "../x", "/etc/x", "a/../../x", "a/../x", "..", ".", "a/..", "", "a//x", "a/"}
}

// A yard is a directory that holds a base, and what must not be touched around it.
type yard struct {
	top, base string
	before    map[string]string
}

func newYard(t *testing.T) yard {
	t.Helper()
	y := yard{top: files(t, map[string]string{"x": "mine", "base/x": "mine", "base/readme": "mine", "base/other/.dtool/dtool": "{}"})}
	y.base = filepath.Join(y.top, "base")
	y.before = tree(t, y.top)
	return y
}

// mustBeAsBefore fails if something was written, changed or removed.
func (y yard) mustBeAsBefore(t *testing.T, what string) {
	t.Helper()
	if diff := cmp.Diff(y.before, tree(t, y.top)); diff != "" {
		t.Errorf("%s: the directory changed (-before +after):\n%s", what, diff)
	}
}

func TestRelpathsThatLeadOutOfADirectoryWriteNothing(t *testing.T) {
	for _, relpath := range outwards() {
		h := handmade{items: []handmadeItem{{relpath: "good", content: "good"}, {relpath: relpath, content: "evil"}}}.write(t)
		client, d := h.open(t)
		y := newYard(t)
		for _, resume := range []bool{false, true} {
			_, err := client.Copy(t.Context(), d, y.base, dtool.CopyOptions{Resume: resume})
			if !errors.Is(err, dtool.ErrInvalidItem) || !strings.Contains(err.Error(), h.uri()) || !strings.Contains(err.Error(), relpath) {
				t.Errorf("copying the item %q gives %v", relpath, err)
			}
			y.mustBeAsBefore(t, relpath)
		}
	}
}

func TestRelpathsOnDiskReadNothingOutside(t *testing.T) {
	for _, relpath := range outwards() {
		y := newYard(t)
		h := handmade{items: []handmadeItem{{relpath: relpath, content: "mine"}}}
		dir := filepath.Join(y.base, "evil")
		must(t, os.MkdirAll(filepath.Join(dir, ".dtool"), 0o755))
		must(t, os.MkdirAll(filepath.Join(dir, "data", "a"), 0o755))
		h.id, h.name = "0a0a0a0a-0000-4000-8000-000000000001", "evil"
		must(t, os.WriteFile(filepath.Join(dir, ".dtool", "dtool"), []byte(h.admin(t)), 0o644))
		must(t, os.WriteFile(filepath.Join(dir, ".dtool", "manifest.json"), []byte(h.manifestOfItems(t)), 0o644))
		must(t, os.WriteFile(filepath.Join(dir, "x"), []byte("mine"), 0o644))
		other := memoryBucket()
		client := clientFor(t, other)
		d, err := client.Open(t.Context(), dir)
		must(t, err)
		id := dtool.Identifier(relpath)
		_, err = d.OpenItem(t.Context(), id)
		wantError(t, err, dtool.ErrInvalidItem, relpath)
		_, err = d.ItemPath(t.Context(), id)
		wantError(t, err, dtool.ErrInvalidItem, relpath)
		_, err = d.Verify(t.Context(), dtool.VerifyOptions{Full: true})
		wantError(t, err, dtool.ErrInvalidItem, relpath, d.URI())
		_, err = client.Copy(t.Context(), d, other.uri, dtool.CopyOptions{})
		wantError(t, err, dtool.ErrInvalidItem, relpath, d.URI())
		if keys := other.keys(t, ""); keys != nil {
			t.Errorf("%s: the bucket holds %q", relpath, keys)
		}
	}
}

func TestCacheKeepsItemsToItself(t *testing.T) {
	for _, relpath := range append(outwards(), "../../x.txt", "a./../x", "x.txt/..") {
		h := handmade{items: []handmadeItem{{relpath: relpath, content: "evil"}}}.write(t)
		top := t.TempDir()
		cache := filepath.Join(top, "a", "b", "cache")
		client := clientWith(t, dtool.Options{Environ: []string{"DTOOL_CACHE_DIRECTORY=" + cache}}, h.site)
		file, err := mustOpen(t, client, h.site, h.id).ItemPath(t.Context(), dtool.Identifier(relpath))
		must(t, err)
		if filepath.Dir(file) != filepath.Join(cache, h.id) || !strings.HasPrefix(filepath.Base(file), dtool.Identifier(relpath)) {
			t.Errorf("the item %q is fetched to %s", relpath, file)
		}
	}
}

// TestNamesOfDatasetsLeadNowhere is about the names that administrative metadata holds, by which
// a copy would go in a directory.
func TestNamesOfDatasetsLeadNowhere(t *testing.T) {
	for _, name := range []string{"../evil", "..", ".", "", "a/b", "/etc/evil", "../other", "other/.dtool", "nul\x00"} {
		h := handmade{name: name, items: []handmadeItem{{relpath: "a", content: "evil"}}}
		h = h.write(t)
		h.put(t, h.id+"/dtool", strings.ReplaceAll(h.admin(t), `"handmade"`, jsonText(t, name)), nil)
		client, d := h.open(t)
		if d.Name() != name {
			t.Fatalf("the name %q is read as %q", name, d.Name())
		}
		y := newYard(t)
		for _, resume := range []bool{false, true} {
			_, err := client.Copy(t.Context(), d, y.base, dtool.CopyOptions{Resume: resume})
			wantError(t, err, dtool.ErrInvalidName, y.base)
			y.mustBeAsBefore(t, name)
		}
	}
}

// TestCopyDoesNotGoOnElsewhere is about a copy that was begun where a name leads out of the base.
func TestCopyDoesNotGoOnElsewhere(t *testing.T) {
	h := handmade{name: "../victim", items: []handmadeItem{{relpath: "a", content: "evil"}}}.write(t)
	client, d := h.open(t)
	top := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(top, "base"), 0o755))
	must(t, os.MkdirAll(filepath.Join(top, "victim", ".dtool"), 0o755))
	proto := strings.Replace(h.admin(t), `"type": "dataset"`, `"type": "protodataset"`, 1)
	must(t, os.WriteFile(filepath.Join(top, "victim", ".dtool", "dtool"), []byte(proto), 0o644))
	before := tree(t, top)
	_, err := client.Copy(t.Context(), d, filepath.Join(top, "base"), dtool.CopyOptions{Resume: true})
	wantError(t, err, dtool.ErrInvalidName, "victim")
	if diff := cmp.Diff(before, tree(t, top)); diff != "" {
		t.Errorf("something changed (-before +after):\n%s", diff)
	}
}

// TestResumedCopyWritesThroughNoLink is about a destination in which somebody
// has put links to where a copy should not write.
func TestResumedCopyWritesThroughNoLink(t *testing.T) {
	for _, link := range []string{"data", "data/sub", ".dtool/overlays", ".dtool/tags", ".dtool"} {
		t.Run(link, func(t *testing.T) {
			h := handmade{items: []handmadeItem{{relpath: "sub/a", content: "evil"}}}.write(t)
			h.put(t, h.id+"/tags/evil", "", nil)
			h.put(t, h.id+"/overlays/evil.json", "{}", nil)
			client, d := h.open(t)
			base, outside := t.TempDir(), t.TempDir()
			must(t, os.MkdirAll(filepath.Join(base, "handmade", ".dtool"), 0o755))
			proto := strings.Replace(h.admin(t), `"type": "dataset"`, `"type": "protodataset"`, 1)
			must(t, os.WriteFile(filepath.Join(base, "handmade", ".dtool", "dtool"), []byte(proto), 0o644))
			if link == ".dtool" {
				must(t, os.RemoveAll(filepath.Join(base, "handmade", ".dtool")))
				must(t, os.WriteFile(filepath.Join(outside, "dtool"), []byte(proto), 0o644))
			}
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(base, "handmade", link)), 0o755))
			must(t, os.Symlink(outside, filepath.Join(base, "handmade", link)))
			before := tree(t, outside)
			_, err := client.Copy(t.Context(), d, base, dtool.CopyOptions{Resume: true})
			if err == nil {
				t.Error("the copy is made through a link")
			}
			if diff := cmp.Diff(before, tree(t, outside)); diff != "" {
				t.Errorf("the copy wrote through the link (-before +after):\n%s", diff)
			}
		})
	}
}

func TestRegistrationsThatPointElsewhereAreRefused(t *testing.T) {
	for _, prefix := range []string{"../../x", "u/../../x", "..", "u/..", "./", "u/\x1b[2J", "\xff"} {
		at := memoryBucket()
		fresh := at.load(t, fixtures.Mixed)
		id := fresh["5d700000-0100-4000-8000-000000000002"]
		at.put(t, "dtool-"+id, prefix, nil)
		before := at.keys(t, "")
		client := clientFor(t, at)
		_, err := client.Open(t.Context(), at.uri+"/"+id)
		wantError(t, err, dtool.ErrBadDocument, "dtool-"+id)
		if strings.Contains(err.Error(), "\x1b") || !utf8.ValidString(err.Error()) {
			t.Errorf("the error %q holds what a terminal acts on", err)
		}
		var names []string
		var failures []error
		for d, err := range client.List(t.Context(), at.uri) {
			if err != nil {
				failures = append(failures, err)
				continue
			}
			names = append(names, d.Name())
		}
		if want := []string{"mixed-no-prefix", "mixed-prefix-noslash", "mixed-proto"}; !cmp.Equal(want, names) {
			t.Errorf("prefix %q: the listing gives %q", prefix, names)
		}
		if len(failures) != 1 || !errors.Is(failures[0], dtool.ErrBadDocument) {
			t.Errorf("prefix %q: the listing fails with %v", prefix, failures)
		}

		dir := t.TempDir()
		source := mustCopy(t, client, mustOpen(t, client, at, fresh["5d700000-0100-4000-8000-000000000001"]), dir)
		admin := filepath.Join(pathOf(t, source), ".dtool", "dtool")
		text, err := os.ReadFile(admin)
		must(t, err)
		must(t, os.WriteFile(admin, []byte(strings.Replace(string(text), source.UUID(), id, 1)), 0o644))
		source, err = client.Open(t.Context(), pathOf(t, source))
		must(t, err)
		_, err = client.Copy(t.Context(), source, at.uri, dtool.CopyOptions{Resume: true})
		wantError(t, err, dtool.ErrBadDocument, "dtool-"+id)
		if diff := cmp.Diff(before, at.keys(t, "")); diff != "" {
			t.Errorf("prefix %q: the bucket changed:\n%s", prefix, diff)
		}
	}
}

func TestBrokenManifestsAreErrorsThatNameThem(t *testing.T) {
	good := handmade{items: []handmadeItem{{relpath: "a", content: "a"}}}.manifestOfItems(t)
	id := dtool.Identifier("a")
	broken := map[string]string{
		"empty":              " ",
		"null":               "null",
		"a list":             "[]",
		"no items":           `{"hash_function": "md5sum_hexdigest"}`,
		"items null":         `{"hash_function": "md5sum_hexdigest", "items": null}`,
		"items a list":       `{"hash_function": "md5sum_hexdigest", "items": []}`,
		"item null":          `{"hash_function": "md5sum_hexdigest", "items": {"` + id + `": null}}`,
		"no hash function":   strings.Replace(good, "hash_function", "other", 1),
		"another identifier": strings.Replace(good, id, dtool.Identifier("b"), 1),
		"upper case":         strings.Replace(good, id, strings.ToUpper(id), 1),
		"relpath a number":   strings.Replace(good, `"relpath":"a"`, `"relpath":1`, 1),
		"no relpath":         strings.Replace(good, `"relpath"`, `"other"`, 1),
		"negative size":      strings.Replace(good, `"size_in_bytes":1`, `"size_in_bytes":-1`, 1),
		"size beyond all":    strings.Replace(good, `"size_in_bytes":1`, `"size_in_bytes":1e300`, 1),
		"time beyond all":    strings.Replace(good, "1500000000.0", "1e999", 1),
		"not UTF-8":          "\xff\xfe" + good,
		"something behind":   good + "{}",
		"deep":               strings.Repeat("[", 1<<20),
	}
	for n := range len(good) - 1 {
		broken["cut short at "+good[:n]] = good[:n]
	}
	h := handmade{items: []handmadeItem{{relpath: "a", content: "a"}}}.write(t)
	for what, text := range broken {
		h.put(t, h.id+"/manifest.json", text, nil)
		client, d := h.open(t)
		y := newYard(t)
		_, manifestErr := d.Manifest(t.Context())
		_, verifyErr := d.Verify(t.Context(), dtool.VerifyOptions{})
		_, copyErr := client.Copy(t.Context(), d, y.base, dtool.CopyOptions{})
		for _, err := range []error{manifestErr, verifyErr, copyErr} {
			if !errors.Is(err, dtool.ErrBadDocument) || !strings.Contains(err.Error(), h.id+"/manifest.json") || len(err.Error()) > 1000 {
				t.Errorf("%.80s: the error is %.200v", what, err)
			}
		}
		y.mustBeAsBefore(t, what)
	}
}

func TestBrokenAdministrativeMetadataIsAnErrorThatNamesIt(t *testing.T) {
	h := handmade{items: []handmadeItem{{relpath: "a", content: "a"}}}.write(t)
	good := h.admin(t)
	for what, text := range map[string]string{
		"empty":             "",
		"cut short":         good[:len(good)/2],
		"a list":            "[]",
		"null":              "null",
		"no UUID":           strings.Replace(good, `"uuid"`, `"other"`, 1),
		"UUID a path":       strings.Replace(good, h.id, "../../x", 1),
		"UUID of another":   strings.Replace(good, h.id, "0a0a0a0a-0000-4000-8000-000000000001", 1),
		"UUID a number":     strings.Replace(good, `"`+h.id+`"`, "1", 1),
		"no type":           strings.Replace(good, `"type"`, `"other"`, 1),
		"type of no kind":   strings.Replace(good, `"dataset"`, `"other"`, 1),
		"deep":              strings.Repeat(`{"a":`, 100_000),
		"larger than sense": good + strings.Repeat(" ", 1<<20),
	} {
		h.put(t, h.id+"/dtool", text, nil)
		client := clientFor(t, h.site)
		_, err := client.Open(t.Context(), h.uri())
		if !errors.Is(err, dtool.ErrBadDocument) || !strings.Contains(err.Error(), h.id+"/dtool") || len(err.Error()) > 1000 {
			t.Errorf("%s: the error is %.200v", what, err)
		}
		for d, err := range client.List(t.Context(), h.site.uri) {
			if err == nil {
				t.Errorf("%s: the listing gives %v", what, d.URI())
			}
		}
	}
}

func TestBrokenMetadataOnDiskIsNoDataset(t *testing.T) {
	dir, id := diskFixture(t, fixtures.Frozen)
	admin := filepath.Join(dir, ".dtool", "dtool")
	good, err := os.ReadFile(admin)
	must(t, err)
	for _, text := range []string{"", "{", strings.Replace(string(good), id, "../../x", 1)} {
		must(t, os.WriteFile(admin, []byte(text), 0o644))
		_, err := clientFor(t).Open(t.Context(), dir)
		wantError(t, err, dtool.ErrBadDocument, ".dtool/dtool", dir)
	}
}

// An endless body is an error if it is read on.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left -= int64(len(p)); e.left < 0 {
		return 0, errors.New("the test: it was read on and on")
	}
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestSizesOfDocumentsAreBounded is about documents that a store says to be
// immense, and about those that it says to be small and that do not end.
func TestSizesOfDocumentsAreBounded(t *testing.T) {
	h := handmade{items: []handmadeItem{{relpath: "a", content: "a"}}}.write(t)
	h.put(t, h.id+"/annotations/a.json", "1", nil)
	h.put(t, h.id+"/overlays/o.json", "{}", nil)
	ctx := t.Context()
	reads := map[string]func(*dtool.Client, *dtool.Dataset) error{
		"dtool-" + h.id:              func(c *dtool.Client, _ *dtool.Dataset) error { _, err := c.Open(ctx, h.uri()); return err },
		h.id + "/dtool":              func(c *dtool.Client, _ *dtool.Dataset) error { _, err := c.Open(ctx, h.uri()); return err },
		h.id + "/manifest.json":      func(_ *dtool.Client, d *dtool.Dataset) error { _, err := d.Manifest(ctx); return err },
		h.id + "/README.yml":         func(_ *dtool.Client, d *dtool.Dataset) error { _, err := d.README(ctx); return err },
		h.id + "/annotations/a.json": func(_ *dtool.Client, d *dtool.Dataset) error { _, err := d.Annotation(ctx, "a"); return err },
		h.id + "/overlays/o.json":    func(_ *dtool.Client, d *dtool.Dataset) error { _, err := d.Overlay(ctx, "o"); return err },
	}
	for key, read := range reads {
		at := h.site
		at.store = oddStore{Store: h.store, bodies: map[string]oddBody{key: {size: 1 << 40, body: &endless{}}}}
		client, d := clientFor(t, at), (*dtool.Dataset)(nil)
		if !strings.Contains(key, "dtool") {
			d = mustOpen(t, client, at, h.id)
		}
		wantError(t, read(client, d), dtool.ErrBadDocument, key)
	}
	for _, key := range []string{"dtool-" + h.id, h.id + "/dtool"} {
		at := h.site
		at.store = oddStore{Store: h.store, bodies: map[string]oddBody{key: {size: 10, body: &endless{left: 8 << 20}}}}
		_, err := clientFor(t, at).Open(ctx, h.uri())
		wantError(t, err, dtool.ErrBadDocument, key)
	}
}

func TestExtremeNumbersInManifestsDoNoHarm(t *testing.T) {
	for _, timestamp := range []string{"0", "-1e10", "1e18", "1e300", "-1e300", "1500000000.1234567"} {
		h := handmade{items: []handmadeItem{{relpath: "a", content: "a", timestamp: timestamp}}}.write(t)
		other := memoryBucket()
		client, d := h.open(t, other)
		mustVerify(t, d)
		mustVerify(t, mustCopy(t, client, d, other.uri))
		result, err := client.Copy(t.Context(), d, t.TempDir(), dtool.CopyOptions{})
		if err == nil {
			mustVerify(t, result.Dataset)
			continue
		}
		t.Errorf("the time %s cannot be copied to a directory: %v", timestamp, err)
	}
	h := handmade{items: []handmadeItem{{relpath: "a", content: "a", size: 1 << 62}, {relpath: "b", content: "b", size: 1 << 62}, {relpath: "c", content: "c", size: 1 << 62}}}.write(t)
	client, d := h.open(t)
	report, _ := verified(t, d)
	if len(report.AlteredSize) != 3 {
		t.Errorf("verifying finds %+v", report)
	}
	_, err := client.Copy(t.Context(), d, t.TempDir(), dtool.CopyOptions{})
	wantError(t, err, storage.ErrCorrupted)
}
