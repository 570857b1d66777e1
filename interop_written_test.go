package dtool_test

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/internal/s3test"
)

// What this program writes must be, to the letter, what the Python tools write
// of the same dataset. Only these differ, and are made alike before texts are
// compared.
func normalised(name, text, id string) string {
	text = strings.ReplaceAll(text, id, "UUID")
	text = regexp.MustCompile(`(_version": ")\d+\.\d+\.\d+"`).ReplaceAllString(text, `${1}VERSION"`)
	switch path.Base(name) {
	case "README.txt":
		return "the project's own words"
	case "manifest.json":
		// In a bucket an item has the time when it was stored.
		return regexp.MustCompile(`("utc_timestamp": )\d+\.0\b`).ReplaceAllString(text, "${1}TIME")
	}
	return text
}

// anObject is an object, its body and metadata without what may differ.
type anObject struct {
	Metadata map[string]string
	Body     string
}

func normalisedObject(key string, metadata map[string]string, body []byte, id string) (string, anObject) {
	o := anObject{Metadata: map[string]string{}, Body: normalised(key, string(body), id)}
	for name, value := range metadata {
		value = strings.ReplaceAll(value, id, "UUID")
		if name == "dtoolcore_version" {
			value = regexp.MustCompile(`^\d+\.\d+\.\d+$`).ReplaceAllString(value, "VERSION")
		}
		o.Metadata[name] = value
	}
	return strings.ReplaceAll(key, id, "UUID"), o
}

func TestBucketIsWrittenAsThePythonToolsWriteIt(t *testing.T) {
	const fixtureID = "5d700000-0015-4000-8000-000000000001"
	objects, err := fixtures.Objects(fixtures.Newest)
	must(t, err)
	want := map[string]anObject{}
	items := map[string]string{}
	for _, o := range objects {
		key, object := normalisedObject(o.Key, o.Metadata, o.Body, fixtureID)
		want[key] = object
		items[path.Base(o.Key)] = string(o.Body)
	}

	at := bucketOn(t, s3test.Start(t))
	id := writeAgain(t, at, "hist-0.15.0", at.uri, items)
	got := map[string]anObject{}
	for _, key := range append(at.keys(t, at.root(t, id)), "dtool-"+id) {
		o := at.server.Object(t, at.bucket, key)
		key, object := normalisedObject(key, o.Metadata, o.Body, id)
		got[key] = object
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is written differs (-want +got):\n%s", diff)
	}
	if text, _ := at.get(t, at.root(t, id)+"structure.json"); !readersExpectBase64(t, text) {
		t.Errorf("Python readers would take handles for bare ones, because of %s", text)
	}
	if about, _ := at.get(t, at.root(t, id)+"README.txt"); !strings.Contains(about, id+"/data/") {
		t.Errorf("README.txt does not say where the items are: %s", about)
	}
}

// readersExpectBase64 reads the structure document as dtool-s3 does since 0.14.0.
func readersExpectBase64(t *testing.T, structure string) bool {
	t.Helper()
	var doc struct {
		Version string `json:"storage_broker_version"`
	}
	must(t, json.Unmarshal([]byte(structure), &doc))
	var version []int
	for part := range strings.SplitSeq(doc.Version, ".") {
		n, err := strconv.Atoi(part)
		must(t, err)
		version = append(version, n)
	}
	return slices.Compare(version, []int{0, 14, 1}) >= 0
}

func TestDirectoryIsWrittenAsThePythonToolsWriteIt(t *testing.T) {
	fixture, fixtureID := diskFixture(t, fixtures.Frozen)
	items := map[string]string{}
	for name, body := range partsOnDisk(t, fixture) {
		if id, ok := strings.CutPrefix(name, "data/"); ok {
			items[id] = body
		}
	}
	base := t.TempDir()
	id := writeAgain(t, site{}, fixtures.Frozen, base, items)
	want, got := tree(t, fixture), tree(t, filepath.Join(base, fixtures.Frozen))
	for name, text := range want {
		want[name] = sortedOverlay(name, normalised(name, text, fixtureID))
	}
	for name, text := range got {
		got[name] = sortedOverlay(name, normalised(name, text, id))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is written differs (-want +got):\n%s", diff)
	}
}

// sortedOverlay sorts the lines of an overlay, which has its keys as they came.
func sortedOverlay(name, text string) string {
	if path.Base(path.Dir(name)) != "overlays" {
		return text
	}
	lines := strings.Split(strings.ReplaceAll(text, ",\n", "\n"), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// writeAgain makes the dataset of the newest fixtures anew, at the same
// times, and gives its UUID. The items are given by identifier.
func writeAgain(t *testing.T, at site, name, base string, items map[string]string) string {
	t.Helper()
	ctx, now := t.Context(), fixtureCreated
	clock := func() time.Time { return time.UnixMicro(int64(now * 1e6)) }
	client := clientWith(t, dtool.Options{Now: clock}, at)
	p, err := client.Create(ctx, name, base, dtool.CreateOptions{})
	must(t, err)
	if at.server != nil {
		at.removeAfter(t, p.UUID())
	}
	must(t, p.WriteREADME(ctx, []byte(fixtureREADME)))
	for annotation, text := range fixtureAnnotations() {
		must(t, p.SetAnnotation(ctx, annotation, value(t, text)))
	}
	must(t, p.SetTag(ctx, "rnaseq"))
	must(t, p.SetTag(ctx, "A.thaliana"))
	isText := frozenWith(described("", "", false), fixtureItems()).Overlays["is_text"]
	for _, item := range fixtureItems() {
		file := filepath.Join(t.TempDir(), "file")
		must(t, os.WriteFile(file, []byte(items[item.Identifier]), 0o644))
		must(t, os.Chtimes(file, fixtures.ItemTime(), fixtures.ItemTime()))
		must(t, p.Add(ctx, []dtool.Source{{Path: file, Relpath: item.Relpath}}, dtool.AddOptions{}))
		must(t, p.AddMetadata(ctx, item.Relpath, "is_text", value(t, isText[item.Identifier])))
	}
	now = fixtureFrozen
	_, err = p.Freeze(ctx, dtool.FreezeOptions{})
	must(t, err)
	return p.UUID()
}

func TestNewDirectoryHasItsEmptyDirectories(t *testing.T) {
	base := t.TempDir()
	_, err := clientFor(t).Create(t.Context(), "new", base, dtool.CreateOptions{})
	must(t, err)
	var names []string
	for name := range tree(t, filepath.Join(base, "new")) {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{
		".dtool/", ".dtool/README.txt", ".dtool/annotations/", ".dtool/dtool", ".dtool/overlays/",
		".dtool/structure.json", ".dtool/tags/", "README.yml", "data/",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("a new dataset holds other files (-want +got):\n%s", diff)
	}
}
