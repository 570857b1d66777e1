package dtool_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

func TestDatasetIsMadeFilledFrozenAndOpened(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		ctx := t.Context()
		p, err := w.Create(ctx, "seedlings", base, dtool.CreateOptions{})
		must(t, err)
		if readme, err := p.README(ctx); err != nil || len(readme) != 0 {
			t.Errorf("the README of a new dataset is %q, %v", readme, err)
		}
		must(t, p.Add(ctx, []dtool.Source{{Path: files(t, seedling())}}, dtool.AddOptions{}))
		must(t, p.Add(ctx, []dtool.Source{{Path: filepath.Join(files(t, map[string]string{"a.txt": "alone"}), "a.txt"), Relpath: "./extra/b.txt"}}, dtool.AddOptions{}))
		must(t, p.AddMetadata(ctx, "reads.txt", "kind.of.file", value(t, `"reads"`)))
		must(t, p.WriteREADME(ctx, []byte("---\nproject: leaves\n")))
		_, err = p.Freeze(ctx, dtool.FreezeOptions{})
		must(t, err)

		w.connect()
		d, err := w.OpenFrozen(ctx, p.URI()+"/")
		must(t, err)
		want := seedling()
		want["extra/b.txt"] = "alone"
		if diff := cmp.Diff(want, contents(t, d)); diff != "" {
			t.Errorf("items differ (-want +got):\n%s", diff)
		}
		if d.Name() != "seedlings" || d.Creator() != "olssont" || d.UUID() != p.UUID() || !d.Frozen() {
			t.Errorf("the dataset says name %s, creator %s, UUID %s, frozen %v", d.Name(), d.Creator(), d.UUID(), d.Frozen())
		}
		if at, ok := d.CreatedAt(); !ok || !at.Equal(noon()) {
			t.Errorf("created at %v, want %v", at, noon())
		}
		if seconds, ok := d.FrozenAtSeconds(); !ok || seconds != 1772366400.25 {
			t.Errorf("frozen at %v", seconds)
		}
		overlay, err := d.Overlay(ctx, "kind.of.file")
		must(t, err)
		if len(overlay) != len(want) || overlay[dtool.Identifier("reads.txt")].String() != "reads" || overlay[dtool.Identifier("empty.dat")].String() != "None" {
			t.Errorf("the overlay made of item metadata is %v", overlay)
		}
		report, err := d.Verify(ctx, dtool.VerifyOptions{Full: true})
		must(t, err)
		if !report.Good() || report.Unverifiable != nil {
			t.Errorf("verification finds %+v", report)
		}
	})
}

func TestFrozenDatasetTakesNoItems(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		p, err := w.Create(t.Context(), "seedlings", base, dtool.CreateOptions{})
		must(t, err)
		other, err := w.OpenProto(t.Context(), p.URI())
		must(t, err)
		_, err = other.Freeze(t.Context(), dtool.FreezeOptions{})
		must(t, err)
		file := filepath.Join(files(t, map[string]string{"late.txt": "late"}), "late.txt")
		wantError(t, p.Add(t.Context(), []dtool.Source{{Path: file}}, dtool.AddOptions{}), dtool.ErrFrozen, p.URI())
		_, err = p.Freeze(t.Context(), dtool.FreezeOptions{})
		wantError(t, err, dtool.ErrFrozen)
		_, err = w.OpenProto(t.Context(), p.URI())
		wantError(t, err, dtool.ErrFrozen)
	})
}

func TestProtoHasNoManifest(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		p, err := w.Create(t.Context(), "seedlings", base, dtool.CreateOptions{})
		must(t, err)
		_, err = p.Manifest(t.Context())
		wantError(t, err, dtool.ErrNotFrozen, p.URI())
		_, err = w.OpenFrozen(t.Context(), p.URI())
		wantError(t, err, dtool.ErrNotFrozen)
		wantError(t, p.AddMetadata(t.Context(), "nothing.txt", "key", dtool.Value{}), dtool.ErrNoItem, "nothing.txt")
	})
}

func TestMetadataOfAFrozenDatasetCanChange(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		ctx := t.Context()
		d := w.frozen(base, "seedlings", seedling())
		uri, items := d.URI(), contents(t, d)

		must(t, d.Rename(ctx, "saplings"))
		must(t, d.SetTag(ctx, "rnaseq"))
		must(t, d.SetTag(ctx, "A.thaliana"))
		must(t, d.SetTag(ctx, "mistake"))
		must(t, d.DeleteTag(ctx, "mistake"))
		must(t, d.DeleteTag(ctx, "never-there"))
		must(t, d.SetAnnotation(ctx, "ratio.of.two", value(t, "NaN")))
		overlay := dtool.Overlay{}
		for relpath := range items {
			overlay[dtool.Identifier(relpath)] = value(t, `{"b": 1, "a": [Infinity]}`)
		}
		must(t, d.SetOverlay(ctx, "shape", overlay))

		w.connect()
		d, err := w.OpenFrozen(ctx, uri)
		must(t, err)
		if d.Name() != "saplings" || d.URI() != uri {
			t.Errorf("after renaming the dataset is %s at %s", d.Name(), d.URI())
		}
		tags, err := d.Tags(ctx)
		must(t, err)
		if diff := cmp.Diff([]string{"A.thaliana", "rnaseq"}, tags); diff != "" {
			t.Errorf("tags differ:\n%s", diff)
		}
		ratio, err := d.Annotation(ctx, "ratio.of.two")
		must(t, err)
		if ratio.String() != "nan" {
			t.Errorf("the annotation is %s", ratio)
		}
		if names, err := d.Annotations(ctx); err != nil || len(names) != 1 || names[0] != "ratio.of.two" {
			t.Errorf("annotations are %q, %v", names, err)
		}
		shape, err := d.Overlay(ctx, "shape")
		must(t, err)
		if got := shape[dtool.Identifier("reads.txt")].String(); got != `{"b": 1, "a": [Infinity]}` {
			t.Errorf("the overlay's value is %s", got)
		}
		_, err = d.Annotation(ctx, "nothing")
		wantError(t, err, dtool.ErrNoAnnotation, "nothing")
		_, err = d.Overlay(ctx, "nothing")
		wantError(t, err, dtool.ErrNoOverlay, "nothing")
	})
}

func TestOverlayMustFitTheItems(t *testing.T) {
	w := newWorld(t)
	d := w.frozen(w.bucket("plants"), "two", map[string]string{"a": "a", "b": "b"})
	a, b := dtool.Identifier("a"), dtool.Identifier("b")
	wantError(t, d.SetOverlay(t.Context(), "few", dtool.Overlay{a: {}}), dtool.ErrNoItem, b)
	wantError(t, d.SetOverlay(t.Context(), "many", dtool.Overlay{a: {}, b: {}, dtool.Identifier("c"): {}}), dtool.ErrNoItem, dtool.Identifier("c"))
	if names, err := d.Overlays(t.Context()); err != nil || names != nil {
		t.Errorf("refused overlays were written: %q, %v", names, err)
	}
}

func TestOldREADMEsOfAFrozenDatasetAreKept(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		ctx := t.Context()
		d := w.frozen(base, "seedlings", seedling())
		for _, text := range []string{"first", "second", "second", "third"} {
			must(t, d.WriteREADME(ctx, []byte(text)))
		}
		if text, err := d.README(ctx); err != nil || string(text) != "third" {
			t.Errorf("the README is %q, %v", text, err)
		}
		versions, err := d.READMEHistory(ctx)
		must(t, err)
		var texts []string
		for i, version := range versions {
			texts = append(texts, string(version.Text))
			if want := noon().Add(time.Duration(i) * time.Microsecond); !version.Replaced.Equal(want) {
				t.Errorf("version %d was replaced at %v, want %v", i, version.Replaced.UTC(), want)
			}
		}
		if diff := cmp.Diff([]string{"", "first", "second"}, texts); diff != "" {
			t.Errorf("old READMEs differ:\n%s", diff)
		}
	})
}

func TestListGivesDatasetsOfABase(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		want := map[string]bool{}
		for _, name := range []string{"pear", "apple"} {
			want[w.frozen(base, name, map[string]string{"a": name}).URI()] = true
		}
		p, err := w.Create(t.Context(), "unripe", base, dtool.CreateOptions{})
		must(t, err)
		want[p.URI()] = false
		got := map[string]bool{}
		var names []string
		for d, err := range w.List(t.Context(), base) {
			must(t, err)
			if _, ours := want[d.URI()]; !ours && s3test.Start(t).External() {
				continue
			}
			got[d.URI()] = d.Frozen()
			names = append(names, d.Name())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the listing differs (-want +got):\n%s", diff)
		}
		if !strings.Contains(base, "://") && !cmp.Equal(names, []string{"apple", "pear", "unripe"}) {
			t.Errorf("datasets on disk are listed in the order %q", names)
		}
	})
}

func TestNamesAndPlacesThatAreRefused(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		before := w.uris(base)
		for _, name := range []string{"", ".", "..", "a b", "a/b", "é", strings.Repeat("x", 81)} {
			_, err := w.Create(t.Context(), name, base, dtool.CreateOptions{})
			wantError(t, err, dtool.ErrInvalidName)
		}
		if left := w.uris(base); !slices.Equal(left, before) {
			t.Errorf("a refused name left something behind: %q", left)
		}
	})
	w := newWorld(t)
	dir := t.TempDir()
	w.frozen(dir, "taken", seedling())
	_, err := w.Create(t.Context(), "taken", dir, dtool.CreateOptions{})
	wantError(t, err, dtool.ErrExists, "taken")
	_, err = w.Create(t.Context(), "name", filepath.Join(dir, "missing"), dtool.CreateOptions{})
	wantError(t, err, storage.ErrNoStore, "missing")
	_, err = w.Open(t.Context(), filepath.Join(dir, "missing"))
	wantError(t, err, dtool.ErrNotDataset, "missing")
	_, err = w.Open(t.Context(), dir)
	wantError(t, err, dtool.ErrNotDataset)
	_, err = w.Open(t.Context(), "gopher://somewhere/else")
	wantError(t, err, dtool.ErrInvalidURI, "gopher")
	_, err = w.Open(t.Context(), w.bucket("plants")+"/no-uuid")
	wantError(t, err, dtool.ErrNotDataset, "no-uuid")
}

func TestRelpathsAreCleanedOrRefused(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(files(t, map[string]string{"f": "content"}), "f")
	p, err := w.Create(t.Context(), "paths", w.bucket("plants"), dtool.CreateOptions{})
	must(t, err)
	for _, relpath := range []string{"/abs", "../up", "a/../../up", "a//b", "a/", ".", "./", "nul\x00", "latin\xff"} {
		wantError(t, p.Add(t.Context(), []dtool.Source{{Path: file, Relpath: relpath}}, dtool.AddOptions{}), dtool.ErrInvalidItem)
	}
	for _, relpath := range []string{"./a", "b/./c", "a..b", "NFC é", "NFC e\u0301"} {
		must(t, p.Add(t.Context(), []dtool.Source{{Path: file, Relpath: relpath}}, dtool.AddOptions{}))
	}
	var warned []string
	d, err := p.Freeze(t.Context(), dtool.FreezeOptions{Observer: dtool.Observer{Warn: func(m string) { warned = append(warned, m) }}})
	must(t, err)
	want := map[string]string{"a": "content", "b/c": "content", "a..b": "content", "NFC é": "content", "NFC e\u0301": "content"}
	if diff := cmp.Diff(want, contents(t, d)); diff != "" {
		t.Errorf("items differ:\n%s", diff)
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "normalisation") {
		t.Errorf("two names that look the same give the warnings %q", warned)
	}
}

func TestCreateFromLeavesItsDirectoryAlone(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		dir := files(t, seedling())
		before := tree(t, dir)
		d, err := w.CreateFrom(t.Context(), dir, "seedlings", base, dtool.CreateFromOptions{})
		must(t, err)
		if diff := cmp.Diff(seedling(), contents(t, d)); diff != "" {
			t.Errorf("items differ:\n%s", diff)
		}
		if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
			t.Errorf("the directory was changed:\n%s", diff)
		}
	})
}

func TestCreateFromThatFailsLeavesNothing(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		before := w.uris(base)
		dir := files(t, map[string]string{"a": "a", "new\nline": "refused when frozen"})
		_, err := w.CreateFrom(t.Context(), dir, "half", base, dtool.CreateFromOptions{})
		wantError(t, err, dtool.ErrNewline, `new\nline`)
		if left := w.uris(base); !slices.Equal(left, before) {
			t.Errorf("left behind: %q", left)
		}
		if !strings.Contains(base, "://") {
			if left := tree(t, base); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		}
	})
}

func TestCreateFromRefusesItsOwnDirectory(t *testing.T) {
	w := newWorld(t)
	dir := files(t, map[string]string{"a": "a", "sub/b": "b"})
	for _, base := range []string{dir, filepath.Join(dir, "sub")} {
		_, err := w.CreateFrom(t.Context(), dir, "inside", base, dtool.CreateFromOptions{})
		wantError(t, err, dtool.ErrInside, dir)
	}
	p, err := w.Create(t.Context(), "within", filepath.Join(dir, "sub"), dtool.CreateOptions{})
	must(t, err)
	wantError(t, p.Add(t.Context(), []dtool.Source{{Path: dir}}, dtool.AddOptions{}), dtool.ErrInside, dir)
	must(t, os.RemoveAll(filepath.Join(dir, "sub", "within")))
	if left := tree(t, dir); len(left) != 3 {
		t.Errorf("the directory now holds %v", left)
	}
}

func TestMetadataFindsItsItemByAnyFormOfTheRelpath(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		p, err := w.Create(t.Context(), "forms", base, dtool.CreateOptions{})
		must(t, err)
		dir := files(t, map[string]string{"sub/a": "a"})
		must(t, p.Add(t.Context(), []dtool.Source{{Path: dir, Relpath: "./top"}}, dtool.AddOptions{}))
		must(t, p.AddMetadata(t.Context(), "./top/sub/./a", "kind", value(t, `"x"`)))
		wantError(t, p.AddMetadata(t.Context(), "top/../top/sub/a", "kind", value(t, `"x"`)), dtool.ErrInvalidItem)
		d, err := p.Freeze(t.Context(), dtool.FreezeOptions{})
		must(t, err)
		overlay, err := d.Overlay(t.Context(), "kind")
		must(t, err)
		if got := overlay[dtool.Identifier("top/sub/a")].String(); len(overlay) != 1 || got != "x" {
			t.Errorf("the overlay is %v", overlay)
		}
	})
}

func TestDirectoriesOfFilesGoUnderValidRelpathsOnly(t *testing.T) {
	w := newWorld(t)
	p, err := w.Create(t.Context(), "under", w.bucket("plants"), dtool.CreateOptions{})
	must(t, err)
	dir := files(t, map[string]string{"a": "a"})
	for _, relpath := range []string{"..", "x//y", "/x", "x/../y"} {
		wantError(t, p.Add(t.Context(), []dtool.Source{{Path: dir, Relpath: relpath}}, dtool.AddOptions{}), dtool.ErrInvalidItem)
	}
	twice := []dtool.Source{{Path: dir}, {Path: filepath.Join(dir, "a")}}
	wantError(t, p.Add(t.Context(), twice, dtool.AddOptions{}), dtool.ErrInvalidItem, "more than one")
}

func TestDatasetDoesNotLieInWhatItIsMadeOf(t *testing.T) {
	w := newWorld(t)
	dir := files(t, seedling())
	_, err := w.Create(t.Context(), "self", dir, dtool.CreateOptions{SymlinkTo: dir})
	wantError(t, err, dtool.ErrInside)
	base := t.TempDir()
	d := w.frozen(base, "seedlings", seedling())
	_, err = w.Copy(t.Context(), d, filepath.Join(base, "seedlings", "data"), dtool.CopyOptions{})
	wantError(t, err, dtool.ErrInside)
	p, err := w.Create(t.Context(), "linked", base, dtool.CreateOptions{SymlinkTo: dir})
	must(t, err)
	linked, err := p.Freeze(t.Context(), dtool.FreezeOptions{})
	must(t, err)
	_, err = w.Copy(t.Context(), linked, dir, dtool.CopyOptions{})
	wantError(t, err, dtool.ErrInside)
	must(t, os.Symlink(filepath.Join(base, "seedlings", "data"), filepath.Join(base, "link")))
	for _, inside := range []string{"seedlings", "seedlings/data/sub", "link"} {
		_, err := w.Create(t.Context(), "inner", filepath.Join(base, inside), dtool.CreateOptions{})
		wantError(t, err, dtool.ErrInside)
	}
	mustAgree(t, d, d)
}

func TestAddThatMeetsAFreezeSaysSo(t *testing.T) {
	w := newWorld(t)
	p, err := w.Create(t.Context(), "seedlings", w.bucket("plants"), dtool.CreateOptions{})
	must(t, err)
	freeze := dtool.Observer{Progress: func(progress dtool.Progress) {
		if progress.Items == 1 {
			other, err := w.OpenProto(t.Context(), p.URI())
			must(t, err)
			_, err = other.Freeze(t.Context(), dtool.FreezeOptions{})
			must(t, err)
		}
	}}
	dir := files(t, map[string]string{"a": "a"})
	wantError(t, p.Add(t.Context(), []dtool.Source{{Path: dir}}, dtool.AddOptions{Observer: freeze}), dtool.ErrFrozen, "while items were added")
}

// TestFreezeNoticesWhatIsAddedMeanwhile adds an item after the items were listed
// and before the dataset is frozen, from another process.
func TestFreezeNoticesWhatIsAddedMeanwhile(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		p, err := w.Create(t.Context(), "seedlings", base, dtool.CreateOptions{})
		must(t, err)
		must(t, p.Add(t.Context(), []dtool.Source{{Path: files(t, seedling())}}, dtool.AddOptions{}))
		_, err = p.Freeze(t.Context(), dtool.FreezeOptions{Observer: dtool.Observer{Progress: func(progress dtool.Progress) {
			if progress.Items == progress.TotalItems {
				other, err := w.OpenProto(t.Context(), p.URI())
				must(t, err)
				late := files(t, map[string]string{"late": "late"})
				must(t, other.Add(t.Context(), []dtool.Source{{Path: late}}, dtool.AddOptions{}))
			}
		}}})
		wantError(t, err, storage.ErrCorrupted, "changed while it was frozen")
		again, err := w.OpenProto(t.Context(), p.URI())
		must(t, err)
		d, err := again.Freeze(t.Context(), dtool.FreezeOptions{})
		must(t, err)
		if got := contents(t, d); got["late"] != "late" {
			t.Errorf("the items are %v", got)
		}
	})
}

func TestCreateFromFreezesWhatItHasAddedAndNothingElse(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	once := false
	_, err := w.CreateFrom(t.Context(), files(t, seedling()), "seedlings", base, dtool.CreateFromOptions{
		Observer: dtool.Observer{Progress: func(progress dtool.Progress) {
			if !once && progress.Items == 1 {
				once = true
				must(t, writeFile(filepath.Join(base, "seedlings", "data", "stranger"), "mine"))
			}
		}},
	})
	wantError(t, err, storage.ErrCorrupted, "stranger")
}

func TestDiscardLeavesAnotherDatasetAlone(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := w.CreateFrom(ctx, files(t, seedling()), "seedlings", base, dtool.CreateFromOptions{
		Observer: dtool.Observer{Progress: func(progress dtool.Progress) {
			if progress.Items == 1 && ctx.Err() == nil {
				must(t, os.Rename(filepath.Join(base, "seedlings"), filepath.Join(base, "moved")))
				w.frozen(base, "seedlings", map[string]string{"mine": "mine"})
				cancel()
			}
		}},
	})
	wantError(t, err, dtool.ErrLeftBehind)
	d, err := w.OpenFrozen(t.Context(), filepath.Join(base, "seedlings"))
	must(t, err)
	if got := contents(t, d); got["mine"] != "mine" {
		t.Errorf("the other dataset holds %v", got)
	}
}

// TestDocumentsAreNotLinksToElsewhere opens a dataset that somebody made in
// order to see a file of whoever copies it.
func TestDocumentsAreNotLinksToElsewhere(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	d := w.frozen(base, "seedlings", seedling())
	secret := filepath.Join(files(t, map[string]string{"secret": "secret"}), "secret")
	for _, document := range []string{"README.yml", ".dtool/annotations/x.json", ".dtool/tags/x", ".dtool/overlays/x.json"} {
		link := filepath.Join(base, "seedlings", filepath.FromSlash(document))
		must(t, os.RemoveAll(link))
		must(t, os.Symlink(secret, link))
		w.bucket("to")
		w.connect()
		if _, err := w.Copy(t.Context(), d, "mem://to", dtool.CopyOptions{}); err == nil {
			t.Errorf("%s was copied", document)
		}
		if text, err := d.README(t.Context()); err == nil && string(text) == "secret" {
			t.Error("the README is that of a file elsewhere")
		}
		must(t, os.Remove(link))
	}
}

func TestLinkedDatasetIsListed(t *testing.T) {
	w := newWorld(t)
	base, elsewhere := t.TempDir(), t.TempDir()
	w.frozen(elsewhere, "far", seedling())
	must(t, os.Symlink(filepath.Join(elsewhere, "far"), filepath.Join(base, "near")))
	must(t, os.WriteFile(filepath.Join(base, "latin\xff"), nil, 0o644))
	want := []string{"file://workstation" + filepath.ToSlash(base) + "/near"}
	if diff := cmp.Diff(want, w.uris(base)); diff != "" {
		t.Errorf("the listing differs:\n%s", diff)
	}
}

func TestSymlinkDatasetDescribesADirectoryWhereItLies(t *testing.T) {
	w := newWorld(t)
	ctx, base, dir := t.Context(), t.TempDir(), files(t, seedling())
	p, err := w.Create(ctx, "linked", base, dtool.CreateOptions{SymlinkTo: dir})
	must(t, err)
	if want := "symlink://workstation" + filepath.ToSlash(base) + "/linked"; p.URI() != want {
		t.Errorf("the URI is %s, want %s", p.URI(), want)
	}
	file := filepath.Join(files(t, map[string]string{"f": "f"}), "f")
	wantError(t, p.Add(ctx, []dtool.Source{{Path: file}}, dtool.AddOptions{}), dtool.ErrCannotAdd)
	_, err = p.Freeze(ctx, dtool.FreezeOptions{})
	must(t, err)
	for _, uri := range []string{p.URI(), filepath.Join(base, "linked")} {
		d, err := w.OpenFrozen(ctx, uri)
		must(t, err)
		if diff := cmp.Diff(seedling(), contents(t, d)); diff != "" {
			t.Errorf("items of %s differ:\n%s", uri, diff)
		}
	}
	_, err = w.Create(ctx, "dangling", base, dtool.CreateOptions{SymlinkTo: filepath.Join(dir, "missing")})
	wantError(t, err, os.ErrNotExist, "missing")
}

func value(t *testing.T, json string) dtool.Value {
	t.Helper()
	v, err := dtool.ParseValue([]byte(json))
	must(t, err)
	return v
}

func TestOverlaysThatDoNotFitAreReadAndNotWritten(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	d := w.frozen(base, "seedlings", map[string]string{"a": "a", "b": "b"})
	m, err := d.Manifest(t.Context())
	must(t, err)
	a, b, c := dtool.Identifier("a"), dtool.Identifier("b"), dtool.Identifier("c")
	for _, test := range []struct{ text, misfit string }{
		{`{"` + a + `": 1, "` + b + `": 2}`, ""},
		{`{"` + a + `": 1}`, "it lacks 1 of 2 items"},
		{`{"` + a + `": 1, "` + b + `": 2, "` + c + `": 3}`, "it has identifiers of no item (1)"},
		{`{"` + a + `": 1, "` + c + `": 3, "x": 4}`, "it lacks 1 of 2 items, and has identifiers of none (2)"},
		{`{}`, "it lacks 2 of 2 items"},
		{`[1, 2]`, "it lacks 2 of 2 items"},
		{`null`, "it lacks 2 of 2 items"},
		{`"text"`, "it lacks 2 of 2 items"},
	} {
		must(t, writeFile(filepath.Join(base, "seedlings", ".dtool", "overlays", "dotted.name.json"), test.text))
		overlay, err := d.Overlay(t.Context(), "dotted.name")
		must(t, err)
		if got := overlay.Misfit(m); got != test.misfit {
			t.Errorf("of %s it is said that %q, want %q", test.text, got, test.misfit)
		}
		if err := d.SetOverlay(t.Context(), "written", overlay); (err == nil) != (test.misfit == "") {
			t.Errorf("writing %s gives %v", test.text, err)
		}
		result, err := w.Copy(t.Context(), d, t.TempDir(), dtool.CopyOptions{})
		must(t, err)
		copied, err := result.Dataset.Overlay(t.Context(), "dotted.name")
		must(t, err)
		if got := copied.Misfit(m); got != test.misfit {
			t.Errorf("of the copy of %s it is said that %q", test.text, got)
		}
	}
}
