package arch_test

import (
	"fmt"
	"slices"
	"strings"
)

const module = "github.com/dtool-go/dtool"

// arrows says which packages of the project the code of a package may import,
// "." being the root package. A package that has no row may not exist: to add
// one is to add its row here and its box in docs/architecture.md.
func arrows() map[string][]string {
	return map[string][]string{
		"cmd/dtool":    {"internal/cli"},
		"internal/cli": {".", "internal/config", "internal/show", "storage"},
		".": {
			"internal/config", "internal/page", "internal/policy", "internal/portable", "internal/pyjson", "internal/readme",
			"internal/transfer",
			"storage", "storage/disk", "storage/s3", "storage/transport", "storage/web",
		},

		"storage/disk":      {"internal/portable", "storage"},
		"storage/memory":    {"storage"},
		"storage/transport": {},
		"storage/s3":        {"storage", "storage/transport"},
		"storage/web":       {"internal/transfer", "storage", "storage/transport"},
		"storage":           {},

		"internal/config":   {"internal/pyjson"},
		"internal/page":     {"internal/show"},
		"internal/policy":   {},
		"internal/portable": {},
		"internal/pyjson":   {},
		"internal/readme":   {},
		"internal/show":     {},
		"internal/transfer": {},

		"internal/arch":        {},
		"internal/badday":      {"internal/s3test", "storage", "storage/s3"},
		"internal/bench":       {"internal/s3test"},
		"internal/browsertest": {},
		"internal/demo":        {"internal/s3test"},
		"internal/fixtures":    {"storage"},
		"internal/model":       {".", "storage"},
		"internal/oddnames":    {},
		"internal/s3test":      {"storage", "storage/s3"},
		"internal/soak":        {".", "internal/model", "internal/s3test", "storage", "storage/disk", "storage/s3"},
		"storage/storetest":    {"internal/oddnames", "storage"},
	}
}

// support names the packages that are for tests. Every test may import them,
// and nothing of the product does.
func support() []string {
	return []string{
		"internal/arch", "internal/badday", "internal/bench", "internal/browsertest", "internal/demo", "internal/fixtures", "internal/model",
		"internal/oddnames", "internal/s3test", "internal/soak",
		"storage/memory", "storage/storetest",
	}
}

// testArrows says what else the tests of a package may import of the product.
func testArrows() map[string][]string {
	return map[string][]string{"storage/web": {"storage/disk"}} // of which it serves directories
}

// outsiders says which packages may import a module that go.mod names.
func outsiders() map[string][]string {
	anywhere := []string{"*"}
	tests := support()
	return map[string][]string{
		"github.com/aws/aws-sdk-go-v2":  {"storage/s3", "internal/s3test"},
		"github.com/aws/smithy-go":      {"storage/s3", "internal/s3test"},
		"github.com/spf13/cobra":        {"internal/cli"},
		"github.com/spf13/pflag":        {"internal/cli"},
		"github.com/vbauerster/mpb/v8":  {"internal/cli"},
		"github.com/dustin/go-humanize": {"internal/cli"},
		"github.com/google/uuid":        {"."},
		"go.yaml.in/yaml/v3":            {"internal/readme"},
		"golang.org/x/sync":             anywhere,
		"golang.org/x/sys":              {"storage/disk"},
		"golang.org/x/term":             {"internal/cli"},
		"golang.org/x/text":             {"internal/portable"},
		"golang.org/x/time":             {"storage/transport"},

		"github.com/chromedp/cdproto":     {"internal/browsertest"},
		"github.com/chromedp/chromedp":    {"internal/browsertest"},
		"github.com/google/go-cmp":        tests,
		"github.com/rogpeppe/go-internal": tests,
		"go.uber.org/goleak":              tests,
		"pgregory.net/rapid":              tests,
	}
}

// restricted says which packages may import the parts of the standard library
// that are not for everybody.
func restricted() map[string][]string {
	return map[string][]string{
		"flag":    support(),
		"log":     support(), // examples end with log.Fatal, as programs do
		"os/exec": append(support(), "internal/cli"),
		"unsafe":  {},
	}
}

// A pkg is what the rules look at.
type pkg struct {
	dir         string // from the root of the module, with slashes
	documented  bool   // has a package comment
	imports     []string
	testImports []string
}

// violations tells which rules a package breaks, in words.
func violations(p pkg) []string {
	var found []string
	if !p.documented {
		found = append(found, p.dir+" has no package comment: say what it is for and what it does not know")
	}
	allowed, known := arrows()[p.dir]
	if !known {
		return append(found, p.dir+" has no row in arrows: say what it may import")
	}
	for _, path := range p.imports {
		if !mayImport(p.dir, path, allowed) {
			found = append(found, fmt.Sprintf("%s may not import %s", p.dir, path))
		}
	}
	allowed = slices.Concat(allowed, support(), testArrows()[p.dir], []string{p.dir})
	for _, path := range p.testImports {
		if !mayImport(p.dir, path, allowed) && !mayImport("internal/arch", path, allowed) {
			found = append(found, fmt.Sprintf("a test of %s may not import %s", p.dir, path))
		}
	}
	return found
}

func mayImport(dir, path string, allowed []string) bool {
	if path == module {
		return slices.Contains(allowed, ".")
	}
	if own, ok := strings.CutPrefix(path, module+"/"); ok {
		return slices.Contains(allowed, own)
	}
	for prefix, dirs := range outsiders() {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return slices.Contains(dirs, dir) || slices.Contains(dirs, "*")
		}
	}
	if dirs, ok := restricted()[path]; ok {
		return slices.Contains(dirs, dir)
	}
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
