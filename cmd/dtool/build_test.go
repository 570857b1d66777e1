package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// release builds dtool as people have it, but for further flags: without the race
// detector, which takes several times the memory.
func release(t *testing.T, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dtool")
	build := exec.CommandContext(t.Context(), "go", append(append([]string{"build"}, flags...), "-o", path, ".")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}
