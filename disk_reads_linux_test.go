package dtool_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/dtool-go/dtool"
)

// bytesRead gives how many bytes this process has asked the system for so far.
func bytesRead(t *testing.T) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	must(t, err)
	_, err = fmt.Sscanf(string(text), "rchar: %d", &n)
	must(t, err)
	return n
}

// TestNoFileIsReadTwice has the system count, since nothing stands between the
// library and a directory. An item that goes into a bucket when it is added is
// read twice, for its hash lies beside it.
func TestNoFileIsReadTwice(t *testing.T) {
	const size = 16 << 20
	ctx, w := t.Context(), newWorld(t)
	dir, base := files(t, map[string]string{"large.dat": strings.Repeat("ACGT", size/4)}), t.TempDir()
	bucket := w.bucket("to")
	var d *dtool.Dataset
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"make a dataset of a directory", func() (err error) {
			d, err = w.CreateFrom(ctx, dir, "large", base, dtool.CreateFromOptions{})
			return err
		}},
		{"verify in full", func() error { _, err := d.Verify(ctx, dtool.VerifyOptions{Full: true}); return err }},
		{"copy to a bucket", func() error { _, err := w.Copy(ctx, d, bucket, dtool.CopyOptions{}); return err }},
		{"copy to a directory", func() error { _, err := w.Copy(ctx, d, t.TempDir(), dtool.CopyOptions{}); return err }},
		{"freeze where the items lie", func() error {
			p, err := w.Create(ctx, "linked", "symlink://workstation"+t.TempDir(), dtool.CreateOptions{SymlinkTo: dir})
			if err != nil {
				return err
			}
			_, err = p.Freeze(ctx, dtool.FreezeOptions{})
			return err
		}},
	} {
		before := bytesRead(t)
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if n := bytesRead(t) - before; n < size || n > size+size/2 {
			t.Errorf("%s reads %d bytes, want the %d of the item once", step.name, n, size)
		}
	}
}
