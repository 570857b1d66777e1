package dtool_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// refusing is a store that refuses one kind of call on the keys or prefixes
// that begin with its own. It counts what it has refused.
type refusing struct {
	storage.Store
	op, key string // op is get, stat, list, put or delete
	after   int    // how many such calls are allowed first

	mu      sync.Mutex
	refused int
}

func (s *refusing) refuses(op, key string) error {
	if op != s.op || !strings.HasPrefix(key, s.key) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.after--; s.after >= 0 {
		return nil
	}
	s.refused++
	return &storage.Error{Op: op, Store: "refusing", Key: key, Kind: storage.ErrForbidden}
}

func (s *refusing) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	if err := s.refuses("get", key); err != nil {
		return nil, storage.Info{}, err
	}
	return s.Store.Get(ctx, key, r)
}

func (s *refusing) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := s.refuses("stat", key); err != nil {
		return storage.Info{}, err
	}
	return s.Store.Stat(ctx, key)
}

func (s *refusing) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	if err := s.refuses("list", prefix); err != nil {
		return func(yield func(storage.Info, error) bool) { yield(storage.Info{}, err) }
	}
	return s.Store.List(ctx, prefix, depth)
}

func (s *refusing) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := s.refuses("delete", key); err != nil {
			return err
		}
	}
	return s.Store.Delete(ctx, keys...)
}

// TestRefusalIsNeverAbsence makes the store refuse each call that an operation
// makes, one kind on one place at a time. Then the operation must fail with
// that refusal, and never go on as if nothing were there.
func TestRefusalIsNeverAbsence(t *testing.T) {
	const uuid = "UUID" // stands for the dataset's
	for _, test := range []struct {
		what string
		use  func(w *world, uri string) error
		on   []string // op and key
	}{
		{"open", func(w *world, uri string) error {
			_, err := w.Open(w.t.Context(), uri)
			return err
		}, []string{"get dtool-UUID", "get UUID/dtool"}},
		{"list", func(w *world, _ string) error {
			for _, err := range w.List(w.t.Context(), "mem://plants") {
				if err != nil {
					return err
				}
			}
			return nil
		}, []string{"list dtool-", "get UUID/dtool"}},
		{"README", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			_, err := d.README(ctx)
			return err
		}), []string{"get UUID/README.yml"}},
		{"README history", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			_, err := d.READMEHistory(ctx)
			return err
		}), []string{"list UUID/README.yml-"}},
		{"writing the README", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			return d.WriteREADME(ctx, []byte("new"))
		}), []string{"get UUID/README.yml", "list UUID/README.yml-", "get UUID/dtool"}},
		{"annotation", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			_, err := d.Annotation(ctx, "ok")
			return err
		}), []string{"get UUID/annotations/ok.json"}},
		{"annotations", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			_, err := d.Annotations(ctx)
			return err
		}), []string{"list UUID/annotations/"}},
		{"tags", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			_, err := d.Tags(ctx)
			return err
		}), []string{"list UUID/tags/"}},
		{"overlays", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			_, err := d.Overlays(ctx)
			return err
		}), []string{"list UUID/overlays/"}},
		{"overlay", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			_, err := d.Overlay(ctx, "kind")
			return err
		}), []string{"get UUID/overlays/kind.json"}},
		{"manifest", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			_, err := d.Manifest(ctx)
			return err
		}), []string{"get UUID/manifest.json"}},
		{"verify", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			_, err := d.Verify(ctx, dtool.VerifyOptions{Full: true})
			return err
		}), []string{"list UUID/data/", "get UUID/data/"}},
		{"rename", onDataset(func(ctx context.Context, d *dtool.Dataset) error {
			return d.Rename(ctx, "new")
		}), []string{"get UUID/dtool"}},
		{"copy from there", func(w *world, uri string) error {
			d, err := w.Open(w.t.Context(), uri)
			must(w.t, err)
			_, err = w.Copy(w.t.Context(), d, w.t.TempDir(), dtool.CopyOptions{})
			return err
		}, []string{
			"get UUID/manifest.json", "get UUID/README.yml", "get UUID/data/", "list UUID/README.yml-",
			"list UUID/annotations/", "list UUID/tags/", "list UUID/overlays/", "get UUID/tags/",
		}},
		{"copy to there", func(w *world, uri string) error {
			d, err := w.OpenFrozen(w.t.Context(), w.bucketOfSource(uri))
			must(w.t, err)
			_, err = w.Copy(w.t.Context(), d, "mem://plants", dtool.CopyOptions{})
			return err
		}, []string{"get dtool-UUID"}},
		{"resume to there", func(w *world, uri string) error {
			d, err := w.OpenFrozen(w.t.Context(), w.bucketOfSource(uri))
			must(w.t, err)
			_, err = w.Copy(w.t.Context(), d, "mem://plants", dtool.CopyOptions{Resume: true})
			return err
		}, []string{"get dtool-UUID", "get UUID/dtool", "get UUID/manifest.json", "list UUID/data/"}},
	} {
		for _, on := range test.on {
			t.Run(test.what+", "+on, func(t *testing.T) {
				w := newWorld(t)
				d := w.frozen(w.bucket("plants"), "seedlings", seedling())
				must(t, d.SetTag(t.Context(), "rnaseq"))
				must(t, d.SetAnnotation(t.Context(), "ok", value(t, "true")))
				overlay := dtool.Overlay{}
				for relpath := range seedling() {
					overlay[dtool.Identifier(relpath)] = dtool.Value{}
				}
				must(t, d.SetOverlay(t.Context(), "kind", overlay))
				_, err := w.Copy(t.Context(), d, w.bucket("source"), dtool.CopyOptions{})
				must(t, err)

				op, key, _ := strings.Cut(strings.ReplaceAll(on, uuid, d.UUID()), " ")
				store := &refusing{Store: w.memory["plants"], op: op, key: key}
				w.memory["plants"] = store
				w.connect()
				wantError(t, test.use(w, d.URI()), storage.ErrForbidden)
				if store.refused == 0 {
					t.Errorf("%s asks nothing of %s", test.what, on)
				}
			})
		}
	}
}

// TestRefusedLookIsLeftToTheListing has a store that lists items and lets nobody look at
// one. The ETag of one of them is no MD5.
func TestRefusedLookIsLeftToTheListing(t *testing.T) {
	for _, answers := range []bool{true, false} {
		w := newWorld(t)
		src := w.frozen(w.bucket("source"), "seedlings", seedling())
		_, err := w.Copy(t.Context(), src, w.bucket("plants"), dtool.CopyOptions{})
		must(t, err)
		store := &refusing{Store: w.memory["plants"], op: "stat", key: src.UUID() + "/data/"}
		w.memory["plants"] = store
		if !answers {
			w.memory["plants"] = ofParts{store}
		}
		w.connect()
		result, err := w.Copy(t.Context(), src, "mem://plants", dtool.CopyOptions{Resume: true})
		if answers {
			must(t, err)
			if result.Kept != len(seedling()) {
				t.Errorf("the second copy says %+v", result)
			}
		} else {
			wantError(t, err, storage.ErrForbidden)
		}
		if store.refused == 0 {
			t.Error("nothing was refused")
		}
	}
}

// ofParts lists all objects as if they had been sent in parts.
type ofParts struct{ storage.Store }

func (s ofParts) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range s.Store.List(ctx, prefix, depth) {
			info.ETag += "-2"
			if !yield(info, err) {
				return
			}
		}
	}
}

// TestRefusalWhileACopyGoesOn lets a resumed copy look at the destination once,
// and refuses it the second look, by which it would see that another process
// has finished meanwhile.
func TestRefusalWhileACopyGoesOn(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	_, err := w.Copy(t.Context(), src, w.bucket("to"), dtool.CopyOptions{})
	must(t, err)
	key := src.UUID() + "/dtool"
	whole := w.memory["to"]
	must(t, whole.Delete(t.Context(), src.UUID()+"/manifest.json"))
	local := filepath.Join(strings.TrimPrefix(src.URI(), "file://workstation"), ".dtool", "dtool")
	frozen := readText(t, local)
	thaw(t, local)
	unfinished := readText(t, local)
	must(t, writeFile(local, frozen))
	info, err := whole.Stat(t.Context(), key)
	must(t, err)
	o := storage.PutOptions{Size: int64(len(unfinished)), Metadata: info.Metadata}
	_, err = whole.Put(t.Context(), key, strings.NewReader(unfinished), o)
	must(t, err)
	log := &recording{Store: whole}
	w.memory["to"] = &refusing{Store: log, op: "get", key: key, after: 1}
	w.connect()
	_, err = w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{Resume: true})
	wantError(t, err, storage.ErrForbidden, key)
	if log.log != nil {
		t.Errorf("%s was refused, and %q were written", key, log.log)
	}
}

// TestPlaceWithoutRegistrationIsLookedAt copies to where something lies that no
// registration tells of.
func TestPlaceWithoutRegistrationIsLookedAt(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(w.bucket("source"), "seedlings", seedling())
	w.bucket("to")
	key := src.UUID() + "/data/precious"
	_, err := w.memory["to"].Put(t.Context(), key, strings.NewReader("mine"), storage.PutOptions{Size: 4})
	must(t, err)
	for _, resume := range []bool{false, true} {
		_, err = w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{Resume: resume})
		wantError(t, err, dtool.ErrExists)
	}
	w.memory["to"] = &refusing{Store: w.memory["to"], op: "list", key: src.UUID() + "/"}
	w.connect()
	_, err = w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{})
	wantError(t, err, storage.ErrForbidden)
	if keys := w.keys(); len(keys) != 0 && keys[0] != key {
		t.Errorf("the bucket holds %q", keys)
	}
}

func TestResumeRegistersWhatHasLostItsRegistration(t *testing.T) {
	for _, frozen := range []bool{true, false} {
		w := newWorld(t)
		src := w.frozen(w.bucket("source"), "seedlings", seedling())
		_, err := w.Copy(t.Context(), src, w.bucket("to"), dtool.CopyOptions{})
		must(t, err)
		lost := []string{"dtool-" + src.UUID()}
		if !frozen {
			lost = append(lost, src.UUID()+"/manifest.json")
		}
		must(t, w.memory["to"].Delete(t.Context(), lost...))
		_, err = w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{Resume: true})
		must(t, err)
		if uris := w.uris("mem://to"); len(uris) != 1 {
			t.Errorf("frozen %v: the bucket lists %q", frozen, uris)
		}
	}
}

// TestMakingThatIsKilledIsUnfinished is killed as far as a test can be: what it
// has made cannot be removed.
func TestMakingThatIsKilledIsUnfinished(t *testing.T) {
	w := newWorld(t)
	w.bucket("to")
	w.memory["to"] = &refusing{Store: &failing{Store: w.memory["to"], after: 6}, op: "delete"}
	w.connect()
	_, err := w.CreateFrom(t.Context(), files(t, seedling()), "half", "mem://to", dtool.CreateFromOptions{})
	wantError(t, err, errBroken)
	wantError(t, err, dtool.ErrLeftBehind)
	uris := w.uris("mem://to")
	if len(uris) != 1 {
		t.Fatalf("left are %q", uris)
	}
	_, err = w.OpenFrozen(t.Context(), uris[0])
	wantError(t, err, dtool.ErrUnfinished)
	p, err := w.OpenProto(t.Context(), uris[0])
	must(t, err)
	_, err = p.Freeze(t.Context(), dtool.FreezeOptions{})
	wantError(t, err, dtool.ErrUnfinished)
	wantError(t, p.AddMetadata(t.Context(), "reads.txt", "key", dtool.Value{}), dtool.ErrUnfinished)
}

// onDataset makes a test's use of one that needs the dataset opened, by a store
// that does not refuse that yet.
func onDataset(use func(ctx context.Context, d *dtool.Dataset) error) func(w *world, uri string) error {
	return func(w *world, uri string) error {
		store := w.memory["plants"].(*refusing)
		op := store.op
		store.op = ""
		d, err := w.Open(w.t.Context(), uri)
		must(w.t, err)
		store.op = op
		return use(w.t.Context(), d)
	}
}

// bucketOfSource gives the URI of the copy that another bucket has.
func (w *world) bucketOfSource(uri string) string {
	return strings.Replace(uri, "mem://plants", "mem://source", 1)
}

// recording is a store that keeps the order of what was written to it.
type recording struct {
	storage.Store
	after map[string]func() // what happens after some entry of the log

	mu  sync.Mutex
	log []string
}

func (s *recording) Put(ctx context.Context, key string, body io.Reader, o storage.PutOptions) (storage.Info, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return storage.Info{}, err
	}
	entry := s.note("put", key, text)
	info, err := s.Store.Put(ctx, key, bytes.NewReader(text), o)
	if after := s.after[entry]; after != nil && err == nil {
		after()
	}
	return info, err
}

func (s *recording) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		s.note("delete", key, nil)
	}
	return s.Store.Delete(ctx, keys...)
}

// Sync makes the store one that must be asked for it.
func (s *recording) Sync(context.Context) error {
	s.note("sync", "", nil)
	return nil
}

// note keeps which part of a dataset a key is, and of the administrative
// metadata the type.
func (s *recording) note(op, key string, text []byte) string {
	part := key
	switch _, rest, ok := strings.Cut(key, "/"); {
	case strings.HasPrefix(key, "dtool-"):
		part = "registration"
	case ok && rest == "dtool" && bytes.Contains(text, []byte(`"type": "dataset"`)):
		part = "frozen"
	case ok && rest == "dtool":
		part = "proto"
	case ok:
		part, _, _ = strings.Cut(rest, "/")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := strings.TrimSpace(op + " " + part)
	if len(s.log) == 0 || s.log[len(s.log)-1] != entry {
		s.log = append(s.log, entry)
	}
	return entry
}

// TestOrderOfWriting holds every writer to the order in which a reader sees a
// valid state at every moment, and the items are safe before anything says that
// they are whole.
func TestOrderOfWriting(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(w.bucket("source"), "seedlings", seedling())
	overlay := dtool.Overlay{}
	for relpath := range seedling() {
		overlay[dtool.Identifier(relpath)] = dtool.Value{}
	}
	must(t, src.SetOverlay(t.Context(), "kind", overlay))

	// What is in one list may be done in any order, and at the same time.
	begin := [][]string{{"put registration"}, {"put structure.json", "put README.txt"}, {"put proto"}}
	end := [][]string{{"put manifest.json"}, {"put frozen"}}
	for _, test := range []struct {
		what string
		do   func(ctx context.Context) error
		want [][]string
	}{
		{"copy", func(ctx context.Context) error {
			_, err := w.Copy(ctx, src, "mem://to", dtool.CopyOptions{})
			return err
		}, slices.Concat(begin, [][]string{{"put README.yml", "put data", "sync", "put overlays"}}, end)},
		{"create, add and freeze", func(ctx context.Context) error {
			p, err := w.Create(ctx, "seedlings", "mem://to", dtool.CreateOptions{})
			if err != nil {
				return err
			}
			if err := p.Add(ctx, []dtool.Source{{Path: files(t, seedling())}}, dtool.AddOptions{}); err != nil {
				return err
			}
			if err := p.AddMetadata(ctx, "reads.txt", "kind", dtool.Value{}); err != nil {
				return err
			}
			_, err = p.Freeze(ctx, dtool.FreezeOptions{})
			return err
		}, slices.Concat(
			begin, [][]string{{"put README.yml"}, {"put data"}, {"sync"}, {"put fragments"}, {"put overlays"}},
			end, [][]string{{"delete fragments"}},
		)},
		{"create from, and fail", func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			_, err := w.CreateFrom(ctx, files(t, map[string]string{"a": "a"}), "seedlings", "mem://to", dtool.CreateFromOptions{
				Observer: dtool.Observer{Progress: func(p dtool.Progress) {
					if p.Items == 1 {
						cancel() // what was begun is removed all the same
					}
				}},
			})
			if err == nil {
				return fmt.Errorf("it did not fail")
			}
			return nil
		}, slices.Concat(begin, [][]string{
			{"put README.yml"},
			{"put data"},
			{"delete README.txt", "delete README.yml", "delete data", "delete proto", "delete structure.json"},
			{"delete registration"},
		})},
	} {
		t.Run(test.what, func(t *testing.T) {
			w.bucket("to")
			log := &recording{Store: w.memory["to"]}
			w.memory["to"] = log
			w.connect()
			var err error
			src, err = w.OpenFrozen(t.Context(), src.URI())
			must(t, err)
			must(t, test.do(t.Context()))
			for _, stage := range test.want {
				done := map[string]bool{}
				for len(log.log) > 0 && slices.Contains(stage, log.log[0]) {
					if log.log[0] == "put data" && done["sync"] {
						t.Error("an item was stored after all were to be made safe")
					}
					done[log.log[0]], log.log = true, log.log[1:]
				}
				if len(done) != len(stage) {
					t.Fatalf("of %q only %v was done before %q", stage, done, log.log)
				}
			}
			if len(log.log) > 0 {
				t.Errorf("at the end, %q was done too", log.log)
			}
		})
	}
}
