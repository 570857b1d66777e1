package dtool_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

// pairs are the kinds of source and destination that a copy goes between.
func pairs(t *testing.T, test func(t *testing.T, w *world, from, to string)) {
	t.Helper()
	kinds := map[string]func(t *testing.T, w *world, name string) string{
		"directory": func(t *testing.T, _ *world, _ string) string { return t.TempDir() },
		"memory":    func(_ *testing.T, w *world, name string) string { return w.bucket(name) },
		"s3": func(t *testing.T, w *world, name string) string {
			if name == "from" {
				return w.s3(s3test.StartOwn(t)) // a copy needs another bucket
			}
			return w.s3(s3test.Start(t))
		},
	}
	for from, makeFrom := range kinds {
		for to, makeTo := range kinds {
			t.Run(from+" to "+to, func(t *testing.T) {
				w := newWorld(t)
				test(t, w, makeFrom(t, w, "from"), makeTo(t, w, "to"))
			})
		}
	}
}

func TestCopyCarriesEverything(t *testing.T) {
	pairs(t, func(t *testing.T, w *world, from, to string) {
		ctx := t.Context()
		src := w.frozen(from, "seedlings", seedling())
		must(t, src.SetTag(ctx, "rnaseq"))
		must(t, src.SetAnnotation(ctx, "params", value(t, `{"threads": 4, "rate": NaN}`)))
		must(t, src.WriteREADME(ctx, []byte("second")))
		overlay := dtool.Overlay{}
		for relpath := range seedling() {
			overlay[dtool.Identifier(relpath)] = value(t, "true")
		}
		must(t, src.SetOverlay(ctx, "is_text", overlay))

		result, err := w.Copy(ctx, src, to, dtool.CopyOptions{})
		must(t, err)
		if result.Copied != len(seedling()) || result.Kept != 0 || result.AlreadyComplete {
			t.Errorf("the copy says %+v", result)
		}
		w.connect()
		dst, err := w.OpenFrozen(ctx, result.Dataset.URI())
		must(t, err)
		mustAgree(t, src, dst)
	})
}

// mustAgree compares all that a copy carries.
func mustAgree(t *testing.T, src, dst *dtool.Dataset) {
	t.Helper()
	if diff := cmp.Diff(describe(t, src), describe(t, dst)); diff != "" {
		t.Errorf("the copy differs (-source +copy):\n%s", diff)
	}
	report, err := dst.Verify(t.Context(), dtool.VerifyOptions{Full: true})
	must(t, err)
	if !report.Good() {
		t.Errorf("the copy does not verify: %+v", report)
	}
}

type description struct {
	UUID, Name, Creator string
	Created, Frozen     int64
	README              string
	History             []dtool.READMEVersion
	Tags                []string
	Annotations         map[string]string
	Overlays            map[string]map[string]string
	Items               []dtool.Item
	Contents            map[string]string
}

func describe(t *testing.T, d *dtool.Dataset) description {
	t.Helper()
	ctx := t.Context()
	m, err := d.Manifest(ctx)
	must(t, err)
	created, _ := d.CreatedAt()
	frozen, _ := d.FrozenAt()
	about := description{
		UUID: d.UUID(), Name: d.Name(), Creator: d.Creator(),
		Created: created.UnixMicro(), Frozen: frozen.UnixMicro(),
		Annotations: map[string]string{}, Overlays: map[string]map[string]string{},
		Items: m.Items(), Contents: contents(t, d),
	}
	readme, err := d.README(ctx)
	must(t, err)
	about.README = string(readme)
	about.History, err = d.READMEHistory(ctx)
	must(t, err)
	about.Tags, err = d.Tags(ctx)
	must(t, err)
	names, err := d.Annotations(ctx)
	must(t, err)
	for _, name := range names {
		v, err := d.Annotation(ctx, name)
		must(t, err)
		about.Annotations[name] = v.String()
	}
	names, err = d.Overlays(ctx)
	must(t, err)
	for _, name := range names {
		overlay, err := d.Overlay(ctx, name)
		must(t, err)
		about.Overlays[name] = map[string]string{}
		for id, v := range overlay {
			about.Overlays[name][id] = v.String()
		}
	}
	return about
}

func TestCopyKeepsFieldsThatItDoesNotKnow(t *testing.T) {
	w := newWorld(t)
	base := t.TempDir()
	src := w.frozen(base, "seedlings", seedling())
	file := filepath.Join(base, "seedlings", ".dtool", "dtool")
	text, err := os.ReadFile(file)
	must(t, err)
	want := strings.Replace(string(text), "{", `{"grant no. é": ["`+strings.Repeat("x", 3000)+`"], `, 1)
	must(t, os.WriteFile(file, []byte(want), 0o644))
	src, err = w.OpenFrozen(t.Context(), src.URI())
	must(t, err)
	w.bucket("to")
	_, err = w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{})
	must(t, err)
	body, info, err := w.memory["to"].Get(t.Context(), src.UUID()+"/dtool", storage.Range{})
	must(t, err)
	got, err := io.ReadAll(body)
	must(t, err)
	if want := strings.ReplaceAll(want, "é", `\u00e9`); string(got) != want {
		t.Errorf("the document is %.200s", got)
	}
	if len(info.Metadata) != 7 || info.Metadata["name"] != "seedlings" {
		t.Errorf("the metadata is %v", info.Metadata)
	}
}

func TestCopyWarnsOfWhatCannotBeCompared(t *testing.T) {
	w := newWorld(t)
	base := t.TempDir()
	src := w.frozen(base, "seedlings", map[string]string{"a": "a", "b": "b"})
	file := filepath.Join(base, "seedlings", ".dtool", "manifest.json")
	text, err := os.ReadFile(file)
	must(t, err)
	const md5OfA = "0cc175b9c0f1b6a831c399e269772661"
	must(t, os.WriteFile(file, bytes.Replace(text, []byte(md5OfA), []byte(md5OfA+"-2"), 1), 0o644))
	src, err = w.OpenFrozen(t.Context(), src.URI())
	must(t, err)
	var warnings []string
	_, err = w.Copy(t.Context(), src, w.bucket("to"), dtool.CopyOptions{Observer: dtool.Observer{Warn: func(m string) { warnings = append(warnings, m) }}})
	must(t, err)
	if len(warnings) != 1 || !strings.Contains(warnings[0], "item a ") {
		t.Errorf("warnings are %q", warnings)
	}
}

func TestCopyToADirectoryRestoresTimes(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(w.bucket("plants"), "seedlings", seedling())
	m, err := src.Manifest(t.Context())
	must(t, err)
	base := t.TempDir()
	_, err = w.Copy(t.Context(), src, base, dtool.CopyOptions{})
	must(t, err)
	for _, item := range m.Items() {
		info, err := os.Stat(filepath.Join(base, "seedlings", "data", filepath.FromSlash(item.Relpath)))
		must(t, err)
		if got := float64(info.ModTime().UnixMicro()) / 1e6; got != item.Timestamp {
			t.Errorf("%s has the time %f, the manifest %f", item.Relpath, got, item.Timestamp)
		}
	}
}

func TestCopyOntoSomethingIsRefused(t *testing.T) {
	pairs(t, func(t *testing.T, w *world, from, to string) {
		src := w.frozen(from, "seedlings", seedling())
		_, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{})
		must(t, err)
		_, err = w.Copy(t.Context(), src, to, dtool.CopyOptions{})
		wantError(t, err, dtool.ErrExists)
		result, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{Resume: true})
		must(t, err)
		if !result.AlreadyComplete || result.Kept != len(seedling()) {
			t.Errorf("resuming a whole copy says %+v", result)
		}
	})
}

func TestResumeOntoAnotherDatasetIsRefused(t *testing.T) {
	w := newWorld(t)
	base := t.TempDir()
	src := w.frozen(w.bucket("plants"), "seedlings", seedling())
	w.frozen(base, "seedlings", map[string]string{"other": "other"})
	before := tree(t, base)
	_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
	wantError(t, err, dtool.ErrExists, src.UUID())
	must(t, os.Mkdir(filepath.Join(base, "files"), 0o755))
	must(t, os.WriteFile(filepath.Join(base, "files", "precious"), []byte("mine"), 0o644))
	must(t, src.Rename(t.Context(), "files"))
	_, err = w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
	wantError(t, err, dtool.ErrExists, "precious")
	before["files/"], before["files/precious"] = "", "mine"
	if diff := cmp.Diff(before, tree(t, base)); diff != "" {
		t.Errorf("a refused copy wrote something:\n%s", diff)
	}
}

// TestResumeLeavesStrangersFilesAlone resumes onto what looks a little like a
// dataset: it must be left as it is, whatever it is.
func TestResumeLeavesStrangersFilesAlone(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(w.bucket("plants"), "seedlings", seedling())
	for what, arrange := range map[string]func(dir string) error{
		"data":   func(dir string) error { return writeFile(filepath.Join(dir, "data", "reads.txt"), "precious") },
		".dtool": func(dir string) error { return writeFile(filepath.Join(dir, ".dtool", "manifest.json"), "precious") },
		"a file": func(dir string) error { return os.WriteFile(dir, []byte("precious"), 0o600) },
	} {
		base := t.TempDir()
		must(t, arrange(filepath.Join(base, "seedlings")))
		before := tree(t, base)
		_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
		wantError(t, err, dtool.ErrExists)
		if diff := cmp.Diff(before, tree(t, base)); diff != "" {
			t.Errorf("%s was changed:\n%s", what, diff)
		}
	}
}

func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

func TestResumeRefusesStraysAmongTheItems(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(w.bucket("plants"), "seedlings", seedling())
	base := t.TempDir()
	_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{})
	must(t, err)
	must(t, os.Remove(filepath.Join(base, "seedlings", ".dtool", "manifest.json")))
	stray := filepath.Join(base, "seedlings", "data", "stray")
	for _, put := range []func() error{
		func() error { return writeFile(stray, "stray") },
		func() error { return os.Symlink(stray, stray) },
	} {
		must(t, put())
		_, err = w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
		wantError(t, err, dtool.ErrExists, "stray")
		must(t, os.Remove(stray))
	}
}

// TestResumeBesideAnotherThatFinishes has a second copy end while a first one looks at
// what is there: the dataset that is frozen then stays one.
func TestResumeBesideAnotherThatFinishes(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	to := w.bucket("to")
	whole := w.memory["to"]
	w.memory["to"] = &failing{Store: whole, after: 8}
	w.connect()
	_, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{})
	wantError(t, err, errBroken)
	log := &recording{Store: whole}
	w.memory["to"] = &meanwhile{Store: log, prefix: src.UUID() + "/data/", do: func() {
		other := newWorld(t)
		other.memory["to"] = whole
		_, err := other.Copy(t.Context(), src, to, dtool.CopyOptions{Resume: true})
		must(t, err)
	}}
	w.connect()
	_, err = w.Copy(t.Context(), src, to, dtool.CopyOptions{Resume: true})
	must(t, err)
	if slices.Contains(log.log, "put proto") {
		t.Errorf("the frozen dataset became a proto dataset again: %q", log.log)
	}
}

// meanwhile is a store in which something happens after the first listing of a prefix.
type meanwhile struct {
	storage.Store
	prefix string
	do     func()
}

func (m *meanwhile) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		m.Store.List(ctx, prefix, depth)(yield)
		if prefix == m.prefix && m.do != nil {
			do := m.do
			m.do = nil
			do()
		}
	}
}

// thaw makes a frozen dataset one that is being copied, by its administrative metadata.
func thaw(t *testing.T, admin string) {
	t.Helper()
	text := readText(t, admin)
	unfinished := strings.Replace(text, `"type": "dataset"`, `"type": "protodataset"`, 1)
	if unfinished == text {
		t.Fatalf("these are no metadata of a frozen dataset: %s", text)
	}
	must(t, writeFile(admin, unfinished))
}

func TestResumeKeepsAREADMEThatWasWrittenThere(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(w.bucket("plants"), "seedlings", seedling())
	must(t, src.WriteREADME(t.Context(), []byte("theirs")))
	base := t.TempDir()
	_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{})
	must(t, err)
	must(t, os.Remove(filepath.Join(base, "seedlings", ".dtool", "manifest.json")))
	thaw(t, filepath.Join(base, "seedlings", ".dtool", "dtool"))
	must(t, writeFile(filepath.Join(base, "seedlings", "README.yml"), "mine"))
	result, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
	must(t, err)
	history, err := result.Dataset.READMEHistory(t.Context())
	must(t, err)
	var texts []string
	for _, version := range history {
		texts = append(texts, string(version.Text))
	}
	if readme, err := result.Dataset.README(t.Context()); err != nil || string(readme) != "theirs" || !slices.Contains(texts, "mine") {
		t.Errorf("the README is %q, %v, and was %q", readme, err, texts)
	}
}

// TestResumeAfterEveryWrite interrupts a copy before each of its writes in turn,
// by a store that fails, and resumes it in another process.
func TestResumeAfterEveryWrite(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, from string) {
		src := w.frozen(from, "seedlings", seedling())
		must(t, src.SetTag(t.Context(), "rnaseq"))
		must(t, src.SetAnnotation(t.Context(), "ok", value(t, "true")))
		must(t, src.WriteREADME(t.Context(), []byte("second")))
		for n := 0; ; n++ {
			to := w.bucket("to")
			whole := w.memory["to"]
			w.memory["to"] = &failing{Store: whole, after: int64(n)}
			w.connect()
			src, err := w.OpenFrozen(t.Context(), src.URI())
			must(t, err)
			_, err = w.Copy(t.Context(), src, to, dtool.CopyOptions{})
			if err == nil {
				if n < 10 {
					t.Fatalf("the copy needs %d writes only", n)
				}
				return
			}
			wantError(t, err, errBroken)
			w.memory["to"] = whole
			w.connect()
			if d, err := w.OpenFrozen(t.Context(), to+"/"+src.UUID()); err == nil {
				t.Errorf("after %d writes there is a frozen dataset: %s", n, d.URI())
			}
			result, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{Resume: n > 0})
			must(t, err)
			dst, err := w.OpenFrozen(t.Context(), result.Dataset.URI())
			must(t, err)
			mustAgree(t, src, dst)
		}
	})
}

var errBroken = errors.New("the store is broken")

// failing is a store whose Puts fail after so many of them.
type failing struct {
	storage.Store
	after  int64
	kind   error
	failed func() // is called before the first failure, if it is not nil
	puts   atomic.Int64
}

func (f *failing) Put(ctx context.Context, key string, body io.Reader, o storage.PutOptions) (storage.Info, error) {
	if n := f.puts.Add(1); n > f.after {
		if n == f.after+1 && f.failed != nil {
			f.failed()
		}
		return storage.Info{}, &storage.Error{Op: "put", Store: "failing", Key: key, Kind: f.kind, Err: errBroken}
	}
	return f.Store.Put(ctx, key, body, o)
}

func TestCopyThatMayNotBeginLeavesNothing(t *testing.T) {
	for after := range int64(5) { // of what makes a place a proto dataset
		w := newWorld(t)
		src := w.frozen(t.TempDir(), "seedlings", seedling())
		to := w.bucket("to")
		whole := w.memory["to"]
		w.memory["to"] = &failing{Store: whole, after: after, kind: storage.ErrForbidden}
		w.connect()
		_, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{})
		wantError(t, err, storage.ErrForbidden)
		w.memory["to"] = whole
		if left := w.keys(); (after < 4) != (left == nil) {
			t.Errorf("after %d writes %q are left", after, left)
		}
	}
}

// TestResumeFromTheFirstMoment resumes onto what a copy leaves that is killed
// before it has written the administrative metadata.
func TestResumeFromTheFirstMoment(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(w.bucket("plants"), "seedlings", seedling())
	for what, made := range map[string][]string{
		"the directory":    {},
		"its directories":  {".dtool/overlays/", ".dtool/tags/", "data/"},
		"the structure":    {".dtool/structure.json", "data/"},
		"README.txt":       {".dtool/structure.json", ".dtool/README.txt"},
		"half a structure": {".dtool/tmp/.unfinished-00000000-1-X"},
	} {
		base := t.TempDir()
		must(t, os.Mkdir(filepath.Join(base, "seedlings"), 0o750))
		for _, name := range made {
			path := filepath.Join(base, "seedlings", filepath.FromSlash(name))
			if strings.HasSuffix(name, "/") {
				must(t, os.MkdirAll(path, 0o750))
			} else {
				must(t, writeFile(path, "{"))
			}
		}
		_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{})
		wantError(t, err, dtool.ErrExists)
		result, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		mustAgree(t, src, result.Dataset)
	}
}

// TestReservationOfAnotherIsNotGivenUp has a copy fail at its first documents
// while another process has gone on from them and finished.
func TestReservationOfAnotherIsNotGivenUp(t *testing.T) {
	for _, kind := range []error{nil, storage.ErrForbidden} {
		w := newWorld(t)
		src := w.frozen(t.TempDir(), "seedlings", seedling())
		to := w.bucket("to")
		whole := w.memory["to"]
		w.memory["to"] = &failing{Store: whole, after: 2, kind: kind, failed: func() {
			other := newWorld(t)
			other.memory["to"] = whole
			_, err := other.Copy(t.Context(), src, to, dtool.CopyOptions{Resume: true})
			must(t, err)
		}}
		w.connect()
		_, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{})
		wantError(t, err, errBroken)
		w.memory["to"] = whole
		w.connect()
		d, err := w.OpenFrozen(t.Context(), to+"/"+src.UUID())
		must(t, err)
		mustAgree(t, src, d)
		if uris := w.uris(to); !slices.Equal(uris, []string{d.URI()}) {
			t.Errorf("after a failure of the kind %v, the bucket lists %q", kind, uris)
		}
	}
}

// TestResumeOntoACopyOfThePythonTools finds the times of the copy in its
// manifest, where this program has those of the source.
func TestResumeOntoACopyOfThePythonTools(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	src := w.frozen(w.bucket("plants"), "seedlings", seedling())
	_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{})
	must(t, err)
	file := filepath.Join(base, "seedlings", ".dtool", "manifest.json")
	text, err := os.ReadFile(file)
	must(t, err)
	other := bytes.ReplaceAll(text, []byte("1500000000"), []byte("1600000000"))
	other = bytes.ReplaceAll(other, []byte(`"utc_timestamp": 1`), []byte(`"utc_timestamp": 2`))
	must(t, os.WriteFile(file, other, 0o600))
	result, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
	must(t, err)
	if !result.AlreadyComplete || bytes.Equal(text, other) {
		t.Errorf("the copy says %+v", result)
	}
	must(t, os.WriteFile(file, bytes.Replace(text, []byte(`"hash": "`), []byte(`"hash": "0`), 1), 0o600))
	_, err = w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
	wantError(t, err, dtool.ErrExists, "other items")
}

func TestResumeThatVerifiesReadsWhatIsThere(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	result, err := w.Copy(t.Context(), src, w.bucket("to"), dtool.CopyOptions{})
	must(t, err)
	w.damage(result.Dataset, "reads.txt", func(b []byte) []byte { b[0]++; return b })
	w.memory["to"] = untold{w.memory["to"], src.UUID() + "/data/" + dtool.Identifier("reads.txt")}
	w.connect()
	for _, verify := range []bool{false, true} {
		again, err := w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{Resume: true, Verify: verify})
		must(t, err)
		if (again.Copied == 1) != verify {
			t.Errorf("verify %v: %d items were sent again", verify, again.Copied)
		}
	}
	mustAgree(t, src, result.Dataset)
}

func TestResumeThatVerifiesWantsTheMetadataToo(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	_, err := w.Copy(t.Context(), src, w.bucket("to"), dtool.CopyOptions{})
	must(t, err)
	key := src.UUID() + "/data/" + dtool.Identifier("reads.txt")
	_, err = w.memory["to"].Put(t.Context(), key, strings.NewReader("ACGT\n"), storage.PutOptions{Size: 5})
	must(t, err)
	result, err := w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{Resume: true, Verify: true})
	must(t, err)
	if info, err := w.memory["to"].Stat(t.Context(), key); err != nil || info.Metadata["checksum"] == "" || result.Copied != 1 {
		t.Errorf("the item has the metadata %v, %v", info.Metadata, err)
	}
}

// TestSlowStartDoesNotUndoAFinishedCopy has another process finish between the
// reservation and the first documents of the copy.
func TestSlowStartDoesNotUndoAFinishedCopy(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	to := w.bucket("to")
	whole := w.memory["to"]
	log := &recording{Store: whole}
	log.after = map[string]func(){"put registration": func() {
		other := newWorld(t)
		other.memory["to"] = whole
		_, err := other.Copy(t.Context(), src, to, dtool.CopyOptions{Resume: true})
		must(t, err)
	}}
	w.memory["to"] = log
	w.connect()
	_, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{})
	must(t, err)
	if slices.Contains(log.log, "put proto") {
		t.Errorf("the finished copy became a proto dataset again: %q", log.log)
	}
}

func TestCopySweepsAwayWhatAnotherLeft(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	src := w.frozen(w.bucket("plants"), "seedlings", seedling())
	left := filepath.Join(base, "seedlings", ".dtool", "tmp", ".unfinished-X")
	must(t, writeFile(left, "half"))
	_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
	must(t, err)
	if _, err := os.Stat(filepath.Dir(left)); err == nil {
		t.Error("the unfinished file is left after a copy")
	}
	must(t, writeFile(left, "half"))
	must(t, os.Remove(filepath.Join(base, "seedlings", "data", "reads.txt")))
	_, err = w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
	must(t, err)
	if _, err := os.Stat(filepath.Dir(left)); err == nil {
		t.Error("the unfinished file is left after a repair")
	}
	must(t, writeFile(left, "half"))
	_, err = w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
	must(t, err)
	if _, err := os.Stat(filepath.Dir(left)); err == nil {
		t.Error("the unfinished file is left where nothing was to be done")
	}
}

func TestResumeReplacesWhatHasTheWrongContent(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, from string) {
		src := w.frozen(from, "seedlings", seedling())
		base := t.TempDir()
		_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{})
		must(t, err)
		data := filepath.Join(base, "seedlings", "data")
		must(t, os.WriteFile(filepath.Join(data, "reads.txt"), []byte("TGCA\n"), 0o644))
		must(t, os.Remove(filepath.Join(data, "empty.dat")))
		result, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
		must(t, err)
		if result.Copied != 2 || result.Kept != len(seedling())-2 || result.AlreadyComplete {
			t.Errorf("the repair says %+v", result)
		}
		dst, err := w.OpenFrozen(t.Context(), filepath.Join(base, "seedlings"))
		must(t, err)
		mustAgree(t, src, dst)
	})
}

func TestResumeMakesALostManifestAnew(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(w.bucket("plants"), "seedlings", seedling())
	for _, damage := range []func(path string) error{
		os.Remove,
		func(path string) error { return os.Truncate(path, 100) },
		func(path string) error { return os.Truncate(path, 0) },
	} {
		base := t.TempDir()
		_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{})
		must(t, err)
		must(t, damage(filepath.Join(base, "seedlings", ".dtool", "manifest.json")))
		result, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
		must(t, err)
		if result.AlreadyComplete || result.Copied != 0 {
			t.Errorf("the repair says %+v", result)
		}
		mustAgree(t, src, result.Dataset)
		d, err := w.OpenFrozen(t.Context(), filepath.Join(base, "seedlings"))
		must(t, err)
		mustAgree(t, src, d)
	}
}

// TestResumeLeavesWhatWasChangedInAFrozenCopy puts a lost manifest right in a copy that
// has a life of its own by now.
func TestResumeLeavesWhatWasChangedInAFrozenCopy(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	src := w.frozen(w.bucket("plants"), "seedlings", seedling())
	must(t, src.SetAnnotation(ctx, "colour", value(t, `"green"`)))
	base := t.TempDir()
	copied, err := w.Copy(ctx, src, base, dtool.CopyOptions{})
	must(t, err)
	must(t, copied.Dataset.SetAnnotation(ctx, "colour", value(t, `"red"`)))
	must(t, copied.Dataset.WriteREADME(ctx, []byte("mine")))
	must(t, copied.Dataset.Rename(ctx, "weeds"))
	must(t, os.Truncate(filepath.Join(base, "seedlings", ".dtool", "manifest.json"), 100))
	result, err := w.Copy(ctx, src, base, dtool.CopyOptions{Resume: true})
	must(t, err)
	d, err := w.OpenFrozen(ctx, filepath.Join(base, "seedlings"))
	must(t, err)
	colour, err := d.Annotation(ctx, "colour")
	must(t, err)
	readme, err := d.README(ctx)
	must(t, err)
	if string(colour.JSON()) != `"red"` || string(readme) != "mine" || d.Name() != "weeds" || result.AlreadyComplete {
		t.Errorf("the copy is called %s, is %s, its README is %q, and complete before: %v", d.Name(), colour.JSON(), readme, result.AlreadyComplete)
	}
	report, err := d.Verify(ctx, dtool.VerifyOptions{Full: true})
	must(t, err)
	if !report.Good() {
		t.Errorf("it is not good: %+v", report)
	}
}

// TestLostManifestIsNotReplacedByThatOfAnother has two datasets of one UUID, as of
// somebody who has edited it by hand.
func TestLostManifestIsNotReplacedByThatOfAnother(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	to := w.bucket("to")
	_, err := w.Copy(ctx, src, to, dtool.CopyOptions{})
	must(t, err)
	store := w.memory["to"]
	must(t, store.Delete(ctx, src.UUID()+"/manifest.json"))
	info, err := store.Stat(ctx, src.UUID()+"/dtool")
	must(t, err)
	_, admin, err := store.Get(ctx, info.Key, storage.Range{})
	must(t, err)
	other := strings.Replace(readText(t, filepath.Join(strings.TrimPrefix(src.URI(), "file://workstation"), ".dtool", "dtool")), `"created_at": 1`, `"created_at": 2`, 1)
	_, err = store.Put(ctx, info.Key, strings.NewReader(other), storage.PutOptions{Size: int64(len(other)), Metadata: admin.Metadata})
	must(t, err)
	before := w.keys()
	_, err = w.Copy(ctx, src, to, dtool.CopyOptions{Resume: true})
	wantError(t, err, dtool.ErrExists, "lost its manifest")
	if after := w.keys(); !slices.Equal(before, after) {
		t.Errorf("there was %q, and is %q", before, after)
	}
}

// TestUnfinishedCopyIsNotChanged is about what a resumed copy would undo.
func TestUnfinishedCopyIsNotChanged(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	thaw(t, filepath.Join(strings.TrimPrefix(src.URI(), "file://workstation"), ".dtool", "dtool"))
	d, err := w.Open(ctx, src.URI())
	must(t, err)
	for what, err := range map[string]error{
		"rename":         d.Rename(ctx, "weeds"),
		"annotation":     d.SetAnnotation(ctx, "colour", value(t, "1")),
		"tag":            d.SetTag(ctx, "dry"),
		"tag, taken off": d.DeleteTag(ctx, "dry"),
	} {
		if !errors.Is(err, dtool.ErrUnfinished) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestResumeSendsAgainWhatIsNotRecorded resumes onto a bucket where one item has
// the checksum of other bytes, and one has none.
func TestResumeSendsAgainWhatIsNotRecorded(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	to := w.bucket("to")
	result, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{})
	must(t, err)
	for relpath, checksum := range map[string]string{"reads.txt": "", "sub/dir/with space.csv": strings.Repeat("0", 32)} {
		key := src.UUID() + "/data/" + dtool.Identifier(relpath)
		info, err := w.memory["to"].Stat(t.Context(), key)
		must(t, err)
		info.Metadata["checksum"] = checksum
		body := bytes.Repeat([]byte("?"), int(info.Size))
		_, err = w.memory["to"].Put(t.Context(), key, bytes.NewReader(body), storage.PutOptions{Size: info.Size, Metadata: info.Metadata})
		must(t, err)
	}
	again, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{Resume: true})
	must(t, err)
	if again.Copied != 2 {
		t.Errorf("%d items were sent again, want 2", again.Copied)
	}
	mustAgree(t, src, result.Dataset)
}

func TestCopyOfACorruptedSourceStops(t *testing.T) {
	pairs(t, func(t *testing.T, w *world, from, to string) {
		if strings.HasPrefix(from, "s3:") {
			from = w.bucket("from") // its objects can be changed behind the library's back
		}
		for damage, change := range map[string]func([]byte) []byte{
			"one byte flipped": func(b []byte) []byte { b[2] ^= 1; return b },
			"cut short":        func(b []byte) []byte { return b[:3] },
			"longer":           func(b []byte) []byte { return append(b, '!') },
		} {
			src := w.frozen(from, strings.ReplaceAll(damage, " ", "-"), map[string]string{"good.txt": "good", "bad.txt": "precious"})
			w.damage(src, "bad.txt", change)
			_, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{})
			wantError(t, err, storage.ErrCorrupted, "bad.txt", dtool.Identifier("bad.txt"))
			for d, err := range w.List(t.Context(), to) {
				must(t, err)
				if d.UUID() == src.UUID() && d.Frozen() {
					t.Errorf("%s: the copy was frozen", damage)
				}
			}
			w.mustLack(to, src, "bad.txt")
		}
	})
}

// damage changes the bytes of an item behind the library's back.
func (w *world) damage(d *dtool.Dataset, relpath string, change func([]byte) []byte) {
	w.t.Helper()
	if dir, ok := strings.CutPrefix(d.URI(), "file://workstation"); ok {
		file := filepath.Join(dir, "data", relpath)
		text, err := os.ReadFile(file)
		must(w.t, err)
		must(w.t, os.WriteFile(file, change(text), 0o644))
		return
	}
	bucket, uuid, _ := strings.Cut(strings.TrimPrefix(d.URI(), "mem://"), "/")
	store, key := w.memory[bucket], uuid+"/data/"+dtool.Identifier(relpath)
	body, info, err := store.Get(w.t.Context(), key, storage.Range{})
	must(w.t, err)
	text, err := io.ReadAll(body)
	must(w.t, err)
	text = change(text)
	_, err = store.Put(w.t.Context(), key, bytes.NewReader(text), storage.PutOptions{Size: int64(len(text)), Metadata: info.Metadata})
	must(w.t, err)
}

// mustLack fails if an item, or anything that is not whole, lies at a destination.
func (w *world) mustLack(base string, src *dtool.Dataset, relpath string) {
	w.t.Helper()
	switch {
	case base == "mem://to":
		if key := src.UUID() + "/data/" + dtool.Identifier(relpath); slices.Contains(w.keys(), key) {
			w.t.Errorf("%s lies at the destination", key)
		}
	case !strings.Contains(base, "://"):
		for name := range tree(w.t, filepath.Join(base, src.Name())) {
			if strings.HasSuffix(name, relpath) || strings.Contains(name, "tmp") {
				w.t.Errorf("%s lies at the destination", name)
			}
		}
	}
}

func TestCopyThatIsCalledOffCanBeResumed(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	to := w.bucket("to")
	ctx, cancel := context.WithCancel(t.Context())
	observer := dtool.Observer{Progress: func(p dtool.Progress) {
		if p.Items == 2 {
			cancel()
		}
	}}
	_, err := w.Copy(ctx, src, to, dtool.CopyOptions{Observer: observer})
	wantError(t, err, context.Canceled)
	var first *dtool.Progress
	result, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{Resume: true, Observer: dtool.Observer{Progress: func(p dtool.Progress) {
		if p.Items > 0 && first == nil {
			first = &p
		}
	}}})
	must(t, err)
	if result.Kept < 2 || first == nil || first.Items != result.Kept || first.TotalItems != len(seedling()) {
		t.Errorf("%d items were kept, and the first progress was %+v", result.Kept, first)
	}
	mustAgree(t, src, result.Dataset)
}

// TestInterruptedCopyIsNotTakenForAWhole keeps what has arrived of a copy from being
// frozen as if it were all.
func TestInterruptedCopyIsNotTakenForAWhole(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		w.environ = append(w.environ, "DTOOL_NUM_PROCESSES=1")
		w.connect()
		src := w.frozen(w.bucket("source"), "seedlings", seedling())
		w.damage(src, "reads.txt", func(b []byte) []byte { b[0]++; return b })
		_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{})
		wantError(t, err, storage.ErrCorrupted)
		uri := base + "/" + src.UUID()
		if !strings.Contains(base, "://") {
			uri = filepath.Join(base, "seedlings")
		}
		p, err := w.OpenProto(t.Context(), uri)
		must(t, err)
		_, err = p.Freeze(t.Context(), dtool.FreezeOptions{})
		wantError(t, err, dtool.ErrUnfinished, p.URI())
		file := filepath.Join(files(t, map[string]string{"f": "f"}), "f")
		wantError(t, p.Add(t.Context(), []dtool.Source{{Path: file}}, dtool.AddOptions{}), dtool.ErrUnfinished)
		_, err = w.OpenFrozen(t.Context(), uri)
		wantError(t, err, dtool.ErrNotFrozen)
		wantError(t, err, dtool.ErrUnfinished)

		w.damage(src, "reads.txt", func(b []byte) []byte { b[0]--; return b })
		result, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
		must(t, err)
		mustAgree(t, src, result.Dataset)
	})
}

func TestCopyTellsItsProgress(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	m, err := src.Manifest(t.Context())
	must(t, err)
	var last dtool.Progress
	_, err = w.Copy(t.Context(), src, w.bucket("to"), dtool.CopyOptions{Observer: dtool.Observer{Progress: func(p dtool.Progress) {
		if p.Items < last.Items || p.Bytes < last.Bytes {
			t.Errorf("progress goes back from %+v to %+v", last, p)
		}
		last = p
	}}})
	must(t, err)
	want := dtool.Progress{Phase: "Copying", Items: m.Len(), TotalItems: m.Len(), Bytes: m.TotalSize(), TotalBytes: m.TotalSize()}
	if last != want {
		t.Errorf("the last progress is %+v, want %+v", last, want)
	}
}

func TestCopyOfAProtoDatasetIsRefused(t *testing.T) {
	w := newWorld(t)
	p, err := w.Create(t.Context(), "unripe", t.TempDir(), dtool.CreateOptions{})
	must(t, err)
	_, err = w.Copy(t.Context(), p.Dataset, w.bucket("to"), dtool.CopyOptions{})
	wantError(t, err, dtool.ErrNotFrozen)
}

func TestAFileCannotBeADirectoryToo(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	p, err := w.Create(t.Context(), "both", w.bucket("plants"), dtool.CreateOptions{})
	must(t, err)
	file := filepath.Join(files(t, map[string]string{"f": "f"}), "f")
	for _, relpath := range []string{"x", "x/y/z"} {
		must(t, p.Add(t.Context(), []dtool.Source{{Path: file, Relpath: relpath}}, dtool.AddOptions{}))
	}
	d, err := p.Freeze(t.Context(), dtool.FreezeOptions{})
	must(t, err)
	_, err = w.Copy(t.Context(), d, base, dtool.CopyOptions{})
	wantError(t, err, dtool.ErrInvalidItem, "x/y/z")
	if left := tree(t, base); len(left) != 0 {
		t.Errorf("something was written: %v", left)
	}
}

func TestTooLongANameForABucketIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat(strings.Repeat("d", 200)+"/", 8) + "file"
	src := w.frozen(t.TempDir(), "deep", map[string]string{"a": "a", long: "deep"})
	_, err := w.Copy(t.Context(), src, w.bucket("to"), dtool.CopyOptions{})
	wantError(t, err, dtool.ErrInvalidItem, "2")
	if written := w.keys(); written != nil {
		t.Errorf("%q were written", written)
	}
}

// TestCopyLeavesItemsAloneThatHaveLostEverythingElse has a bucket with an item of a
// dataset of which neither registration nor metadata are there any more.
func TestCopyLeavesItemsAloneThatHaveLostEverythingElse(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	to := w.bucket("to")
	key := src.UUID() + "/data/" + dtool.Identifier("reads.txt")
	_, err := w.memory["to"].Put(t.Context(), key, strings.NewReader("precious"), storage.PutOptions{Size: 8})
	must(t, err)
	_, err = w.Copy(t.Context(), src, to, dtool.CopyOptions{})
	wantError(t, err, dtool.ErrExists)
	if keys := w.keys(); len(keys) != 1 {
		t.Errorf("in the bucket are %q", keys)
	}
}
