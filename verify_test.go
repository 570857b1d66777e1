package dtool_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// relpaths gives the relpaths of findings.
func relpaths(findings []dtool.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.Relpath)
	}
	return list
}

func TestVerifyFindsEveryDifference(t *testing.T) {
	items := map[string]string{"gone": "gone", "longer": "longer", "same": "same", "swapped": "swapped"}
	for base, makeBase := range map[string]func(*testing.T, *world) string{
		"directory": func(t *testing.T, _ *world) string { return t.TempDir() },
		"bucket":    func(_ *testing.T, w *world) string { return w.bucket("plants") },
	} {
		t.Run(base, func(t *testing.T) {
			w := newWorld(t)
			d := w.frozen(makeBase(t, w), "seedlings", items)
			w.damage(d, "longer", func(b []byte) []byte { return append(b, '!') })
			w.damage(d, "swapped", func(b []byte) []byte { b[0] ^= 1; return b })
			removeAndAdd(t, w, d)
			for _, full := range []bool{false, true} {
				report, err := d.Verify(t.Context(), dtool.VerifyOptions{Full: full})
				must(t, err)
				got := map[string][]string{
					"unknown": relpaths(report.Unknown), "missing": relpaths(report.Missing),
					"size": relpaths(report.AlteredSize), "hash": relpaths(report.AlteredHash),
				}
				want := map[string][]string{"unknown": {"new"}, "missing": {"gone"}, "size": {"longer"}, "hash": nil}
				if full {
					want["hash"] = []string{"swapped"}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("full %v: the report differs (-want +got):\n%s", full, diff)
				}
				if report.Good() {
					t.Error("it is called good")
				}
			}
		})
	}
}

// removeAndAdd takes the item "gone" away and puts one "new" there, behind the
// library's back.
func removeAndAdd(t *testing.T, w *world, d *dtool.Dataset) {
	t.Helper()
	if store := w.memory["plants"]; store != nil {
		data := d.UUID() + "/data/"
		must(t, store.Delete(t.Context(), data+dtool.Identifier("gone")))
		_, err := store.Put(t.Context(), data+dtool.Identifier("new"), bytes.NewReader([]byte("new")),
			storage.PutOptions{Size: 3, Metadata: map[string]string{"handle": "new"}})
		must(t, err)
		return
	}
	path, err := d.ItemPath(t.Context(), dtool.Identifier("gone"))
	must(t, err)
	must(t, os.Remove(path))
	must(t, os.WriteFile(filepath.Join(filepath.Dir(path), "new"), []byte("new"), 0o644))
}

func TestVerifyTellsOfWhatIsNoItem(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	d := w.frozen(base, "seedlings", seedling())
	data := filepath.Join(base, "seedlings", "data")
	must(t, os.Symlink(filepath.Join(base, "gone"), filepath.Join(data, "dangling")))
	must(t, os.WriteFile(filepath.Join(data, "latin\xff"), nil, 0o644))
	must(t, os.Symlink(base, filepath.Join(data, "directory"))) // which is no item anyway
	report, err := d.Verify(t.Context(), dtool.VerifyOptions{})
	must(t, err)
	if diff := cmp.Diff([]string{"dangling", `latin\xff`}, relpaths(report.Unknown)); diff != "" {
		t.Errorf("unknown are (-want +got):\n%s", diff)
	}
}

func TestVerifyThatCannotReadIsAnError(t *testing.T) {
	w := newWorld(t)
	d := w.frozen(w.bucket("plants"), "seedlings", seedling())
	whole := w.memory["plants"]
	w.memory["plants"] = &refusing{Store: whole, op: "get", key: d.UUID() + "/data/" + dtool.Identifier("reads.txt")}
	w.connect()
	d, err := w.OpenFrozen(t.Context(), d.URI())
	must(t, err)
	if _, err := d.Verify(t.Context(), dtool.VerifyOptions{}); err != nil {
		t.Errorf("sizes need no reading: %v", err)
	}
	_, err = d.Verify(t.Context(), dtool.VerifyOptions{Full: true})
	wantError(t, err, storage.ErrForbidden, "reads.txt")
}

func TestDiff(t *testing.T) {
	w := newWorld(t)
	base := w.bucket("plants")
	left := w.frozen(base, "left", map[string]string{"a": "aa", "b": "bb"})
	id := dtool.Identifier
	for _, test := range []struct {
		name  string
		right map[string]string
		full  bool
		want  dtool.DiffReport
	}{
		{"the same", map[string]string{"a": "aa", "b": "bb"}, true, dtool.DiffReport{}},
		{"items", map[string]string{"a": "aaa", "c": "c"}, true, dtool.DiffReport{Identifiers: []dtool.IdentifierDiff{
			{Identifier: id("b"), Left: true}, {Identifier: id("c"), Right: true},
		}}},
		{"sizes", map[string]string{"a": "aaa", "b": "xx"}, true, dtool.DiffReport{Sizes: []dtool.SizeDiff{{Identifier: id("a"), Left: 2, Right: 3}}}},
		{"content unread", map[string]string{"a": "aa", "b": "xx"}, false, dtool.DiffReport{}},
		{"content", map[string]string{"a": "aa", "b": "xx"}, true, dtool.DiffReport{Content: []dtool.HashDiff{
			{Identifier: id("b"), Left: "21ad0bd836b90d08f4cf640b4c298e7c", Right: "9336ebf25087d91c818ee6e9ec29f8c1"},
		}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := left.Diff(t.Context(), w.frozen(base, "right", test.right), dtool.DiffOptions{Full: test.full})
			must(t, err)
			if diff := cmp.Diff(test.want, *got); diff != "" {
				t.Errorf("the report differs (-want +got):\n%s", diff)
			}
		})
	}
}
