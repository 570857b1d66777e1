//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNoRoomAndNoRight is about disks that do not take what is written. The system's
// limit on the size of a file stands for a disk that is full. One error is told, and
// what was written by half is removed.
func TestNoRoomAndNoRight(t *testing.T) {
	program := release(t)
	dir := t.TempDir()
	for _, above := range []string{filepath.Dir(program), filepath.Dir(filepath.Dir(program)), filepath.Dir(dir)} {
		if err := os.Chmod(above, 0o755); err != nil { // another user is to get there
			t.Fatal(err)
		}
	}
	makeFile(t, filepath.Join(dir, "files", "small.txt"), "small\n")
	makeFile(t, filepath.Join(dir, "files", "large.bin"), strings.Repeat("x", 1<<20))
	run := func(t *testing.T, prefix string, as *syscall.SysProcAttr, args ...string) outcome {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"-c", prefix + `exec "$0" "$@"`, program}, args...)...)
		cmd.Dir, cmd.SysProcAttr = dir, as
		cmd.Env = []string{"HOME=" + dir, "USER=olssont"}
		var stderr strings.Builder
		cmd.Stderr = &stderr
		err := cmd.Run()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return outcome{code: cmd.ProcessState.ExitCode(), stderr: stderr.String()}
	}
	if o := run(t, "", nil, "create", "--from", "files", "whole"); o.code != 0 {
		t.Fatal(o.stderr)
	}
	const few = "ulimit -f 100; " // blocks of 512 or 1024 bytes
	somebody := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 { // who may write anywhere
		somebody.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	for name, test := range map[string]struct {
		prefix string
		as     *syscall.SysProcAttr
		mode   os.FileMode
		args   []string
		says   string
		resume bool // what has arrived of a copy stays for that
	}{
		"no room for a copy":          {few, nil, 0o755, []string{"cp", "whole"}, "file too large", true},
		"no room for a new dataset":   {few, nil, 0o755, []string{"create", "--from", "files", "new"}, "file too large", false},
		"no right to copy":            {"", somebody, 0o555, []string{"cp", "whole"}, "permission denied", true},
		"no right to make a dataset":  {"", somebody, 0o555, []string{"create", "new"}, "permission denied", false},
		"no right to take all of one": {"", somebody, 0o555, []string{"create", "--from", "files", "new"}, "permission denied", false},
	} {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			if err := os.Mkdir(base, test.mode); err != nil {
				t.Fatal(err)
			}
			o := run(t, test.prefix, test.as, append(test.args, base)...)
			if o.code != 1 || strings.Count(o.stderr, "dtool: ") != 1 || !strings.Contains(o.stderr, test.says) || !strings.Contains(o.stderr, "\nhint: ") {
				t.Errorf("it ended with exit code %d and said %s", o.code, o.stderr)
			}
			for key := range tree(t, base) {
				stays := test.resume && strings.HasPrefix(key, "whole/") && !strings.HasSuffix(key, "large.bin")
				if !stays || unfinishedFile.MatchString(key) && !isEmptyTemp(key) {
					t.Errorf("%s is left", key)
				}
			}
			if err := os.Chmod(base, 0o755); err != nil {
				t.Fatal(err)
			}
			if test.resume {
				test.args = []string{"cp", "--resume", "whole"}
			}
			if o := run(t, "", nil, append(test.args, base)...); o.code != 0 {
				t.Errorf("with room and right it ends with exit code %d: %s", o.code, o.stderr)
			}
		})
	}
}
