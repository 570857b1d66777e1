// Package arch holds the project to its architecture: which package may import
// which, that each says what it is for, and that no file names the machine
// that it was written on. The rules are in rules_test.go.
//
// It reads source files, those of other operating systems too, and knows nothing
// of what they do.
package arch_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

func TestPackagesKeepTheRules(t *testing.T) {
	packages := readPackages(t)
	if len(packages) < 3 {
		t.Fatalf("found %d packages: looked in the wrong place", len(packages))
	}
	rows := arrows()
	for _, p := range packages {
		for _, v := range violations(p) {
			t.Error(v)
		}
		delete(rows, p.dir)
	}
	for dir := range rows {
		t.Errorf("%s has a row and is no package", dir)
	}
}

func TestRulesCatch(t *testing.T) {
	tests := []struct {
		what string
		bad  pkg
	}{
		{"no package comment", pkg{dir: "storage"}},
		{"unknown package", pkg{dir: "internal/helpers", documented: true}},
		{"library importing the command line", importing(".", module+"/internal/cli")},
		{"command line importing a store", importing("internal/cli", module+"/storage/s3")},
		{"store importing the library", importing("storage/s3", module)},
		{"store importing another", importing("storage/s3", module+"/storage/disk")},
		{"leaf importing the project", importing("internal/pyjson", module+"/storage")},
		{"product importing test support", importing(".", module+"/storage/memory")},
		{"library importing cobra", importing(".", "github.com/spf13/cobra")},
		{"library importing a progress bar", importing(".", "github.com/vbauerster/mpb/v8/decor")},
		{"library importing the SDK", importing(".", "github.com/aws/aws-sdk-go-v2/service/s3")},
		{"product importing a test library", importing(".", "pgregory.net/rapid")},
		{"global logger", importing("internal/cli", "log")},
		{"unknown module", importing("internal/cli", "example.com/anything")},
		{"test keeping bytes in another store", pkg{dir: "storage/s3", documented: true, testImports: []string{module + "/storage/disk"}}},
		{"test reaching upwards", pkg{dir: "storage", documented: true, testImports: []string{module}}},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			if got := violations(tt.bad); len(got) != 1 {
				t.Errorf("violations: %q, want one", got)
			}
		})
	}
}

func TestRulesAllow(t *testing.T) {
	tests := []struct {
		what string
		good pkg
	}{
		{"store importing the contract", importing("storage/s3", module+"/storage")},
		{"store importing its SDK", importing("storage/s3", "github.com/aws/aws-sdk-go-v2/config")},
		{"structured logging", importing(".", "log/slog")},
		{"test using test support", pkg{
			dir: "storage/s3", documented: true,
			testImports: []string{module + "/storage/s3", module + "/internal/s3test", "pgregory.net/rapid"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			if got := violations(tt.good); len(got) != 0 {
				t.Errorf("violations: %q, want none", got)
			}
		})
	}
}

func importing(dir, imported string) pkg {
	return pkg{dir: dir, documented: true, imports: []string{imported}}
}

// readPackages reads every package of the module, whatever system its files are
// for.
func readPackages(t *testing.T) map[string]pkg {
	t.Helper()
	packages := map[string]pkg{}
	walk(t, func(name string) {
		if path.Ext(name) != ".go" {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil,
			parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		p := packages[path.Dir(name)]
		p.dir = path.Dir(name)
		p.documented = p.documented || file.Doc != nil
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, "_test.go") {
				p.testImports = append(p.testImports, imported)
			} else {
				p.imports = append(p.imports, imported)
			}
		}
		packages[p.dir] = p
	})
	return packages
}

// walk calls visit with the path, from the root and with slashes, of each file
// of the project.
func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	notOurs := []string{".git", ".tools", "bin", "dist", "testdata/fixtures"}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(notOurs, name):
			return fs.SkipDir
		case d.Type().IsRegular() && name != ".git": // it is a file in a worktree
			visit(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
