package dtool_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dtool-go/dtool"
)

// documents gives the project's documents for people, by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			texts[filepath.ToSlash(path)] = readText(t, path)
		}
	}
	for _, path := range []string{"README.md", "docs/format.md", "docs/architecture.md", "docs/stores.md"} {
		if texts[path] == "" {
			t.Fatalf("%s is missing", path)
		}
	}
	return texts
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks gives the fenced blocks of a document in a language.
func blocks(text, language string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	return found
}

// prose gives a document without its fenced blocks.
func prose(text string) string {
	return regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
}

func TestLinksInDocumentsLeadSomewhere(t *testing.T) {
	texts := documents(t)
	for path, text := range texts {
		for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(prose(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := path
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(path), file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link %s leads nowhere", path, m[1])
			} else if anchor != "" && !slices.Contains(anchors(texts[target]), anchor) {
				t.Errorf("%s: the link %s leads to no heading of %s", path, m[1], target)
			}
		}
	}
}

// anchors gives what the headings of a document go by in links.
func anchors(text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(prose(text), -1) {
		heading := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		found = append(found, strings.ReplaceAll(heading, " ", "-"))
	}
	return found
}

// TestArchitectureNamesWhatIsThere holds the map of the code to the code: what
// docs/architecture.md puts into backquotes and looks like a Go file or a
// package must exist.
func TestArchitectureNamesWhatIsThere(t *testing.T) {
	text := documents(t)["docs/architecture.md"]
	named := regexp.MustCompile("`([\\w./]+\\.go|(?:cmd|internal|storage|testdata|tools)/[\\w./]+)`").FindAllStringSubmatch(text, -1)
	if len(named) == 0 {
		t.Fatal("it names no file")
	}
	for _, m := range named {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("docs/architecture.md names %s: %v", m[1], err)
		}
	}
}

// TestEveryDependencyHasItsReason looks for the modules that the code imports and
// the programs that are built for it.
func TestEveryDependencyHasItsReason(t *testing.T) {
	text := documents(t)["docs/architecture.md"]
	direct := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(readText(t, "go.mod"), -1)
	for _, pinned := range []string{"tools/go.mod", "tools/weed/go.mod"} {
		tools := regexp.MustCompile(`(?m)^\t([^\s(]+)$`).FindAllStringSubmatch(readText(t, pinned), -1)
		if len(tools) == 0 {
			t.Fatalf("%s names no tool", pinned)
		}
		direct = append(direct, tools...)
	}
	for _, m := range direct {
		module, _, _ := strings.Cut(m[1], "/cmd/")
		if !strings.Contains(text, "`"+module+"`") {
			t.Errorf("docs/architecture.md does not say what %s is for", module)
		}
	}
}

// TestREADMEListsEveryCommand compares the table of commands with the help.
func TestREADMEListsEveryCommand(t *testing.T) {
	help, err := exec.CommandContext(t.Context(), buildProgram(t), "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	table := "\n" + documents(t)["README.md"]
	commands := regexp.MustCompile(`(?m)^  (\w+) +[A-Z]`).FindAllStringSubmatch(string(help), -1)
	if len(commands) < 10 {
		t.Fatalf("the help lists %d commands:\n%s", len(commands), help)
	}
	for _, m := range commands {
		if m[1] != "help" && m[1] != "completion" && !strings.Contains(table, "\n| `"+m[1]+" ") {
			t.Errorf("README.md has no row for dtool %s", m[1])
		}
	}
}

func buildProgram(t *testing.T) string {
	t.Helper()
	return build(t, "dtool", "./cmd/dtool")
}

func build(t *testing.T, name, source string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", source, err, out)
	}
	return program
}

// TestFormatShowsWhatIsWritten compares what docs/format.md shows as this
// program's own choice with a dataset.
func TestFormatShowsWhatIsWritten(t *testing.T) {
	format := documents(t)["docs/format.md"]
	w := newWorld(t)
	base := t.TempDir()
	_, err := w.Create(t.Context(), "shown", base, dtool.CreateOptions{})
	must(t, err)
	about := readText(t, filepath.Join(base, "shown", ".dtool", "README.txt"))
	if !slices.Contains(blocks(format, ""), about) {
		t.Errorf("docs/format.md does not show this README.txt:\n%s", about)
	}
	for _, document := range []string{"dtool", "structure.json"} {
		text := readText(t, filepath.Join(base, "shown", ".dtool", document))
		for _, field := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(text, -1) {
			if !strings.Contains(format, "`"+field[1]+"`") {
				t.Errorf("docs/format.md says nothing of the field %s of %s", field[1], document)
			}
		}
	}
}

// TestEveryFaultNamesItsTest holds docs/reliability.md to the tests that it names:
// each line of its tables of faults has some, and they are there.
func TestEveryFaultNamesItsTest(t *testing.T) {
	_, tables, ok := strings.Cut(documents(t)["docs/reliability.md"], "\n## What goes wrong")
	if !ok {
		t.Fatal("docs/reliability.md has no tables of faults")
	}
	there := testsOfTheProject(t)
	faults := 0
	before := ""
	for line := range strings.Lines(tables) {
		begins := before == "\n"
		before = line
		if !strings.HasPrefix(line, "| ") || strings.HasSuffix(line, "| shown by |\n") {
			continue
		}
		if begins {
			t.Errorf("an empty line has cut this off from its table: %s", line)
		}
		faults++
		named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(line, -1)
		if len(named) == 0 {
			t.Errorf("no test is named for: %s", line)
		}
		for _, m := range named {
			if !there[m[1]] {
				t.Errorf("there is no %s, named for: %s", m[1], line)
			}
		}
	}
	if faults < 40 {
		t.Errorf("it has %d faults", faults)
	}
}

// testsOfTheProject gives the names of all tests and fuzz tests.
func testsOfTheProject(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(readText(t, path), -1) {
			names[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
