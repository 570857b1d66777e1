package dtool_test

import (
	"context"
	"iter"
	"slices"
	"testing"

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
