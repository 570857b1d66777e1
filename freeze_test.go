package dtool_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// protoOnDisk makes a proto dataset in a directory, of files put there by hand.
func protoOnDisk(t *testing.T, w *world, contents map[string]string) (*dtool.Proto, string) {
	t.Helper()
	base := t.TempDir()
	p, err := w.Create(t.Context(), "byhand", base, dtool.CreateOptions{})
	must(t, err)
	dir := filepath.Join(base, "byhand")
	must(t, os.CopyFS(filepath.Join(dir, "data"), os.DirFS(files(t, contents))))
	return p, dir
}

func TestFreezeTakesEveryFile(t *testing.T) {
	w := newWorld(t)
	p, dir := protoOnDisk(t, w, map[string]string{"a.txt": "a", ".hidden": "h", "sub/.DS_Store": "finder"})
	outside := filepath.Join(files(t, map[string]string{"linked.txt": "elsewhere"}), "linked.txt")
	must(t, os.Symlink(outside, filepath.Join(dir, "data", "link.txt")))
	must(t, os.Symlink(filepath.Dir(outside), filepath.Join(dir, "data", "linkdir")))
	must(t, os.Mkdir(filepath.Join(dir, "data", "emptydir"), 0o755))
	for _, name := range []string{"README.yml-1536749834.5", ".DS_Store", "Thumbs.db", "desktop.ini"} {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	var warnings []string
	d, err := p.Freeze(t.Context(), dtool.FreezeOptions{Observer: dtool.Observer{Warn: func(m string) { warnings = append(warnings, m) }}})
	must(t, err)
	want := map[string]string{"a.txt": "a", ".hidden": "h", "sub/.DS_Store": "finder", "link.txt": "elsewhere"}
	if diff := cmp.Diff(want, contents(t, d)); diff != "" {
		t.Errorf("items differ:\n%s", diff)
	}
	all := strings.Join(warnings, "\n")
	if len(warnings) != 3 || !strings.Contains(all, "linkdir") || !strings.Contains(all, ".DS_Store") || !strings.Contains(all, "link.txt is a link to "+outside) {
		t.Errorf("warnings are %q", warnings)
	}
}

func TestFreezeRefusesBeforeItWrites(t *testing.T) {
	for _, test := range []struct {
		name    string
		arrange func(t *testing.T, dir string)
		kind    error
		word    string
	}{
		{name: "rogue file", kind: dtool.ErrRogue, word: "notes.txt", arrange: func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644))
		}},
		{name: "rogue directory", kind: dtool.ErrRogue, word: "more", arrange: func(t *testing.T, dir string) {
			must(t, os.Mkdir(filepath.Join(dir, "more"), 0o755))
		}},
		{name: "newline", kind: dtool.ErrNewline, word: `b\nc`, arrange: func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "data", "b\nc"), nil, 0o644))
		}},
		{name: "not UTF-8", kind: dtool.ErrUnreadable, word: `\xff`, arrange: func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "data", "latin\xff"), nil, 0o644))
		}},
		{name: "dangling link", kind: dtool.ErrUnreadable, word: "nowhere", arrange: func(t *testing.T, dir string) {
			must(t, os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "data", "nowhere")))
		}},
		{name: "socket", kind: dtool.ErrUnreadable, word: "door", arrange: func(t *testing.T, dir string) {
			t.Chdir(filepath.Join(dir, "data")) // the path of a socket must be short
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", "door")
			must(t, err)
			t.Cleanup(func() { must(t, listener.Close()) })
		}},
		{name: "data missing", kind: dtool.ErrUnreadable, word: "data", arrange: func(t *testing.T, dir string) {
			must(t, os.RemoveAll(filepath.Join(dir, "data")))
		}},
		{name: "data a file", kind: dtool.ErrRogue, word: "data", arrange: func(t *testing.T, dir string) {
			must(t, os.RemoveAll(filepath.Join(dir, "data")))
			must(t, os.WriteFile(filepath.Join(dir, "data"), nil, 0o644))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			p, dir := protoOnDisk(t, w, map[string]string{"a.txt": "a", "b.txt": "b"})
			test.arrange(t, dir)
			_, err := p.Freeze(t.Context(), dtool.FreezeOptions{})
			wantError(t, err, test.kind, test.word)
			if _, err := os.Stat(filepath.Join(dir, ".dtool", "manifest.json")); err == nil {
				t.Error("a manifest was written")
			}
			if _, err := w.OpenProto(t.Context(), p.URI()); err != nil {
				t.Errorf("the proto dataset is one no longer: %v", err)
			}
		})
	}
}

func TestFreezeWarnsOfAREADMEThatIsNotYAML(t *testing.T) {
	w := newWorld(t)
	p, _ := protoOnDisk(t, w, map[string]string{"a": "a"})
	must(t, p.WriteREADME(t.Context(), []byte("a: b: c\n")))
	var warnings []string
	d, err := p.Freeze(t.Context(), dtool.FreezeOptions{Observer: dtool.Observer{Warn: func(m string) { warnings = append(warnings, m) }}})
	must(t, err)
	if len(warnings) != 1 || !strings.Contains(warnings[0], "README.yml") || !d.Frozen() {
		t.Errorf("warnings are %q", warnings)
	}
}

func TestFreezeNoticesAFileThatChangesMeanwhile(t *testing.T) {
	w := newWorld(t)
	p, dir := protoOnDisk(t, w, map[string]string{"a": "before"})
	changed := false
	_, err := p.Freeze(t.Context(), dtool.FreezeOptions{Observer: dtool.Observer{Progress: func(dtool.Progress) {
		if !changed {
			changed = true
			must(t, os.WriteFile(filepath.Join(dir, "data", "a"), []byte("behind"), 0o600))
		}
	}}})
	wantError(t, err, storage.ErrCorrupted, "item a ", "changed")
}

func TestSymlinkDatasetWhoseFilesAreGone(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	dir := files(t, seedling())
	p, err := w.Create(t.Context(), "linked", base, dtool.CreateOptions{SymlinkTo: dir})
	must(t, err)
	must(t, os.RemoveAll(dir))
	_, err = p.Freeze(t.Context(), dtool.FreezeOptions{})
	wantError(t, err, dtool.ErrUnreadable, "dangling link")
	wantError(t, p.Add(t.Context(), []dtool.Source{{Path: files(t, seedling())}}, dtool.AddOptions{}), dtool.ErrCannotAdd)
}

func TestLimitOfItemsIsASetting(t *testing.T) {
	w := newWorld(t, "DTOOL_MAX_FILES_LIMIT=1")
	p, dir := protoOnDisk(t, w, map[string]string{"a": "a", "b": "b"})
	_, err := p.Freeze(t.Context(), dtool.FreezeOptions{})
	wantError(t, err, dtool.ErrTooManyItems, "2", "DTOOL_MAX_FILES_LIMIT")
	if _, err := os.Stat(filepath.Join(dir, ".dtool", "manifest.json")); err == nil {
		t.Error("a manifest was written")
	}
}

func TestFragmentsBecomeOverlaysAndAreRemoved(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		ctx := t.Context()
		p, err := w.Create(ctx, "fragments", base, dtool.CreateOptions{})
		must(t, err)
		must(t, p.Add(ctx, []dtool.Source{{Path: files(t, map[string]string{"a": "a", "b": "b"})}}, dtool.AddOptions{}))
		must(t, p.AddMetadata(ctx, "a", "kind", value(t, `"old"`)))
		must(t, p.AddMetadata(ctx, "a", "kind", value(t, `"new"`)))
		must(t, p.AddMetadata(ctx, "b", "dotted.name", value(t, `7`)))
		d, err := p.Freeze(ctx, dtool.FreezeOptions{})
		must(t, err)
		got := map[string][2]string{}
		names, err := d.Overlays(ctx)
		must(t, err)
		for _, name := range names {
			overlay, err := d.Overlay(ctx, name)
			must(t, err)
			got[name] = [2]string{overlay[dtool.Identifier("a")].String(), overlay[dtool.Identifier("b")].String()}
		}
		want := map[string][2]string{"kind": {"new", "None"}, "dotted.name": {"None", "7"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("overlays differ:\n%s", diff)
		}
		if !strings.Contains(base, "://") {
			if left, err := os.ReadDir(filepath.Join(base, "fragments", ".dtool", "tmp_fragments")); err == nil && len(left) > 0 {
				t.Errorf("fragments are left: %v", left)
			}
		}
	})
}

func TestFreezeThatIsInterruptedLeavesAProtoDataset(t *testing.T) {
	for writes := range int64(3) { // an overlay, the manifest, the administrative metadata
		w := newWorld(t)
		p, err := w.Create(t.Context(), "seedlings", w.bucket("plants"), dtool.CreateOptions{})
		must(t, err)
		must(t, p.Add(t.Context(), []dtool.Source{{Path: files(t, seedling())}}, dtool.AddOptions{}))
		must(t, p.AddMetadata(t.Context(), "reads.txt", "kind", value(t, `"reads"`)))
		whole := w.memory["plants"]
		w.memory["plants"] = &failing{Store: whole, after: writes}
		w.connect()
		broken, err := w.OpenProto(t.Context(), p.URI())
		must(t, err)
		_, err = broken.Freeze(t.Context(), dtool.FreezeOptions{})
		wantError(t, err, errBroken)

		w.memory["plants"] = whole
		w.connect()
		again, err := w.OpenProto(t.Context(), p.URI())
		must(t, err)
		d, err := again.Freeze(t.Context(), dtool.FreezeOptions{})
		must(t, err)
		if diff := cmp.Diff(seedling(), contents(t, d)); diff != "" {
			t.Errorf("items differ:\n%s", diff)
		}
		overlay, err := d.Overlay(t.Context(), "kind")
		must(t, err)
		if len(overlay) != len(seedling()) || overlay[dtool.Identifier("reads.txt")].String() != "reads" {
			t.Errorf("the overlay is %v", overlay)
		}
	}
}

func TestFreezeThatIsCalledOffLeavesAProtoDataset(t *testing.T) {
	w := newWorld(t)
	p, _ := protoOnDisk(t, w, seedling())
	ctx, cancel := context.WithCancel(t.Context())
	_, err := p.Freeze(ctx, dtool.FreezeOptions{Observer: dtool.Observer{Progress: func(dtool.Progress) { cancel() }}})
	wantError(t, err, context.Canceled)
	_, err = w.OpenProto(t.Context(), p.URI())
	must(t, err)
}

func TestFreezeOfAnEmptyDataset(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		p, err := w.Create(t.Context(), "empty", base, dtool.CreateOptions{})
		must(t, err)
		d, err := p.Freeze(t.Context(), dtool.FreezeOptions{})
		must(t, err)
		m, err := d.Manifest(t.Context())
		must(t, err)
		report, err := d.Verify(t.Context(), dtool.VerifyOptions{Full: true})
		must(t, err)
		if m.Len() != 0 || m.TotalSize() != 0 || !report.Good() {
			t.Errorf("an empty dataset has %d items of %d bytes and verifies as %+v", m.Len(), m.TotalSize(), report)
		}
	})
}

// TestFreezeReadsWhatIsRecordedWrongly has an item in a bucket beside which the MD5 of
// other bytes is recorded, as of a file that changed while some program added it.
func TestFreezeReadsWhatIsRecordedWrongly(t *testing.T) {
	w := newWorld(t)
	p, err := w.Create(t.Context(), "seedling", w.bucket("plants"), dtool.CreateOptions{})
	must(t, err)
	must(t, p.Add(t.Context(), []dtool.Source{{Path: files(t, map[string]string{"a.txt": "before"})}}, dtool.AddOptions{}))
	store, key := w.memory["plants"], p.UUID()+"/data/"+dtool.Identifier("a.txt")
	info, err := store.Stat(t.Context(), key)
	must(t, err)
	_, err = store.Put(t.Context(), key, strings.NewReader("after"), storage.PutOptions{Size: 5, Metadata: info.Metadata})
	must(t, err)
	d, err := p.Freeze(t.Context(), dtool.FreezeOptions{})
	must(t, err)
	report, err := d.Verify(t.Context(), dtool.VerifyOptions{Full: true})
	must(t, err)
	if got := contents(t, d); got["a.txt"] != "after" || !report.Good() {
		t.Errorf("frozen with %v, good: %v", got, report.Good())
	}
}

// TestFinishFreezeKeepsMetadataThatAreInNoOverlay has one that the freeze has taken in, and
// others that came later.
func TestFinishFreezeKeepsMetadataThatAreInNoOverlay(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	d := w.frozen(w.bucket("plants"), "seedlings", seedling())
	id := dtool.Identifier("reads.txt")
	overlay := dtool.Overlay{}
	for relpath := range seedling() {
		overlay[dtool.Identifier(relpath)] = value(t, `"reads"`)
	}
	must(t, d.SetOverlay(ctx, "kind", overlay))
	for name, text := range map[string]string{id + ".kind": `"reads"`, id + ".note": `"late"`, dtool.Identifier("empty.dat") + ".kind": `"other"`} {
		_, err := w.memory["plants"].Put(ctx, d.UUID()+"/fragments/"+name+".json", strings.NewReader(text), storage.PutOptions{Size: int64(len(text))})
		must(t, err)
	}
	must(t, d.FinishFreeze(ctx))
	var left []string
	for info, err := range w.memory["plants"].List(ctx, d.UUID()+"/fragments/", storage.Deep) {
		must(t, err)
		left = append(left, strings.TrimPrefix(info.Key, d.UUID()+"/fragments/"))
	}
	want := []string{id + ".note.json", dtool.Identifier("empty.dat") + ".kind.json"}
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
}
