package dtool_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/storage"
)

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
