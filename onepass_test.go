package dtool_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtool-go/dtool"
)

// hashedAgain makes a dataset of files and gives the number of items that freezing
// it had to read; at the end of the adding, meanwhile is done.
func hashedAgain(t *testing.T, w *world, base string, contents map[string]string, meanwhile func()) (*dtool.Dataset, int) {
	t.Helper()
	hashed := 0
	o := dtool.Observer{Progress: func(p dtool.Progress) {
		switch {
		case p.Phase == "Hashing":
			hashed = p.TotalItems
		case p.Items == p.TotalItems:
			meanwhile()
		}
	}}
	d, err := w.CreateFrom(t.Context(), files(t, contents), "seedling", base, dtool.CreateFromOptions{Observer: o})
	must(t, err)
	return d, hashed
}

func TestCreateFromReadsNoItemAgain(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		d, hashed := hashedAgain(t, w, base, seedling(), func() {})
		if hashed != 0 {
			t.Errorf("%d items were read again", hashed)
		}
		mustVerify(t, d)
	})
}

func TestCreateFromReadsAgainWhatWasChangedMeanwhile(t *testing.T) {
	w, base := newWorld(t), t.TempDir()
	d, hashed := hashedAgain(t, w, base, seedling(), func() {
		name := filepath.Join(base, "seedling", "data", "reads.txt")
		must(t, os.WriteFile(name, []byte("TGCA\n"), 0o644))
	})
	if hashed != 1 {
		t.Errorf("%d items were read again, want 1", hashed)
	}
	mustVerify(t, d)
	m, err := d.Manifest(t.Context())
	must(t, err)
	if len(m.Items()) != len(seedling()) || strings.Contains(contents(t, d)["reads.txt"], "ACGT") {
		t.Errorf("the dataset holds %q", contents(t, d))
	}
}
