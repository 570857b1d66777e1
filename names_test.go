package dtool_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/oddnames"
	"github.com/dtool-go/dtool/storage"
)

// namedFiles makes files of names, each with its name for content.
func namedFiles(names []string) map[string]string {
	contents := map[string]string{}
	for _, name := range names {
		contents[name] = "content of " + name
	}
	return contents
}

// warnings collects what an observer is warned of.
func warnings() (dtool.Observer, *[]string) {
	var list []string
	return dtool.Observer{Warn: func(message string) { list = append(list, message) }}, &list
}

// TestFreezeWarnsOfNamesThatNotEveryDiskHolds freezes in a bucket, which holds
// everything.
func TestFreezeWarnsOfNamesThatNotEveryDiskHolds(t *testing.T) {
	at := memoryBucket()
	client := clientFor(t, at)
	p, err := client.Create(t.Context(), "odd", at.uri, dtool.CreateOptions{})
	must(t, err)
	put := func(relpath string) {
		at.put(t, p.UUID()+"/data/"+dtool.Identifier(relpath), "x", map[string]string{"handle": handleOf(relpath)})
	}
	for _, name := range oddnames.Plain() {
		put(name)
	}
	observer, warned := warnings()
	quiet, err := client.Create(t.Context(), "quiet", at.uri, dtool.CreateOptions{})
	must(t, err)
	at.put(t, quiet.UUID()+"/data/"+dtool.Identifier("a"), "x", map[string]string{"handle": "a"})
	_, err = quiet.Freeze(t.Context(), dtool.FreezeOptions{Observer: observer})
	must(t, err)
	if len(*warned) != 0 {
		t.Errorf("an ordinary name gives %q", *warned)
	}

	whys := map[string]string{} // by one name for each
	for _, picky := range oddnames.Windows() {
		put(picky.Name)
		whys[picky.Why] = picky.Name
	}
	for _, pair := range oddnames.Pairs() {
		put(pair[0])
		put(pair[1])
	}
	_, err = p.Freeze(t.Context(), dtool.FreezeOptions{Observer: observer})
	must(t, err)
	all := strings.Join(*warned, "\n")
	for why := range whys {
		if !strings.Contains(all, why) || !strings.Contains(all, "a disk of Windows cannot hold it") {
			t.Errorf("nothing says that a name %s", why)
		}
	}
	if n := strings.Count(all, "differ only by case or by Unicode normalisation"); n != len(oddnames.Pairs()) {
		t.Errorf("%d pairs collide, %d are warned of", len(oddnames.Pairs()), n)
	}
	if len(*warned) > 40 {
		t.Errorf("there are %d warnings, as if there were one for each name", len(*warned))
	}
}

// TestNamesThatADiskCannotHoldAreRefusedBeforeAnyByte copies from a bucket, which holds
// everything.
func TestNamesThatADiskCannotHoldAreRefusedBeforeAnyByte(t *testing.T) {
	refused := oddnames.TooLong()
	if runtime.GOOS == "windows" {
		for _, picky := range oddnames.Windows() {
			refused = append(refused, picky.Name)
		}
	}
	for _, relpath := range refused {
		h := handmade{items: []handmadeItem{{relpath: "good", content: "good"}, {relpath: relpath, content: "bad"}}}.write(t)
		client, d := h.open(t)
		y := newYard(t)
		for _, resume := range []bool{false, true} {
			o := dtool.CopyOptions{Resume: resume}
			_, err := client.Copy(t.Context(), d, y.base, o)
			wantError(t, err, storage.ErrInvalidKey, "data/"+relpath, y.base)
			y.mustBeAsBefore(t, relpath)
			_, err = client.PlanCopy(t.Context(), d, y.base, o) // which tries no name, since that is to write
			must(t, err)
			y.mustBeAsBefore(t, relpath)
		}
	}
}

// A pickyStore holds no key with a word in it, as a disk may.
type pickyStore struct {
	storage.Store
	word    string
	checked int
}

func (s *pickyStore) CheckKeys(_ context.Context, keys []string) error {
	s.checked++
	for _, key := range keys {
		if strings.Contains(key, s.word) {
			return &storage.Error{Op: "create", Store: s.String(), Key: key, Kind: storage.ErrInvalidKey}
		}
	}
	return nil
}

// TestWhatAStoreCannotHoldIsNotEvenBegun is about every way to bring items into a store.
func TestWhatAStoreCannotHoldIsNotEvenBegun(t *testing.T) {
	bad := map[string]string{"a": "a", "b": "b"}
	word := dtool.Identifier("b")
	newPicky := func(t *testing.T) (*world, *pickyStore) {
		t.Helper()
		w := newWorld(t)
		w.bucket("to")
		picky := &pickyStore{Store: w.memory["to"], word: word}
		w.memory["to"] = picky
		w.connect()
		return w, picky
	}
	t.Run("copy", func(t *testing.T) {
		w, _ := newPicky(t)
		src := w.frozen(w.bucket("source"), "seedlings", bad)
		_, err := w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{})
		wantError(t, err, storage.ErrInvalidKey, word)
		if keys := w.keys(); keys != nil {
			t.Errorf("the bucket holds %q", keys)
		}
	})
	t.Run("create from", func(t *testing.T) {
		w, _ := newPicky(t)
		_, err := w.CreateFrom(t.Context(), files(t, bad), "seedlings", "mem://to", dtool.CreateFromOptions{})
		wantError(t, err, storage.ErrInvalidKey, word)
		if keys := w.keys(); keys != nil {
			t.Errorf("the bucket holds %q", keys)
		}
	})
	t.Run("add", func(t *testing.T) {
		w, _ := newPicky(t)
		p, err := w.Create(t.Context(), "seedlings", "mem://to", dtool.CreateOptions{})
		must(t, err)
		before := w.keys()
		err = p.Add(t.Context(), []dtool.Source{{Path: files(t, bad)}}, dtool.AddOptions{})
		wantError(t, err, storage.ErrInvalidKey, word)
		if diff := cmp.Diff(before, w.keys()); diff != "" {
			t.Errorf("the bucket changed:\n%s", diff)
		}
	})
	t.Run("documents", func(t *testing.T) {
		w, picky := newPicky(t)
		src := w.frozen(w.bucket("source"), "seedlings", map[string]string{"a": "a"})
		must(t, src.SetTag(t.Context(), "rnaseq"))
		picky.word = "tags/rnaseq"
		_, err := w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{})
		wantError(t, err, storage.ErrInvalidKey, picky.word)
	})
	t.Run("a copy that is there", func(t *testing.T) {
		w, picky := newPicky(t)
		src := w.frozen(w.bucket("source"), "seedlings", map[string]string{"a": "a"})
		_, err := w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{})
		must(t, err)
		checked := picky.checked
		result, err := w.Copy(t.Context(), src, "mem://to", dtool.CopyOptions{Resume: true})
		must(t, err)
		if !result.AlreadyComplete || picky.checked != checked {
			t.Errorf("nothing is to be written, and the store is asked %d times", picky.checked-checked)
		}
	})
}

// TestNamesOfLayoutsAreNamesOfItems gives an item the name of each part of a dataset, alone
// since some are directories.
func TestNamesOfLayoutsAreNamesOfItems(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		for i, name := range []string{".dtool", "data", "README.yml", "manifest.json", "dtool", "tags", ".dtool/dtool", "data/data"} {
			want := map[string]string{name: "content of " + name}
			d := w.frozen(base, "odd"+string(rune('a'+i)), want)
			if diff := cmp.Diff(want, contents(t, d)); diff != "" {
				t.Errorf("items differ:\n%s", diff)
			}
			result, err := w.Copy(t.Context(), d, t.TempDir(), dtool.CopyOptions{})
			must(t, err)
			if diff := cmp.Diff(want, contents(t, result.Dataset)); diff != "" {
				t.Errorf("items of the copy differ:\n%s", diff)
			}
		}
	})
}

// TestNewlinesInForeignDatasetsDoNoHarm reads what can be written by other programs only.
func TestNewlinesInForeignDatasetsDoNoHarm(t *testing.T) {
	var items []handmadeItem
	want := namedFiles(oddnames.Newlines())
	for _, name := range oddnames.Newlines() {
		items = append(items, handmadeItem{relpath: name, content: want[name]})
	}
	h := handmade{items: items}.write(t)
	client, d := h.open(t)
	for range 2 { // the second time from disk
		if diff := cmp.Diff(want, contents(t, d)); diff != "" {
			t.Errorf("items differ:\n%s", diff)
		}
		if report, _ := verified(t, d); !report.Good() {
			t.Errorf("it verifies as %+v", report)
		}
		d = mustCopy(t, client, d, t.TempDir())
	}
}

// TestTextsThatAreNoRelpathsAreRefusedWhenAdded gives each as the relpath of a file.
func TestTextsThatAreNoRelpathsAreRefusedWhenAdded(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		p, err := w.Create(t.Context(), "odd", base, dtool.CreateOptions{})
		must(t, err)
		file := filepath.Join(files(t, map[string]string{"a": "a"}), "a")
		for _, relpath := range slices.Concat(oddnames.Outward(), oddnames.NotText()) {
			if relpath == "" || relpath == "./x" {
				continue // "" stands for the file's own name
			}
			err := p.Add(t.Context(), []dtool.Source{{Path: file, Relpath: relpath}}, dtool.AddOptions{})
			if !errors.Is(err, dtool.ErrInvalidItem) {
				t.Errorf("a file is added as %q: %v", relpath, err)
			}
		}
		d, err := p.Freeze(t.Context(), dtool.FreezeOptions{})
		must(t, err)
		if got := contents(t, d); len(got) != 0 {
			t.Errorf("the dataset has %q", got)
		}
	})
}
