package s3test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

const ownModule = "github.com/dtool-go/dtool"

// A program is one that a module of tools has.
type program struct {
	name     string // in .tools
	variable string // of the environment, may name another path
	source   string // the package that it is built from
	module   string // the directory of the module that pins it
}

func versitygw() program {
	return program{"versitygw", "VERSITYGW", "github.com/versity/versitygw/cmd/versitygw", "tools"}
}

func toxiproxy() program {
	return program{"toxiproxy", "TOXIPROXY", "github.com/Shopify/toxiproxy/v2/cmd/server", "tools"}
}

// find gives the path of the program: the one that the environment names, else
// the one in .tools at the root of the checkout, which is built there if it is
// missing.
func (p program) find(ctx context.Context) (string, error) {
	if path := os.Getenv(p.variable); path != "" {
		return path, nil
	}
	root, err := checkout()
	if err != nil {
		return "", fmt.Errorf("%w; set %s to the path of a %s", err, p.variable, p.name)
	}
	name := p.name
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(root, ".tools", name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, p.build(ctx, root, path)
}

// build makes the program under another name and then gives it its own, so that
// several tests may do so at once.
func (p program) build(ctx context.Context, root, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, filepath.Base(path))
	cmd := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(root, p.module), "-o", made, p.source)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", p.source, err, out)
	}
	return os.Rename(made, path)
}

// checkout gives the root of the project's checkout, which holds the working
// directory.
func checkout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if declares(filepath.Join(dir, "go.mod"), ownModule) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("the working directory is not in a checkout of " + ownModule)
		}
		dir = parent
	}
}

func declares(goMod, module string) bool {
	f, err := os.Open(goMod)
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, isModule := strings.CutPrefix(lines.Text(), "module "); isModule {
			return strings.TrimSpace(name) == module
		}
	}
	return false
}
