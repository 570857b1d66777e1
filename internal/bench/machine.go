package main

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A fact is something about the machine or the programs that makes a difference.
type fact struct{ what, is string }

// facts tells on what and of what the figures are.
func (s *stage) facts(ctx context.Context) []fact {
	facts := []fact{
		{"commit", commit(ctx)},
		{"processor", fmt.Sprintf("%s, %d cores", processor(), runtime.NumCPU())},
		{"system", said(ctx, "uname", "-sr")},
		{"Go", strings.TrimPrefix(runtime.Version(), "go")},
		{"dtool", strings.TrimPrefix(said(ctx, s.dtool, "--version"), "dtool, version ")},
		{"versitygw", builtVersion(filepath.Join(".tools", "versitygw"))},
		{"toxiproxy", builtVersion(filepath.Join(".tools", "toxiproxy"))},
		{"rclone", builtVersion(s.rclone)},
		{"AWS command line", "not on PATH"},
		{"openssl", "not on PATH"},
	}
	if s.aws != "" {
		version, _, _ := strings.Cut(said(ctx, s.aws, "--version"), " ")
		facts[len(facts)-2].is = strings.TrimPrefix(version, "aws-cli/")
	}
	if s.openssl != "" {
		facts[len(facts)-1].is = strings.TrimPrefix(said(ctx, s.openssl, "version"), "OpenSSL ")
	}
	return facts
}

// said gives the first line that a program prints, or "unknown".
func said(ctx context.Context, program string, args ...string) string {
	out, err := exec.CommandContext(ctx, program, args...).Output()
	line, _, _ := strings.Cut(string(out), "\n")
	if err != nil || line == "" {
		return "unknown"
	}
	return line
}

func commit(ctx context.Context) string {
	hash := said(ctx, "git", "rev-parse", "--short=12", "HEAD")
	if said(ctx, "git", "status", "--porcelain", "--untracked-files=no") != "unknown" {
		hash += ", with changes"
	}
	return hash
}

// builtVersion gives the version of the module that a Go program was built from.
func builtVersion(path string) string {
	if path == "" {
		return "not there"
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}

// processor gives the model of the first processor, where the system tells.
func processor() string {
	if file, err := os.Open("/proc/cpuinfo"); err == nil {
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if name, model, found := strings.Cut(lines.Text(), ":"); found && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(model)
			}
		}
	}
	return runtime.GOARCH
}
