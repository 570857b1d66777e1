package dtool_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/storetest"
)

// rm plans a removal and carries it out.
func (w *world) rm(uri string) error {
	r, err := w.PlanRemove(w.t.Context(), uri)
	if err != nil {
		return err
	}
	return w.Remove(w.t.Context(), r, dtool.RemoveOptions{})
}

// everything gives all that lies in a base.
func (w *world) everything(base string) map[string]string {
	w.t.Helper()
	if !strings.Contains(base, "://") {
		return tree(w.t, base)
	}
	found := map[string]string{}
	store := w.memory[strings.TrimPrefix(base, "mem://")]
	for info, err := range store.List(w.t.Context(), "", storage.Deep) {
		must(w.t, err)
		found[info.Key] = info.ETag
	}
	return found
}

// mustHold fails unless a base holds exactly this.
func (w *world) mustHold(base string, want map[string]string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.everything(base)); diff != "" {
		w.t.Errorf("%s holds something else (-want +got):\n%s", base, diff)
	}
}

// onDiskAndInMemory runs a test in a directory and in a bucket that keeps its datasets
// under a prefix.
func onDiskAndInMemory(t *testing.T, test func(t *testing.T, w *world, base string)) {
	t.Helper()
	t.Run("directory", func(t *testing.T) { test(t, newWorld(t), t.TempDir()) })
	t.Run("memory", func(t *testing.T) {
		w := newWorld(t, "DTOOL_MEM_DATASET_PREFIX_plants=u/olssont")
		test(t, w, w.bucket("plants"))
	})
}

// full makes a frozen dataset with all that one can have.
func (w *world) full(base, name string) *dtool.Dataset {
	w.t.Helper()
	ctx := w.t.Context()
	d := w.frozen(base, name, seedling())
	must(w.t, d.SetTag(ctx, "green"))
	must(w.t, d.SetAnnotation(ctx, "ok", value(w.t, "true")))
	overlay := dtool.Overlay{}
	for relpath := range seedling() {
		overlay[dtool.Identifier(relpath)] = dtool.Value{}
	}
	must(w.t, d.SetOverlay(ctx, "kind", overlay))
	must(w.t, d.WriteREADME(ctx, []byte("---\na: 1\n")))
	must(w.t, d.WriteREADME(ctx, []byte("---\na: 2\n")))
	return d
}

func TestRemovalTakesTheDatasetAndNothingElse(t *testing.T) {
	onDiskAndInMemory(t, func(t *testing.T, w *world, base string) {
		ctx := t.Context()
		w.full(base, "seedling")
		w.full(base, "seedlings2")
		before := w.everything(base)
		d := w.full(base, "seedlings")
		if store := w.memory["plants"]; store != nil {
			for _, key := range []string{
				d.UUID() + "x/dtool", "u/olssont/" + d.UUID() + "x/dtool", "u/olssont/" + d.UUID(), "dtool-" + d.UUID() + "x", "u/berg/" + d.UUID() + "/dtool",
			} {
				_, err := store.Put(ctx, key, strings.NewReader(""), storage.PutOptions{})
				must(t, err)
			}
			all := w.everything(base)
			maps.DeleteFunc(all, func(key, _ string) bool {
				return key == "dtool-"+d.UUID() || strings.HasPrefix(key, "u/olssont/"+d.UUID()+"/")
			})
			before = all
			for _, key := range []string{"http_manifest.json", "index.html", "publish.json", "data/stray", "fragments/f.json", "README.yml-1234.5"} {
				_, err := store.Put(ctx, "u/olssont/"+d.UUID()+"/"+key, strings.NewReader("x"), storage.PutOptions{Size: 1})
				must(t, err)
			}
		}
		r, err := w.PlanRemove(ctx, d.URI())
		must(t, err)
		if r.URI != d.URI() || r.Dataset == nil || r.Dataset.Name() != "seedlings" || !r.Dataset.Frozen() || r.Stays != nil {
			t.Errorf("the plan is %+v", r)
		}
		if isBucket := w.memory["plants"] != nil; r.Published != isBucket {
			t.Errorf("published: %v", r.Published)
		}
		var last dtool.Progress
		must(t, w.Remove(ctx, r, dtool.RemoveOptions{Observer: dtool.Observer{Progress: func(p dtool.Progress) { last = p }}}))
		if last.Phase != "Removing" || last.Items != r.Objects || last.Bytes != r.Bytes || last.TotalItems != r.Objects {
			t.Errorf("in the end the progress was %+v of %d objects, %d bytes", last, r.Objects, r.Bytes)
		}
		w.mustHold(base, before)
		wantError(t, w.rm(d.URI()), dtool.ErrNotDataset)
	})
}

func TestRemovalOfWhatIsNoFrozenDataset(t *testing.T) {
	onDiskAndInMemory(t, func(t *testing.T, w *world, base string) {
		ctx := t.Context()
		before := w.everything(base)
		p, err := w.Create(ctx, "buds", base, dtool.CreateOptions{})
		must(t, err)
		must(t, p.Add(ctx, []dtool.Source{{Path: files(t, seedling())}}, dtool.AddOptions{}))
		must(t, p.AddMetadata(ctx, "reads.txt", "kind", value(t, "1")))
		r, err := w.PlanRemove(ctx, p.URI())
		must(t, err)
		if r.Dataset == nil || r.Dataset.Frozen() || r.Dataset.Unfinished() {
			t.Errorf("the plan of a proto dataset is %+v", r)
		}
		must(t, w.Remove(ctx, r, dtool.RemoveOptions{}))
		w.mustHold(base, before)
	})
}

// TestRemovalThatFailsCanBeEnded has each call of a removal fail, in turn, before it is
// done and after. Nobody sees half of the dataset as one, nothing else is touched, and a
// second removal ends the first.
func TestRemovalThatFailsCanBeEnded(t *testing.T) {
	for _, kind := range []storetest.Kind{storetest.Fail, storetest.LoseAnswer, storetest.BreakOff} {
		for name, environ := range map[string]string{
			"under the prefix of the settings": "DTOOL_MEM_DATASET_PREFIX_plants=u/olssont",
			"under another":                    "DTOOL_MEM_DATASET_PREFIX_plants=u/berg",
		} {
			t.Run(string(kind)+", "+name, func(t *testing.T) {
				t.Parallel()
				endsThough(t, kind, environ)
			})
		}
	}
}

func endsThough(t *testing.T, kind storetest.Kind, environ string) {
	for n := 0; ; n++ {
		w := newWorld(t, "DTOOL_MEM_DATASET_PREFIX_plants=u/olssont")
		_, base := w.shared() // which can forget uploads
		w.full(base, "others")
		before := w.everything(base)
		d := w.full(base, "seedlings")
		honest := w.memory["plants"]
		calls := 0
		faulty := storetest.NewFaulty(func(storetest.Call) storetest.Fault {
			if calls++; calls-1 == n {
				return storetest.Fault{Kind: kind, At: 1}
			}
			return storetest.Fault{}
		})
		w.memory["plants"] = faulty.Around(honest)
		w.environ[len(w.environ)-1] = environ
		w.connect()
		failed := w.rm(d.URI())
		forgot := slices.ContainsFunc(faulty.Calls(), func(call string) bool { return strings.HasPrefix(call, string(storetest.Forget)) })
		faulty.Script(nil)
		if failed == nil && n >= calls {
			if n < 8 || !forgot {
				t.Errorf("only %d calls failed, and one of them was to forget uploads: %v", n, forgot)
			}
			return
		}
		w.memory["plants"] = honest
		w.connect()
		if opened, err := w.OpenFrozen(t.Context(), d.URI()); err == nil {
			report, err := opened.Verify(t.Context(), dtool.VerifyOptions{Full: true})
			if err != nil || !report.Good() {
				t.Errorf("call %d: half of a dataset passes for one: %v, %v", n, report, err)
			}
		}
		if err := w.rm(d.URI()); err != nil && (failed != nil && len(w.everything(base)) != len(before) || !errors.Is(err, dtool.ErrNotDataset)) {
			t.Errorf("call %d of the removal failed with %v, and it cannot be ended: %v", n, failed, err)
		}
		w.mustHold(base, before)
	}
}

// TestRemovalWhereSomebodyGoesOnWriting ends, and says so.
func TestRemovalWhereSomebodyGoesOnWriting(t *testing.T) {
	w := newWorld(t)
	base := w.bucket("plants")
	d := w.full(base, "seedlings")
	honest := w.memory["plants"]
	left := 100 // so that it ends in any case
	faulty := storetest.NewFaulty(func(c storetest.Call) storetest.Fault {
		if c.Op == storetest.List && strings.HasPrefix(c.Key, d.UUID()) && left > 0 {
			left--
			_, err := honest.Put(t.Context(), c.Key+"late", strings.NewReader(""), storage.PutOptions{})
			must(t, err)
		}
		return storetest.Fault{}
	})
	w.memory["plants"] = faulty.Around(honest)
	w.connect()
	wantError(t, w.rm(d.URI()), dtool.ErrExists, "somebody goes on writing there")
}

func TestRemovalGoesByTheRegistration(t *testing.T) {
	const uuid = "0f1e2d3c-0000-4000-8000-000000000001"
	put := func(t *testing.T, w *world, keys map[string]string) {
		for key, body := range keys {
			_, err := w.memory["plants"].Put(t.Context(), key, strings.NewReader(body), storage.PutOptions{Size: int64(len(body))})
			must(t, err)
		}
	}
	neighbours := map[string]string{uuid + "/dtool": "x", "u/" + uuid + "/dtool": "x", "u/olssont/" + uuid + "/x": "x"}
	for name, test := range map[string]struct {
		body string
		top  string // empty: refused
	}{
		"without a slash":  {"u/olssont", "u/olssont" + uuid + "/"},
		"upwards":          {"../", ""},
		"upwards, further": {"u/../../", ""},
		"an empty part":    {"u//", ""},
		"a slash":          {"/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			base := w.bucket("plants")
			put(t, w, neighbours)
			if test.top == "" {
				put(t, w, map[string]string{"dtool-" + uuid: test.body})
			}
			before := w.everything(base)
			if test.top == "" {
				wantError(t, w.rm(base+"/"+uuid), dtool.ErrBadDocument)
			} else {
				put(t, w, map[string]string{"dtool-" + uuid: test.body, test.top + "dtool": "x", test.top + "data/a/b": "x"})
				must(t, w.rm(base+"/"+uuid))
			}
			w.mustHold(base, before)
		})
	}
	t.Run("no UUID", func(t *testing.T) {
		w := newWorld(t)
		base := w.bucket("plants")
		put(t, w, neighbours)
		before := w.everything(base)
		for _, uri := range []string{base, base + "/", base + "/u", base + "/" + uuid + "/data", base + "/" + uuid[1:]} {
			wantError(t, w.rm(uri), dtool.ErrNotDataset)
		}
		w.mustHold(base, before)
	})
	t.Run("a dataset within another", func(t *testing.T) {
		w := newWorld(t)
		base := w.bucket("plants")
		put(t, w, map[string]string{uuid + "/dtool": "x", uuid + "/x/1f1e2d3c-0000-4000-8000-000000000002/dtool": "x"})
		before := w.everything(base)
		wantError(t, w.rm(base+"/"+uuid), dtool.ErrInside)
		w.mustHold(base, before)
	})
	t.Run("a registration alone", func(t *testing.T) {
		w := newWorld(t)
		base := w.bucket("plants")
		put(t, w, map[string]string{"dtool-" + uuid: "u/"})
		r, err := w.PlanRemove(t.Context(), base+"/"+uuid)
		must(t, err)
		if r.Dataset != nil || r.Objects != 0 || r.Where != "u/"+uuid+"/" {
			t.Errorf("the plan is %+v", r)
		}
		must(t, w.Remove(t.Context(), r, dtool.RemoveOptions{}))
		w.mustHold(base, map[string]string{})
	})
}

// TestRemovalSaysHowFarItCame refuses deletions at some point.
func TestRemovalSaysHowFarItCame(t *testing.T) {
	for _, on := range []string{"dtool-", "UUID/dtool", "UUID/"} {
		w := newWorld(t)
		d := w.frozen(w.bucket("plants"), "seedlings", seedling())
		store := &refusing{Store: w.memory["plants"], op: "delete", key: strings.ReplaceAll(on, "UUID", d.UUID())}
		if on == "UUID/" {
			store.after = 3 // behind the question whether anything may be removed there, and the administrative metadata
		}
		w.memory["plants"] = store
		w.connect()
		err := w.rm(d.URI())
		wantError(t, err, storage.ErrForbidden, "not all was removed, 0 of 11 objects")
		if store.refused == 0 {
			t.Errorf("nothing was refused on %s", on)
		}
		if on == "UUID/" { // nobody finds what is left, with or without a registration
			_, err = w.Open(t.Context(), d.URI())
			wantError(t, err, dtool.ErrNotDataset)
		}
	}
}

// TestRemovalLeavesWhatHasChanged freezes, or replaces, what somebody has been shown.
func TestRemovalLeavesWhatHasChanged(t *testing.T) {
	onDiskAndInMemory(t, func(t *testing.T, w *world, base string) {
		ctx := t.Context()
		p, err := w.Create(ctx, "buds", base, dtool.CreateOptions{})
		must(t, err)
		r, err := w.PlanRemove(ctx, p.URI())
		must(t, err)
		_, err = p.Freeze(ctx, dtool.FreezeOptions{})
		must(t, err)
		before := w.everything(base)
		wantError(t, w.Remove(ctx, r, dtool.RemoveOptions{}), dtool.ErrExists, "nothing was removed", "has changed")
		w.mustHold(base, before)
	})
}

func TestRemovalThatIsCalledOffEnds(t *testing.T) {
	onDiskAndInMemory(t, func(t *testing.T, w *world, base string) {
		d := w.full(base, "seedlings")
		r, err := w.PlanRemove(t.Context(), d.URI())
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		before := w.everything(base)
		wantError(t, w.Remove(ctx, r, dtool.RemoveOptions{}), context.Canceled)
		w.mustHold(base, before)
	})
}

// TestRemovalOnAServer has what only programs that make directories in buckets leave, an
// upload that was begun, and a dataset beside it.
func TestRemovalOnAServer(t *testing.T) {
	server := s3test.StartOwn(t)
	w := newWorld(t)
	base := w.s3(server)
	bucket := strings.TrimPrefix(base, "s3://")
	ctx := t.Context()
	neighbour := w.frozen(base, "others", seedling())
	state := func() map[string]s3test.Object { return server.Objects(t, bucket) }
	before := state()
	d := w.full(base, "seedlings")
	for _, key := range []string{"/", "/data/", "/data/empty/"} {
		server.PutMarker(t, bucket, d.UUID()+key)
	}
	for _, key := range []string{d.UUID() + "/data/begun", neighbour.UUID() + "/data/begun"} {
		server.BeginUpload(t, bucket, key)
	}
	var warnings []string
	r, err := w.PlanRemove(ctx, d.URI())
	must(t, err)
	must(t, w.Remove(ctx, r, dtool.RemoveOptions{Observer: dtool.Observer{Warn: func(m string) { warnings = append(warnings, m) }}}))
	if diff := cmp.Diff(before, state()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if left := server.Uploads(t, bucket); !slices.Equal(left, []string{neighbour.UUID() + "/data/begun"}) {
		t.Errorf("the uploads of %q are left", left)
	}
	if warnings != nil {
		t.Errorf("it warned: %q", warnings)
	}
}

func at(base string, parts ...string) string {
	return filepath.Join(append([]string{base}, parts...)...)
}

// TestRemovalOfADirectoryStaysInIt has links of all kinds out of a dataset.
func TestRemovalOfADirectoryStaysInIt(t *testing.T) {
	w := newWorld(t)
	base, outside := t.TempDir(), files(t, map[string]string{"kept/a": "a", "b": "b"})
	w.full(base, "others")
	before := w.everything(base)
	d := w.full(base, "seedlings")
	dir := at(base, "seedlings")
	for link, target := range map[string]string{
		"data/dir": outside, "data/file": at(outside, "b"), "data/near": "../../others/data", "data/dangling": "nowhere",
		"data/loop": "loop", ".dtool/dir": outside, ".dtool/tags/near": "../../../others/.dtool",
	} {
		must(t, os.Symlink(target, at(dir, filepath.FromSlash(link))))
	}
	must(t, os.Link(at(outside, "b"), at(dir, "data", "hard")))
	must(t, os.MkdirAll(at(dir, "data", "empty", "dirs"), 0o755))
	must(t, os.WriteFile(at(dir, "data", "not\xffUTF-8"), nil, 0o400))
	must(t, os.WriteFile(at(dir, ".DS_Store"), nil, 0o644))
	must(t, w.rm(d.URI()))
	w.mustHold(base, before)
	if diff := cmp.Diff(map[string]string{"kept/": "", "kept/a": "a", "b": "b"}, tree(t, outside)); diff != "" {
		t.Error(diff)
	}
}

func TestRemovalOfASymlinkDatasetLeavesItsFiles(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newWorld(t)
		base, there := t.TempDir(), files(t, seedling())
		want := tree(t, there)
		d, err := w.Create(t.Context(), "linked", base, dtool.CreateOptions{SymlinkTo: there})
		must(t, err)
		if gone {
			must(t, os.Rename(there, there+"-moved"))
			t.Cleanup(func() { os.RemoveAll(there + "-moved") })
			there += "-moved"
		}
		must(t, w.rm(d.URI()))
		w.mustHold(base, map[string]string{})
		if diff := cmp.Diff(want, tree(t, there)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestRemovalLeavesWhatIsNotTheDatasets has files and directories beside the data.
func TestRemovalLeavesWhatIsNotTheDatasets(t *testing.T) {
	w := newWorld(t)
	base := t.TempDir()
	d := w.full(base, "seedlings")
	dir := at(base, "seedlings")
	must(t, os.MkdirAll(at(dir, "results", "empty"), 0o755))
	must(t, os.WriteFile(at(dir, "results", "fit.csv"), []byte("1\n"), 0o644))
	must(t, os.WriteFile(at(dir, "todo.txt"), []byte("x"), 0o644))
	must(t, os.MkdirAll(at(dir, "README.yml-old"), 0o755))
	r, err := w.PlanRemove(t.Context(), d.URI())
	must(t, err)
	if want := []string{"README.yml-old/", "results/", "todo.txt"}; !slices.Equal(r.Stays, want) {
		t.Errorf("what stays is %q, want %q", r.Stays, want)
	}
	must(t, w.Remove(t.Context(), r, dtool.RemoveOptions{}))
	w.mustHold(base, map[string]string{
		"seedlings/": "", "seedlings/README.yml-old/": "", "seedlings/results/": "", "seedlings/results/empty/": "",
		"seedlings/results/fit.csv": "1\n", "seedlings/todo.txt": "x",
	})
	wantError(t, w.rm(d.URI()), dtool.ErrNotDataset)
}

// TestWhatIsNoDatasetIsNotRemoved has directories that are none, some of which look a
// little like one.
func TestWhatIsNoDatasetIsNotRemoved(t *testing.T) {
	for name, made := range map[string][]string{
		"a directory of files":          {"x/data/a"},
		"a base":                        {"x/data/a", "x/leaves/.dtool/dtool"},
		"a base of nothing but empties": {"x/leaves/", "x/roots/"},
		"directories for data":          {"x/data/"},
		"somebody else's .dtool":        {"x/.dtool/config", "x/data/a"},
		"nothing":                       {},
		"a file":                        {"x"},
		"a file and no more":            {"x/.DS_Store"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			base := t.TempDir()
			for _, path := range made {
				must(t, os.MkdirAll(filepath.Dir(at(base, path)), 0o755))
				if strings.HasSuffix(path, "/") {
					must(t, os.MkdirAll(at(base, path), 0o755))
				} else {
					must(t, os.WriteFile(at(base, path), nil, 0o644))
				}
			}
			before := w.everything(base)
			wantError(t, w.rm(at(base, "x")), dtool.ErrNotDataset)
			w.mustHold(base, before)
		})
	}
	t.Run("a link to a dataset", func(t *testing.T) {
		w := newWorld(t)
		base := t.TempDir()
		w.frozen(base, "seedlings", seedling())
		must(t, os.Symlink("seedlings", at(base, "link")))
		before := tree(t, at(base, "seedlings"))
		for _, uri := range []string{at(base, "link"), at(base, "link") + "/", "file://workstation" + at(base, "link")} {
			wantError(t, w.rm(uri), dtool.ErrInvalidURI, "name the directory itself")
		}
		if diff := cmp.Diff(before, tree(t, at(base, "seedlings"))); diff != "" {
			t.Error(diff)
		}
	})
}

// TestRemovalOfRemains has what interrupted makers and removals leave in a directory.
func TestRemovalOfRemains(t *testing.T) {
	for name, left := range map[string][]string{
		"nothing but the directory":   {"x/"},
		"the first documents":         {"x/.dtool/README.txt", "x/.dtool/overlays/", "x/data/"},
		"a file that is not whole":    {"x/.dtool/tmp/.unfinished-1"},
		"data without metadata":       {"x/.dtool/structure.json", "x/data/a", "x/data/sub/b", "x/README.yml"},
		"data without a structure":    {"x/.dtool/manifest.json", "x/data/a"},
		"damaged metadata":            {"x/.dtool/dtool", "x/data/a"},
		"empty directories":           {"x/.dtool/tags/", "x/.dtool/overlays/"},
		"no more than one is left of": {"x/.dtool/"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			base := t.TempDir()
			for _, path := range left {
				must(t, os.MkdirAll(filepath.Dir(at(base, path)+"/"), 0o755))
				if !strings.HasSuffix(path, "/") {
					must(t, os.RemoveAll(at(base, path)))
					must(t, os.WriteFile(at(base, path), nil, 0o644))
				}
			}
			r, err := w.PlanRemove(t.Context(), at(base, "x"))
			must(t, err)
			if r.Dataset != nil {
				t.Errorf("the plan is %+v", r)
			}
			must(t, w.Remove(t.Context(), r, dtool.RemoveOptions{}))
			w.mustHold(base, map[string]string{})
		})
	}
}

// TestRemovalOnDiskSeesWhatCameAfterTheFreeze: files that are no items are counted, and a
// dataset among them is in the way, unless it was frozen as items.
func TestRemovalOnDiskSeesWhatCameAfterTheFreeze(t *testing.T) {
	w := newWorld(t)
	base, elsewhere := t.TempDir(), t.TempDir()
	w.frozen(elsewhere, "victim", seedling())
	outer, err := w.CreateFrom(t.Context(), elsewhere, "outer", base, dtool.CreateFromOptions{})
	must(t, err)
	mustHaveStrays := func(want int) {
		t.Helper()
		r, err := w.PlanRemove(t.Context(), outer.URI())
		must(t, err)
		if r.Strays != want {
			t.Errorf("%d strays, want %d", r.Strays, want)
		}
	}
	mustHaveStrays(0)
	data := filepath.Join(base, "outer", "data")
	must(t, os.WriteFile(filepath.Join(data, "victim", "late.txt"), nil, 0o600))
	mustHaveStrays(1)
	late := filepath.Join(data, "victim", "late")
	must(t, os.CopyFS(late, os.DirFS(filepath.Join(elsewhere, "victim"))))
	before := w.everything(base)
	wantError(t, w.rm(outer.URI()), dtool.ErrInside, "data/victim/late")
	w.mustHold(base, before)
	must(t, w.rm(late))
	must(t, w.rm(outer.URI()))
	w.mustHold(base, map[string]string{})
}
