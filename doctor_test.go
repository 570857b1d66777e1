package dtool_test

import (
	"context"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// An ailing store finds something of its own at fault.
type ailing struct {
	storage.Store
	found []storage.Check
}

func (s ailing) Diagnose(context.Context, storage.DiagnoseOptions) iter.Seq[storage.Check] {
	return slices.Values(s.found)
}

// TestWhatIsReadNeedsWhatTheStoreFound has a store with steps that nobody else knows.
func TestWhatIsReadNeedsWhatTheStoreFound(t *testing.T) {
	for what, test := range map[string]struct {
		found    []storage.Check
		datasets string
	}{
		"nothing":            {[]storage.Check{{Step: "belts", For: storage.Reading, Status: storage.OK}}, "none so far"},
		"what writing takes": {[]storage.Check{{Step: "belts", For: storage.Writing, Status: storage.Failed}}, "none so far"},
		"what reading takes": {[]storage.Check{
			{Step: "belts", For: storage.Reading, Status: storage.Failed},
			{Step: "braces", For: storage.Reading, Status: storage.Failed},
		}, "needs belts"},
	} {
		w := newWorld(t)
		base := w.bucket("plants")
		w.memory["plants"] = ailing{w.memory["plants"], test.found}
		w.connect()
		checks, err := w.Diagnose(t.Context(), base, dtool.DiagnoseOptions{})
		must(t, err)
		var got string
		for c := range checks {
			if c.Step == "datasets" {
				got = c.Found
			}
		}
		if diff := cmp.Diff(test.datasets, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

// TestDiagnosisRemovesWhatEarlierOnesHaveLeft, if it is old enough, and nothing else.
func TestDiagnosisRemovesWhatEarlierOnesHaveLeft(t *testing.T) {
	onDiskAndInMemory(t, func(t *testing.T, w *world, base string) {
		const old, fresh, foreign = ".dtool-doctor-abcdefghij/object", ".dtool-doctor-klmnopqrst/object", ".dtool-doctor-notes/object"
		for key, age := range map[string]time.Duration{old: 2 * time.Hour, fresh: time.Minute, foreign: 2 * time.Hour} {
			w.leave(base, key, noon().Add(-age))
		}
		before := w.everything(base)
		found := func(o dtool.DiagnoseOptions) (said []string) {
			checks, err := w.Diagnose(t.Context(), base, o)
			must(t, err)
			for c := range checks {
				if c.Step == "earlier diagnoses" {
					said = append(said, c.Found)
				}
			}
			return said
		}
		if said := found(dtool.DiagnoseOptions{ReadOnly: true}); said != nil {
			t.Errorf("where nothing is to be written it says %q", said)
		}
		w.mustHold(base, before)
		if said := found(dtool.DiagnoseOptions{}); len(said) != 1 || !strings.Contains(said[0], path.Dir(old)) {
			t.Errorf("it says %q", said)
		}
		maps.DeleteFunc(before, func(key, _ string) bool { return strings.Contains(key, path.Dir(old)) })
		w.mustHold(base, before)
		if said := found(dtool.DiagnoseOptions{}); said != nil {
			t.Errorf("the second time it says %q", said)
		}
	})
}

// leave has an object lie in a base where new datasets would go.
func (w *world) leave(base, key string, at time.Time) {
	w.t.Helper()
	if store := w.memory["plants"]; store != nil {
		_, err := store.Put(w.t.Context(), "u/olssont/"+key, strings.NewReader(""), storage.PutOptions{ModTime: at})
		must(w.t, err)
		return
	}
	file := filepath.Join(base, filepath.FromSlash(key))
	must(w.t, os.MkdirAll(filepath.Dir(file), 0o700))
	must(w.t, os.WriteFile(file, nil, 0o600))
	must(w.t, os.Chtimes(file, at, at))
}
