//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/oddnames"
	"github.com/dtool-go/dtool/internal/s3test"
)

// TestScriptDeliversAnyName has files of odd names sent by the script that dtool prints,
// with the curl of the tests, and with that of the machine if it has one.
func TestScriptDeliversAnyName(t *testing.T) {
	server := s3test.StartOwn(t)
	names := slices.Concat(oddnames.Plain(), oddnames.Acting(), oddnames.Strange(), []string{"empty", "it's 'quoted' \"twice\" \\", "[1-3]{a,b}", "$(touch hacked)`touch hacked`"})
	for _, picky := range oddnames.Windows() {
		names = append(names, picky.Name)
	}
	dir := t.TempDir()
	for _, name := range names {
		content := "content of " + name
		if name == "empty" {
			content = ""
		}
		makeFile(t, filepath.Join(dir, filepath.FromSlash(name)), content)
	}
	own := os.Getenv("PATH")
	paths := map[string]string{"the tests' curl": own}
	if _, rest, found := strings.Cut(own, string(os.PathListSeparator)); found && hasCurl(rest) {
		paths["the machine's curl"] = rest
	}
	for what, path := range paths {
		t.Run(what, func(t *testing.T) { deliverAll(t, server, dir, path, len(names)) })
	}
}

// hasCurl tells whether one of the directories has the program.
func hasCurl(path string) bool {
	return slices.ContainsFunc(filepath.SplitList(path), func(dir string) bool {
		info, err := os.Stat(filepath.Join(dir, "curl"))
		return err == nil && !info.IsDir()
	})
}

// deliverAll has the files of a directory delivered by a shell with a path.
func deliverAll(t *testing.T, server *s3test.Server, dir, path string, number int) {
	t.Helper()
	bucket := server.NewBucket(t)
	environ := []string{
		"HOME=" + t.TempDir(), "GORACE=" + noRaceDelay,
		"DTOOL_S3_ENDPOINT_" + bucket + "=" + server.Endpoint,
		"DTOOL_S3_ACCESS_KEY_ID_" + bucket + "=" + server.AccessKey, "DTOOL_S3_SECRET_ACCESS_KEY_" + bucket + "=" + server.SecretKey,
	}
	run := func(in string, env []string, args ...string) string {
		t.Helper()
		var stderr strings.Builder
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir, cmd.Env, cmd.Stderr = in, env, &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v: %s", args, err, stderr.String())
		}
		return string(out)
	}
	base := t.TempDir()
	run(base, environ, "dtool", "create", "-q", "--from", dir, "odd", base)
	manifest := filepath.Join(base, "odd", ".dtool", "manifest.json")
	script := filepath.Join(base, "deliver.sh")
	makeFile(t, script, run(base, environ, "dtool", "sign", "-q", "--upload", "--name", "odd", manifest, "s3://"+bucket))
	said := run(dir, []string{"PATH=" + path, "GORACE=" + noRaceDelay}, "sh", script)
	if n := strings.Count(said, ": delivered\n"); n != number || strings.ContainsAny(said, "\x1b\a\b\x7f\u009b") {
		t.Errorf("of %d files %d were delivered: %q", number, n, said)
	}
	if hacked, _ := filepath.Glob(filepath.Join(dir, "hacked*")); hacked != nil {
		t.Errorf("the script made %q", hacked)
	}
	uri := strings.TrimSpace(run(base, environ, "dtool", "ls", "-q", "s3://"+bucket))
	run(base, environ, "dtool", "sign", "--complete", uri)
	run(base, environ, "dtool", "verify", "--full", uri)
	compared := run(base, environ, "dtool", "diff", "-f", uri, filepath.Join(base, "odd"))
	if compared != "" {
		t.Errorf("they differ: %s", compared)
	}
}
