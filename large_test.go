package dtool_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dtool-go/dtool"
)

// TestItemOfMoreThanFiveGiB has a file with a hole of that size, which is more than S3 takes at
// once and more than 32 bits count.
func TestItemOfMoreThanFiveGiB(t *testing.T) {
	const size, md5 = 5<<30 + 1, "554157458fc3c9573486e4add4a8fd50"
	w, dir := newWorld(t), t.TempDir()
	must(t, writeFile(filepath.Join(dir, "large.dat"), ""))
	must(t, os.Truncate(filepath.Join(dir, "large.dat"), size))
	p, err := w.Create(t.Context(), "large", t.TempDir(), dtool.CreateOptions{SymlinkTo: dir})
	must(t, err)
	var last dtool.Progress
	d, err := p.Freeze(t.Context(), dtool.FreezeOptions{Observer: dtool.Observer{Progress: func(p dtool.Progress) { last = p }}})
	must(t, err)
	if last.Bytes != size || last.TotalBytes != size {
		t.Errorf("the last progress is %+v", last)
	}
	m, err := d.Manifest(t.Context())
	must(t, err)
	if item := m.Items()[0]; item.Size != size || m.TotalSize() != size || item.Hash != md5 {
		t.Errorf("the item is %+v, of %d bytes in all", item, m.TotalSize())
	}
	report, err := d.Verify(t.Context(), dtool.VerifyOptions{})
	must(t, err)
	if !report.Good() || report.Whole.Bytes != size {
		t.Errorf("it verifies as %+v", report)
	}
	plan, err := w.PlanCopy(t.Context(), d, w.bucket("to"), dtool.CopyOptions{})
	must(t, err)
	if plan.Bytes() != size {
		t.Errorf("%d bytes would be copied", plan.Bytes())
	}
}

// TestDatasetsOfNothing copies one without items, and one whose items are all empty, there and
// back: no progress divides by a total of zero, and nothing is left out.
func TestDatasetsOfNothing(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		for name, items := range map[string]map[string]string{"none": {}, "empty": {"a": "", "b/c": "", "b/d": ""}} {
			var last dtool.Progress
			observer := dtool.Observer{Progress: func(p dtool.Progress) { last = p }}
			d, err := w.CreateFrom(t.Context(), files(t, items), name, t.TempDir(), dtool.CreateFromOptions{Observer: observer})
			must(t, err)
			for _, to := range []string{base, t.TempDir()} {
				last = dtool.Progress{}
				result, err := w.Copy(t.Context(), d, to, dtool.CopyOptions{Observer: observer})
				must(t, err)
				if last.Items != len(items) || last.TotalItems != len(items) || last.TotalBytes != 0 {
					t.Errorf("%s: the last progress is %+v", name, last)
				}
				d = result.Dataset
				if got := contents(t, d); len(got) != len(items) {
					t.Errorf("%s: the copy has %v", name, got)
				}
				for _, full := range []bool{false, true} {
					report, err := d.Verify(t.Context(), dtool.VerifyOptions{Full: full})
					must(t, err)
					if !report.Good() || report.Whole.Items != len(items) {
						t.Errorf("%s: it verifies as %+v", name, report)
					}
				}
				again, err := w.Copy(t.Context(), d, to, dtool.CopyOptions{Resume: true})
				must(t, err)
				if !again.AlreadyComplete {
					t.Errorf("%s: the copy is done again: %+v", name, again)
				}
			}
		}
	})
}
