package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestWhatMustNotBeReadIsSaidAndNotDropped is about files and directories of others
// among one's own. Root may read everything, and so becomes nobody for it.
func TestWhatMustNotBeReadIsSaidAndNotDropped(t *testing.T) {
	path := release(t)
	for _, name := range []string{"secret.txt", "secret"} {
		t.Run(name, func(t *testing.T) { unreadable(t, path, name) })
	}
}

// unreadable has a file or a directory of that name that its owner may not read.
func unreadable(t *testing.T, path, name string) {
	t.Helper()
	base := t.TempDir()
	source := filepath.Join(base, "source")
	mustDo(t, os.MkdirAll(filepath.Join(source, "secret"), 0o755))
	write(t, filepath.Join(source, "secret", "a"), "a")
	write(t, filepath.Join(source, "secret.txt"), "x")
	write(t, filepath.Join(source, "z"), "z")
	who := nobody(t, path, base)
	mustDo(t, os.Chmod(filepath.Join(source, name), 0))
	t.Cleanup(func() { mustDo(t, os.Chmod(filepath.Join(source, name), 0o755)) }) // to be removed

	dtool := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), path, args...)
		cmd.SysProcAttr, cmd.Dir, cmd.Env = who, base, []string{"HOME=" + base, "USER=olssont"}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := dtool("create", "--from", "source", "made", ".")
	if err == nil || !strings.Contains(out, name) || !strings.Contains(out, "permission denied") {
		t.Errorf("create --from says %s, %v", out, err)
	}
	if _, err := os.Lstat(filepath.Join(base, "made")); err == nil {
		t.Errorf("create --from leaves something behind:\n%s", out)
	}
	for _, args := range [][]string{{"create", "-q", "proto"}, {"add", "item", "source/z", "proto"}} {
		if out, err := dtool(args...); err != nil {
			t.Fatalf("%q: %s", args, out)
		}
	}
	mustDo(t, os.Symlink(filepath.Join(source, "secret.txt"), filepath.Join(base, "proto", "data", "secret.txt")))
	if name == "secret" {
		mustDo(t, os.Remove(filepath.Join(base, "proto", "data", "secret.txt")))
		mustDo(t, os.Rename(filepath.Join(source, "secret"), filepath.Join(base, "proto", "data", "secret")))
		t.Cleanup(func() {
			mustDo(t, os.Rename(filepath.Join(base, "proto", "data", "secret"), filepath.Join(source, "secret")))
		})
	}
	out, err = dtool("freeze", "proto")
	if err == nil || !strings.Contains(out, name) || !strings.Contains(out, "permission denied") {
		t.Errorf("freeze says %s, %v", out, err)
	}
	if _, err := os.Lstat(filepath.Join(base, "proto", ".dtool", "manifest.json")); err == nil {
		t.Error("freeze wrote a manifest")
	}
}

// nobody becomes nobody, where this is root, who can reach the program and the base.
func nobody(t *testing.T, path, base string) *syscall.SysProcAttr {
	t.Helper()
	who := &syscall.SysProcAttr{}
	if os.Getuid() != 0 {
		return who
	}
	const nobody = 65534
	who.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	for _, dir := range []string{filepath.Dir(filepath.Dir(path)), filepath.Dir(path), filepath.Dir(base), base} {
		mustDo(t, os.Chmod(dir, 0o755))
	}
	mustDo(t, os.Chown(base, nobody, nobody))
	return who
}

// TestWhatMustNotBeRemovedIsFoundBeforehand closes one directory of a dataset after the
// other, and then the base.
func TestWhatMustNotBeRemovedIsFoundBeforehand(t *testing.T) {
	path, base := release(t), t.TempDir()
	who := nobody(t, path, base)
	dtool := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), path, args...)
		cmd.SysProcAttr, cmd.Dir, cmd.Env = who, base, []string{"HOME=" + base, "USER=olssont"}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	makeFile(t, filepath.Join(base, "sub", "dir", "a"), "a")
	for _, args := range [][]string{{"create", "-q", "proto"}, {"add", "item", "sub", "proto"}, {"freeze", "proto"}} {
		if out, err := dtool(args...); err != nil {
			t.Fatalf("%q: %s", args, out)
		}
	}
	before := tree(t, base)
	for _, dir := range []string{".", "proto", "proto/data", "proto/data/sub/dir", "proto/.dtool"} {
		mustDo(t, os.Chmod(filepath.Join(base, dir), 0o555))
		out, err := dtool("rm", "--yes", "proto")
		mustDo(t, os.Chmod(filepath.Join(base, dir), 0o755))
		if err == nil || !strings.Contains(out, "permission denied") || !strings.Contains(out, "hint: look at the owner and the mode") {
			t.Errorf("with %s closed: %v: %s", dir, err, out)
		}
		for _, difference := range tree(t, base).differences(before) {
			t.Errorf("with %s closed, %s", dir, difference)
		}
	}
	if out, err := dtool("rm", "--yes", "proto"); err != nil {
		t.Errorf("with all open: %v: %s", err, out)
	}
}
