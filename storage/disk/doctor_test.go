package disk_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
)

// diagnose gives all checks of a directory by step.
func diagnose(ctx context.Context, t *testing.T, dir string, o storage.DiagnoseOptions) map[string]storage.Check {
	t.Helper()
	store, err := disk.New(dir, disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]storage.Check{}
	for check := range store.Diagnose(ctx, o) {
		found[check.Step] = check
	}
	return found
}

func scratch() storage.DiagnoseOptions {
	return storage.DiagnoseOptions{Scratch: ".dtool/.dtool-doctor-1"}
}

func mustHold(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if got := strings.Join(names, " "); got != strings.Join(want, " ") {
		t.Errorf("the directory holds %q", got)
	}
}

func TestDiagnosisOfADirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	found := diagnose(t.Context(), t, dir, scratch())
	for _, step := range []string{"directory", "write", "read", "delete"} {
		if found[step].Status != storage.OK {
			t.Errorf("%s is told as %+v", step, found[step])
		}
	}
	if runtime.GOOS == "linux" && (found["names"].Status != storage.OK || !strings.Contains(found["file system"].Found, "GiB free")) {
		t.Errorf("names: %+v, file system: %+v", found["names"], found["file system"])
	}
	mustHold(t, dir, "file")
}

func TestDiagnosisWithoutWriting(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	o := scratch()
	o.ReadOnly = true
	found := diagnose(t.Context(), t, dir, o)
	if _, wrote := found["write"]; wrote || found["directory"].Status != storage.OK {
		t.Errorf("found %+v", found)
	}
	mustHold(t, dir)
}

func TestDiagnosisOfWhatIsNoDirectory(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{filepath.Join(dir, "nowhere"): "mkdir", file: "holds datasets"} {
		found := diagnose(t.Context(), t, at, scratch())
		if c := found["directory"]; c.Status != storage.Failed || !strings.Contains(c.Hint, want) {
			t.Errorf("%s is told as %+v", at, c)
		}
		if c := found["write"]; c.Status != storage.Skipped {
			t.Errorf("writing to %s is told as %+v", at, c)
		}
	}
	mustHold(t, dir, "file")
}

func TestDiagnosisThatIsCalledOffLeavesNothing(t *testing.T) {
	for _, last := range []string{"write", "read", "names"} {
		dir := t.TempDir()
		store, err := disk.New(dir, disk.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		for check := range store.Diagnose(ctx, scratch()) {
			if check.Step == last {
				cancel()
			}
		}
		cancel()
		mustHold(t, dir)
		for check := range store.Diagnose(t.Context(), scratch()) {
			if check.Step == last {
				break
			}
		}
		mustHold(t, dir)
	}
}

// TestDiagnosisWhereNothingCanBeWritten has a file in the way, which stops root, too.
func TestDiagnosisWhereNothingCanBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".dtool"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	found := diagnose(t.Context(), t, dir, scratch())
	for step, want := range map[string]storage.CheckStatus{
		"directory": storage.OK, "write": storage.Failed, "read": storage.Skipped, "names": storage.Skipped, "delete": storage.Skipped,
	} {
		if found[step].Status != want {
			t.Errorf("%s is told as %+v, want %s", step, found[step], want)
		}
	}
	mustHold(t, dir, ".dtool")
}

// TestDiagnosisLeavesWhatWasThere has the directory that lies above the scratch keys, empty.
func TestDiagnosisLeavesWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".dtool"), 0o700); err != nil {
		t.Fatal(err)
	}
	diagnose(t.Context(), t, dir, scratch())
	mustHold(t, dir, ".dtool")
	mustHold(t, filepath.Join(dir, ".dtool"))
}
