package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/oddnames"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/internal/show"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
)

// A console runs commands one after the other, in one world.
type console struct {
	*testing.T
	Process
	terminal bool // standard output is one
}

func newConsole(t *testing.T) *console {
	t.Helper()
	home := t.TempDir()
	return &console{T: t, Process: Process{
		Environ:  []string{"LOGNAME=olssont", "DTOOL_CACHE_DIRECTORY=" + filepath.Join(home, "cache"), "DTOOL_MAX_FILES_LIMIT=1000000"},
		Home:     home,
		Hostname: "lab",
	}}
}

// run gives exit code and outputs of a command. No message holds what acts on a
// terminal, and on a terminal nothing does.
func (c *console) run(args ...string) (code int, stdout, stderr string) {
	c.Helper()
	var out, notesOut bytes.Buffer
	p := c.Process
	p.Args, p.Stdin, p.Stdout, p.Stderr = args, strings.NewReader(""), &out, &notesOut
	a := &app{Process: p, out: newOutput(&out), notes: notes{w: &notesOut}}
	a.out.terminal = c.terminal
	err := a.execute(c.Context())
	if flushErr := a.out.Flush(); err == nil {
		err = flushErr
	}
	code = a.report(c.Context(), err)
	mustBeHarmless(c.T, args, notesOut.String())
	if c.terminal {
		mustBeHarmless(c.T, args, out.String())
	}
	return code, out.String(), notesOut.String()
}

// ok runs a command that must do what it is asked.
func (c *console) ok(args ...string) string {
	c.Helper()
	code, stdout, stderr := c.run(args...)
	if code != 0 {
		c.Fatalf("%q ends with %d: %s%s", args, code, stdout, stderr)
	}
	return stdout
}

// last gives the last line, where commands print the URI of what they made.
func last(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return lines[len(lines)-1]
}

func mustBeHarmless(t *testing.T, args []string, text string) {
	t.Helper()
	acts := func(r rune) bool { return show.Acts(r) && r != '\n' && r != '\t' }
	if i := strings.IndexFunc(text, acts); i >= 0 {
		t.Errorf("%.200q prints %q, which acts on terminals", args, text[i:min(i+20, len(text))])
	}
	if strings.ToValidUTF8(text, "") != text {
		t.Errorf("%.200q prints what is not UTF-8", args)
	}
}

// bucket lets the commands reach a new bucket of a server, and gives its URI.
func (c *console) bucket(server *s3test.Server) string {
	name := server.NewBucket(c.T)
	variable := strings.ReplaceAll(name, "-", "_")
	c.Environ = append(c.Environ,
		"DTOOL_S3_ENDPOINT_"+variable+"="+server.Endpoint,
		"DTOOL_S3_ACCESS_KEY_ID_"+variable+"="+server.AccessKey,
		"DTOOL_S3_SECRET_ACCESS_KEY_"+variable+"="+server.SecretKey)
	return "s3://" + name
}

// oddFiles gives the names that a Unix disk holds, sorted.
func oddFiles() []string {
	names := slices.Concat(oddnames.Plain(), oddnames.Acting(), oddnames.Strange(), oddnames.Long(), []string{oddnames.Deep()})
	for _, picky := range oddnames.Windows() {
		names = append(names, picky.Name)
	}
	for _, pair := range oddnames.Pairs() {
		names = append(names, pair[:]...)
	}
	slices.Sort(names)
	return names
}

func contentOf(name string) string { return "content of " + name }

func makeFiles(t *testing.T, names []string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(contentOf(name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOddNamesGoThroughEveryCommand takes a dataset of all of them from disk to S3, on to
// another bucket, and back, and looks at it everywhere by every command that
// prints names.
func TestOddNamesGoThroughEveryCommand(t *testing.T) {
	server := s3test.Start(t)
	c := newConsole(t)
	names := oddFiles()
	source := makeFiles(t, names)
	first := last(c.ok("create", "--from", source, "odd", t.TempDir()))

	base := t.TempDir()
	c.ok("create", "-q", "byhand", base)
	proto := filepath.Join(base, "byhand")
	c.ok("add", "item", source, proto, ".")
	code, _, warned := c.run("freeze", proto)
	if code != 0 || !strings.Contains(warned, "Windows") || !strings.Contains(warned, "differ only by case") {
		t.Errorf("freeze ends with %d and says %s", code, warned)
	}
	if identifiers := c.ok("identifiers", proto); identifiers != c.ok("identifiers", first) {
		t.Error("the two ways to make a dataset give different items")
	}

	at := first
	near, far := c.bucket(server), c.bucket(server)
	for _, base := range []string{t.TempDir(), near, far, t.TempDir()} {
		if plan := c.ok("cp", "--dry-run", at, base); strings.Count(plan, "not there") != len(names) {
			t.Errorf("the plan is %s", plan)
		}
		at = last(c.ok("cp", "-q", at, base))
		c.ok("diff", "-f", at, first)
		c.lookAt(at, names)
		if base == far {
			c.fetch(at, withDot(names))
		}
	}
	c.lookAtItems(at, names)
	c.terminal = true
	c.lookOnTerminal(at, names)
}

// lookAt compares what commands print into pipes with what there is.
func (c *console) lookAt(uri string, names []string) {
	c.Helper()
	if got := c.ok("ls", "-q", uri); got != strings.Join(names, "\n")+"\n" {
		c.Errorf("ls of %s prints other names:\n%s", uri, cmp.Diff(names, strings.Split(got, "\n")))
	}
	var lines strings.Builder
	for _, name := range names {
		fmt.Fprintf(&lines, "%s\t%s\n", dtool.Identifier(name), name)
	}
	if got := c.ok("ls", uri); got != lines.String() {
		c.Errorf("ls of %s prints:\n%s", uri, cmp.Diff(lines.String(), got))
	}
	if got := c.ok("verify", "-f", uri); got != "All good :)\n" {
		c.Errorf("verify of %s prints %s", uri, got)
	}
}

// withDot gives the names from which a file in the cache takes something.
func withDot(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.Contains(name, ".") })
}

// fetch compares the content of every item with what it was made with.
func (c *console) fetch(uri string, names []string) {
	c.Helper()
	for _, name := range names {
		file := strings.TrimSuffix(c.ok("item", "fetch", uri, dtool.Identifier(name)), "\n")
		if text, err := os.ReadFile(file); err != nil || string(text) != contentOf(name) {
			c.Errorf("the item %q has the content %q, %v", name, text, err)
		}
	}
}

// lookAtItems asks for every item by itself.
func (c *console) lookAtItems(uri string, names []string) {
	c.Helper()
	c.fetch(uri, names)
	for _, name := range names {
		var item struct {
			Relpath string `json:"relpath"`
		}
		id := dtool.Identifier(name)
		if err := json.Unmarshal([]byte(c.ok("item", "properties", uri, id)), &item); err != nil || item.Relpath != name {
			c.Errorf("the properties of %q have the relpath %q, %v", name, item.Relpath, err)
		}
		if got := c.ok("item", "relpath", uri, id); got != name+"\n" {
			c.Errorf("the relpath of %q is printed as %q", name, got)
		}
	}
}

// lookOnTerminal runs every command that prints names; console.run looks at the
// characters. Nothing is changed but what would act.
func (c *console) lookOnTerminal(uri string, names []string) {
	c.Helper()
	for _, args := range [][]string{{"ls", uri}, {"ls", "-q", uri}, {"ls", "-v", uri}, {"cp", "--dry-run", uri, c.TempDir()}} {
		if got := c.ok(args...); !strings.Contains(got, show.Escape(names[0], "")) {
			c.Errorf("%q prints %.200q", args, got)
		}
	}
	for _, name := range names {
		c.ok("item", "properties", uri, dtool.Identifier(name))
		c.ok("item", "relpath", uri, dtool.Identifier(name))
		c.ok("item", "fetch", uri, dtool.Identifier(name))
		c.run("item", "relpath", uri, name)
		c.run("summary", name)
		c.run("ls", name+"\x1b")
		c.run("create", name, c.TempDir())
	}
}

// TestOddNamesInReports has every item missing, and every one that is there unknown.
func TestOddNamesInReports(t *testing.T) {
	c := newConsole(t)
	names := oddFiles()
	uri := last(c.ok("create", "--from", makeFiles(t, names), "odd", t.TempDir()))
	_, path, _ := strings.Cut(strings.TrimPrefix(uri, "file://"), "/")
	data := filepath.Join("/"+path, "data")
	if err := os.Rename(data, data+"-away"); err != nil {
		t.Fatal(err)
	}
	var strays []string
	for _, name := range names {
		strays = append(strays, "stray/"+name)
	}
	if err := os.Rename(makeFiles(t, strays), data); err != nil {
		t.Fatal(err)
	}

	code, stdout, _ := c.run("verify", "--json", uri)
	var report struct{ Unknown, Missing []struct{ Relpath string } }
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != 1 {
		t.Fatalf("verify ends with %d: %v", code, err)
	}
	relpaths := func(list []struct{ Relpath string }) (found []string) {
		for _, f := range list {
			found = append(found, f.Relpath)
		}
		slices.Sort(found)
		return found
	}
	if diff := cmp.Diff(names, relpaths(report.Missing)); diff != "" {
		t.Errorf("the missing items differ:\n%s", diff)
	}
	if diff := cmp.Diff(strays, relpaths(report.Unknown)); diff != "" {
		t.Errorf("the unknown items differ:\n%s", diff)
	}
	c.terminal = true
	code, stdout, _ = c.run("verify", uri)
	if lines := strings.Count(stdout, "\n"); code != 1 || lines != 2*len(names) {
		t.Errorf("on a terminal verify ends with %d and prints %d lines, want %d", code, lines, 2*len(names))
	}
}

// oddTexts is what a dataset of somebody else may have for its name.
func oddTexts() []string {
	texts := slices.Concat(oddFiles(), oddnames.Newlines(), oddnames.Outward(), oddnames.TooLong(), []string{
		"a,b", `a"b`, `"quoted"`, "a;b", " ,", "\ufeffname,size_in_bytes", "line\r\nend", "=1+1", "-1", "@x", "\t\t", `\n`, `\\n`,
	})
	slices.Sort(texts)
	return slices.Compact(texts)
}

// foreign puts a dataset into a bucket in memory as another program might, with
// texts for whatever is one.
func foreign(t *testing.T, store storage.Store, n int, text string) {
	t.Helper()
	id := fmt.Sprintf("5d700000-0000-4000-8000-%012d", n)
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	for key, body := range map[string]string{
		"dtool-" + id: "",
		id + "/dtool": fmt.Sprintf(`{"uuid": %q, "name": %s, "type": "dataset", "creator_username": %s, "frozen_at": %s, "dtoolcore_version": %s}`,
			id, quoted, quoted, quoted, quoted),
		id + "/manifest.json":         `{"hash_function": "md5sum_hexdigest", "items": {}}`,
		id + "/README.yml":            text,
		id + "/annotations/note.json": string(quoted),
	} {
		if _, err := store.Put(t.Context(), key, strings.NewReader(body), storage.PutOptions{Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOddTextsOfDatasetsComeThrough prints names, creators, times, READMEs and annotations
// that no dtool would write, in every format.
func TestOddTextsOfDatasetsComeThrough(t *testing.T) {
	c, store := newConsole(t), memory.New()
	c.Buckets = map[string]storage.Opener{"mem": func(context.Context, string) (storage.Store, error) { return store, nil }}
	texts := oddTexts()
	for i, text := range texts {
		foreign(t, store, i, text)
	}

	rows, err := csv.NewReader(strings.NewReader(c.ok("inventory", "-f", "csv", "mem://b"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var names, lines []string
	for _, row := range rows[1:] {
		if row[0] != row[2] {
			t.Errorf("in csv the name is %q and the creator %q", row[0], row[2])
		}
		names = append(names, row[0])
	}
	var want, escaped []string
	for _, text := range texts {
		want = append(want, strings.ReplaceAll(text, "\r\n", "\n")) // as the reader of csv takes line ends
		escaped = append(escaped, show.Escape(text, ""))
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("in csv the names differ:\n%s", diff)
	}
	for line := range strings.Lines(c.ok("inventory", "-f", "tsv", "mem://b")) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 6 {
			t.Fatalf("in tsv a line has %d fields: %q", len(fields), line)
		}
		lines = append(lines, fields[0])
	}
	if diff := cmp.Diff(escaped, lines[1:]); diff != "" {
		t.Errorf("in tsv the names differ:\n%s", diff)
	}

	for i, text := range texts {
		uri := fmt.Sprintf("mem://b/5d700000-0000-4000-8000-%012d", i)
		var summary struct {
			Name     string `json:"name"`
			Creator  string `json:"creator_username"`
			FrozenAt any    `json:"frozen_at"`
		}
		if err := json.Unmarshal([]byte(c.ok("summary", "-f", "json", uri)), &summary); err != nil || summary.Name != text || summary.Creator != text {
			t.Errorf("the summary of %q has %q, %v", text, summary, err)
		}
		if got := c.ok("readme", "show", uri); got != text+"\n" {
			t.Errorf("the README %q is shown as %q", text, got)
		}
		if got := c.ok("annotation", "get", uri, "note"); got != text+"\n" {
			t.Errorf("the annotation %q is printed as %q", text, got)
		}
	}
	c.terminal = true
	for _, args := range [][]string{
		{"ls", "mem://b"},
		{"ls", "-v", "mem://b"},
		{"ls", "-q", "mem://b"},
		{"inventory", "mem://b"},
		{"inventory", "-f", "csv", "mem://b"},
		{"inventory", "-f", "tsv", "mem://b"},
	} {
		c.ok(args...)
	}
	for i := range texts {
		uri := fmt.Sprintf("mem://b/5d700000-0000-4000-8000-%012d", i)
		for _, args := range [][]string{
			{"summary", uri},
			{"summary", "-f", "json", uri},
			{"readme", "show", uri},
			{"annotation", "get", uri, "note"},
			{"annotation", "ls", uri},
			{"name", uri},
			{"verify", "--json", uri},
			{"status", uri},
			{"uri", uri},
		} {
			c.ok(args...)
		}
		c.run("readme", "validate", uri)
		c.run("cp", "--dry-run", uri, t.TempDir())
	}
}

// TestOddValuesOfAdministrativeMetadata has each field of a type that no dtool writes. What is
// known of the dataset is shown, and nothing is made up.
func TestOddValuesOfAdministrativeMetadata(t *testing.T) {
	c, store := newConsole(t), memory.New()
	c.Buckets = map[string]storage.Opener{"mem": func(context.Context, string) (storage.Store, error) { return store, nil }}
	const id = "5d700000-0000-4000-8000-000000000000"
	whole := map[string]string{
		"uuid": `"` + id + `"`, "name": `"odd"`, "type": `"dataset"`, "creator_username": `"olssont"`, "created_at": "1.5", "frozen_at": "1.5", "dtoolcore_version": `"3.0.0"`,
	}
	put := func(key, text string) {
		if _, err := store.Put(t.Context(), key, strings.NewReader(text), storage.PutOptions{Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
	}
	put("dtool-"+id, "")
	put(id+"/manifest.json", `{"hash_function": "md5sum_hexdigest", "items": {}}`)
	put(id+"/README.yml", "\x00\xff\xfebinary\x1b[31m\x9b2J")
	for field := range whole {
		for _, value := range []string{
			"null", "true", "[]", `{"a": [1]}`, "0", "-1", "1e999", "-1e300", "NaN", "Infinity", "9007199254740993", "253402300800", `""`, `"1.5"`, `"\u001b[2J\n"`,
			`"../../x"`, `"\ud800"`, `["\u0000"]`, "12345678901234567890123456789012345678901234567890",
		} {
			var members []string
			for name, v := range whole {
				if name == field {
					v = value
				}
				members = append(members, fmt.Sprintf("%q: %s", name, v))
			}
			put(id+"/dtool", "{"+strings.Join(members, ", ")+"}")
			refused := field == "uuid" || field == "type"
			for _, terminal := range []bool{false, true} {
				c.terminal = terminal
				for _, args := range [][]string{
					{"summary", "mem://b/" + id},
					{"summary", "-f", "json", "mem://b/" + id},
					{"ls", "-v", "mem://b"},
					{"inventory", "mem://b"},
					{"inventory", "-f", "csv", "mem://b"},
					{"readme", "show", "mem://b/" + id},
					{"status", "mem://b/" + id},
					{"verify", "--json", "mem://b/" + id},
				} {
					if code, stdout, stderr := c.run(args...); (code != 0) != refused || refused && !strings.Contains(stderr, id+"/dtool") {
						t.Errorf("with %s: %s, %q ends with %d: %s%s", field, value, args, code, stdout, stderr)
					}
				}
			}
			c.run("readme", "validate", "mem://b/"+id)
			c.run("cp", "--dry-run", "mem://b/"+id, t.TempDir())
		}
	}
}
