package dtool_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/internal/s3test"
)

// TestSessionsInDocuments types the commands of every console block into a
// shell, those of one document into the same, and compares what then stands on
// the terminal with the document. The files of testdata/docs are there, a bucket
// named plants on a real server, and as ./check the Go program of the README.
func TestSessionsInDocuments(t *testing.T) {
	program := buildProgram(t)
	for path, text := range documents(t) {
		sessions := blocks(text, "console")
		for _, language := range []string{"", "sh", "text"} {
			if slices.ContainsFunc(blocks(text, language), typesDtool) {
				t.Errorf("%s: dtool is called in a block that is no console block, and so is not run here", path)
			}
		}
		if sessions == nil {
			continue
		}
		t.Run(path, func(t *testing.T) {
			m := newMachine(t, program, rightsIn(path))
			for _, source := range blocks(text, "go") {
				m.install(t, source)
			}
			want := strings.Join(sessions, separator)
			got := m.run(t, sessions)
			if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
				t.Errorf("%s shows another session (-) than there is (+):\n%s\nAs it is:\n\n%s", path, diff, got)
			}
		})
	}
}

// rightsIn gives the arguments with which dtool s3 policy prints what the user of a
// session may do, and no more: in the documents that show it, what is shown there.
func rightsIn(path string) []string {
	if path == "docs/sharing.md" {
		return []string{"--publish", "plants", "u/user/"}
	}
	return []string{"plants", ""}
}

func typesDtool(block string) bool {
	return regexp.MustCompile(`(?m)^(\$ )?dtool `).MatchString(block)
}

// separator stands between the blocks of a session.
const separator = "~~~\n"

// lines gives the lines of a session without what differs from one time to
// another: UUIDs are numbered as they come; times, signatures of URLs and the store's
// names for requests are all the same.
func lines(session string) []string {
	numbers := map[string]string{}
	session = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllStringFunc(session, func(uuid string) string {
		if numbers[uuid] == "" {
			numbers[uuid] = fmt.Sprintf("UUID-%d", len(numbers)+1)
		}
		return numbers[uuid]
	})
	for of, text := range map[string]string{
		`\d{4}-\d\d-\d\d`: "DATE", `\d\d:\d\d UTC`: "TIME", `\?X-Amz-\S*`: "?SIGNATURE", `request [0-9A-Z.]+`: "REQUEST",
		`DtoolPublish[0-9a-f]{32}`: "SID",
	} {
		session = regexp.MustCompile(of).ReplaceAllString(session, text)
	}
	return strings.Split(session, "\n")
}

// A machine is the one on which sessions are shown: host "lab", user "user" in
// the directory /data, whose bucket plants is at https://s3.example.org. The user has the
// rights there that the policy gives, and is known to the store by the access key.
type machine struct {
	dir   string
	home  string
	env   []string
	shown *strings.Replacer // from what is there to what documents show
	typed *strings.Replacer // the other way round, for commands
}

func newMachine(t *testing.T, program string, rights []string) *machine {
	t.Helper()
	server := s3test.StartOwn(t)
	if err := server.MakeBucket(t.Context(), "plants"); err != nil {
		t.Fatal(err)
	}
	user := server.NewUser(t, "ACCESS-KEY")
	arguments := append([]string{"s3", "policy", "--principal", user.AccessKey}, rights...)
	policy, err := exec.CommandContext(t.Context(), program, arguments...).Output()
	if err != nil {
		t.Fatalf("dtool %q: %v", arguments, err)
	}
	server.SetPolicy(t, "plants", string(policy))
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{dir: t.TempDir(), home: t.TempDir()}
	if err := os.CopyFS(m.dir, os.DirFS("testdata/docs")); err != nil {
		t.Fatal(err)
	}
	m.env = []string{
		"PATH=" + filepath.Dir(program) + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"HOME=" + m.home, "LOGNAME=user", "TZ=UTC", "LC_ALL=C.UTF-8", "AWS_EC2_METADATA_DISABLED=true",
	}
	m.shown = strings.NewReplacer("file://"+host+m.dir, "file://lab/data", m.dir, "/data", m.home, "/home/user",
		server.Endpoint, "https://s3.example.org")
	m.typed = strings.NewReplacer("https://s3.example.org", server.Endpoint, "SECRET-KEY", user.SecretKey)
	return m
}

// install builds a program of a document as ./check.
func (m *machine) install(t *testing.T, source string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput(); err != nil {
		t.Fatalf("go vet of the program in the document: %v\n%s", err, out)
	}
	if err := os.Rename(build(t, "check", file), filepath.Join(m.dir, "check")); err != nil {
		t.Fatal(err)
	}
}

// run types the commands and gives what a terminal would show.
func (m *machine) run(t *testing.T, sessions []string) string {
	t.Helper()
	var script strings.Builder
	for i, session := range sessions {
		if i > 0 {
			fmt.Fprintf(&script, "printf '%%s' '%s'\n", separator)
		}
		// A command goes on in lines that begin with "> ".
		for _, typed := range regexp.MustCompile(`(?m)^\$ (.*(?:\n> .*)*)$`).FindAllStringSubmatch(session, -1) {
			command := strings.ReplaceAll(typed[1], "\n> ", "\n")
			fmt.Fprintf(&script, "cat <<'end of command'\n%s\nend of command\n%s\n", typed[0], m.typed.Replace(command))
		}
	}
	script.WriteString(":\n") // what commands end with is for the session to show
	var terminal bytes.Buffer
	shell := exec.CommandContext(t.Context(), "sh", "-c", script.String())
	shell.Dir, shell.Env = m.dir, m.env
	shell.Stdout, shell.Stderr = &terminal, &terminal
	if err := shell.Run(); err != nil {
		t.Fatalf("the shell: %v\n%s", err, terminal.String())
	}
	return m.shown.Replace(terminal.String())
}
