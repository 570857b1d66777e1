package dtool_test

import (
	"context"
	"errors"
	"io"
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

// TestNamesOfDatasetsLeadNowhere is about the names that administrative
// metadata holds, by which a copy would go in a directory.
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

// TestCopyDoesNotGoOnElsewhere is about a copy that was begun where a name
// leads out of the base.
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

// A meddler is a store that lets somebody act before a key is read.
type meddler struct {
	storage.Store
	key  string
	acts func()
}

func (m meddler) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	if key == m.key {
		m.acts()
	}
	return m.Store.Get(ctx, key, r)
}

// TestDirectoryThatBecomesALinkMeanwhile replaces a directory of the destination while items
// are written into it. Where the link leads nothing is written, and the copy does
// not pass for a whole one.
func TestDirectoryThatBecomesALinkMeanwhile(t *testing.T) {
	outside := files(t, map[string]string{"b": "mine", "dtool": "mine", "sub/b": "mine"})
	for _, link := range []struct{ dir, target string }{
		{"data/sub", outside},
		{"data", outside},
		{".dtool/tmp", outside},
		{".dtool", outside},
		{"data/sub", "../.dtool"},
		{"data/sub", "../../../base"},
		{"data/sub", "."},
	} {
		t.Run(link.dir+" to "+filepath.Base(link.target), func(t *testing.T) {
			base := t.TempDir()
			h := handmade{items: []handmadeItem{
				{relpath: "sub/a", content: "good"}, {relpath: "sub/b", content: "evil"}, {relpath: "sub/dtool", content: "evil"},
			}}.write(t)
			dir := filepath.Join(base, "handmade", filepath.FromSlash(link.dir))
			acted := false
			h.store = meddler{h.store, h.id + "/data/" + dtool.Identifier("sub/b"), func() {
				acted = true
				must(t, os.RemoveAll(dir))
				must(t, os.Symlink(link.target, dir))
			}}
			client := clientWith(t, dtool.Options{Concurrency: 1}, h.site)
			before := tree(t, outside)
			_, err := client.Copy(t.Context(), mustOpen(t, client, h.site, h.id), base, dtool.CopyOptions{})
			if diff := cmp.Diff(before, tree(t, outside)); diff != "" {
				t.Errorf("the copy wrote through the link (-before +after):\n%s", diff)
			}
			if err == nil || !acted {
				t.Errorf("the copy passes for a whole one; the directory was replaced: %v", acted)
			}
		})
	}
}

// TestNamesOfDocumentsLeadNowhere copies annotations, overlays, tags and old READMEs whose
// names lead out of their directories.
func TestNamesOfDocumentsLeadNowhere(t *testing.T) {
	for _, key := range []string{
		"tags/../../../x", "annotations/../../../x.json", "overlays/../dtool", "tags/..", "annotations/..", "tags/sub/x", "README.yml-../../x", "README.yml-1/../../x",
		"tags//x", "overlays/.", `tags/..\..\x`, "tags/C:x", "annotations/\x1b[2J.json", "tags/a\nb",
	} {
		h := handmade{items: []handmadeItem{{relpath: "a", content: "a"}}}.write(t)
		h.store = oddStore{Store: h.store, listed: []storage.Info{{Key: h.id + "/" + key, Size: 4}}, bodies: map[string]oddBody{
			h.id + "/" + key: {size: 4, body: strings.NewReader("evil")},
		}}
		client, d := h.open(t)
		y := newYard(t)
		_, err := client.Copy(t.Context(), d, y.base, dtool.CopyOptions{})
		if err != nil && (strings.Contains(err.Error(), "\x1b") && !errors.Is(err, storage.ErrInvalidKey)) {
			t.Errorf("%q gives %v", key, err)
		}
		must(t, os.RemoveAll(filepath.Join(y.base, "handmade")))
		y.mustBeAsBefore(t, key)

		for _, name := range []string{"../x", "..", "a/b", "/x", "x\x00", ""} {
			if _, err := d.Annotation(t.Context(), name); !errors.Is(err, dtool.ErrNoAnnotation) {
				t.Errorf("the annotation %q gives %v", name, err)
			}
			if _, err := d.Overlay(t.Context(), name); !errors.Is(err, dtool.ErrNoOverlay) {
				t.Errorf("the overlay %q gives %v", name, err)
			}
			wantError(t, d.SetTag(t.Context(), name), dtool.ErrInvalidName)
			wantError(t, d.SetAnnotation(t.Context(), name, dtool.Value{}), dtool.ErrInvalidName)
			wantError(t, d.SetOverlay(t.Context(), name, dtool.Overlay{dtool.Identifier("a"): {}}), dtool.ErrInvalidName)
			must(t, d.DeleteTag(t.Context(), name))
		}
	}
}

// TestItemsThatAreLinksAreOnlyRead opens a dataset on disk in which somebody has put a link to
// a file of its reader. It is read as any item is: what is not what the manifest
// says goes nowhere.
func TestItemsThatAreLinksAreOnlyRead(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	d := w.frozen(base, "seedlings", map[string]string{"a": "a", "public": "123456"})
	secret := filepath.Join(files(t, map[string]string{"secret": "secret"}), "secret")
	item := filepath.Join(base, "seedlings", "data", "public")
	must(t, os.Remove(item))
	must(t, os.Symlink(secret, item))

	for _, to := range []string{w.bucket("to"), t.TempDir()} {
		w.connect()
		d, err := w.OpenFrozen(t.Context(), d.URI())
		must(t, err)
		_, err = w.Copy(t.Context(), d, to, dtool.CopyOptions{})
		wantError(t, err, storage.ErrCorrupted, "public")
		if !strings.Contains(to, "://") {
			for name, text := range tree(t, to) {
				if strings.Contains(text, "secret") {
					t.Errorf("%s holds the file that the link leads to", name)
				}
			}
		}
	}
	for _, key := range w.keys() {
		if strings.HasSuffix(key, dtool.Identifier("public")) {
			t.Error("the bucket holds the file that the link leads to")
		}
	}
	report, _ := verified(t, d)
	if len(report.AlteredHash) != 1 {
		t.Errorf("it verifies as %+v", report)
	}
	body, err := d.OpenItem(t.Context(), dtool.Identifier("public"))
	must(t, err)
	defer body.Close()
	if _, err := io.ReadAll(body); !errors.Is(err, storage.ErrCorrupted) {
		t.Errorf("the item is read as a right one: %v", err)
	}
}
