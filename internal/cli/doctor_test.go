package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/internal/s3test"
)

// TestDoctorConcludes says what a place is good for, by exit code and words.
func TestDoctorConcludes(t *testing.T) {
	d := newDesk(t, s3test.StartOwn(t))
	forbidden := badday.Refuse(403, "AccessDenied", "Access Denied")
	noWriting := func(op, _ string, _ *http.Request) badday.Fault {
		if strings.HasPrefix(op, "Put") || strings.HasPrefix(op, "Delete") {
			return forbidden
		}
		return nil
	}
	noShortcuts := func(op, _ string, _ *http.Request) badday.Fault {
		if op == "DeleteObjects" || op == "CopyObject" {
			return forbidden
		}
		return nil
	}
	const made, read = "Datasets can be made, copied, read and verified here", "Datasets can be read here"
	for name, test := range map[string]struct {
		plan badday.Plan
		args []string
		code int
		want string
	}{
		"a base":                             {nil, []string{"s3://leaves"}, 0, made},
		"a dataset":                          {nil, []string{d.there}, 0, made},
		"a directory":                        {nil, []string{filepath.Dir(d.source)}, 0, made},
		"a dataset in a directory":           {nil, []string{d.source}, 0, made},
		"a base that is only read":           {nil, []string{"--read", "s3://leaves"}, 0, read},
		"a read-only base":                   {noWriting, []string{"s3://leaves"}, 1, "Datasets can be read here, and not be made or copied here: 2 steps failed"},
		"a read-only base that is only read": {noWriting, []string{"--read", "s3://leaves"}, 0, read},
		"a store that refuses all":           {badday.Always("", forbidden), []string{"s3://leaves"}, 1, "This does not work: 3 steps failed"},
		"a warning":                          {badday.Always("DeleteObjects", forbidden), []string{"s3://leaves"}, 0, made + "; there is 1 warning"},
		"two warnings":                       {noShortcuts, []string{"s3://leaves"}, 0, made + "; there are 2 warnings"},
		"a dataset that is not there":        {nil, []string{"s3://leaves/00000000-0000-4000-8000-000000000000"}, 1, "This does not work: 1 step failed"},
		"a dataset without one of its items": {badday.Always("ListObjectsV2", badday.Change(withoutItems)), []string{"--read", d.there}, 1, "This does not work: 1 step failed"},
	} {
		t.Run(name, func(t *testing.T) {
			d.day.Becomes(test.plan)
			o := d.dtool(append([]string{"doctor"}, test.args...)...)
			lines := strings.Split(strings.TrimSpace(o.stdout), "\n")
			if last := lines[len(lines)-1]; o.code != test.code || last != test.want || o.stderr != "" {
				t.Errorf("exit code %d and %q, want %d and %q: %s%s", o.code, last, test.code, test.want, o.stderr, o.stdout)
			}
			quiet := d.dtool(append([]string{"doctor", "-q"}, test.args...)...)
			if quiet.code != test.code || quiet.stdout != test.want+"\n" {
				t.Errorf("with -q exit code %d and %q", quiet.code, quiet.stdout)
			}
			d.mustTellAsJSON(t, test.code, test.args)
		})
	}
}

// withoutItems leaves the items out of a listing.
func withoutItems(r *badday.Reply) {
	before, rest, found := strings.Cut(string(r.Body), "<Contents>")
	_, after, _ := strings.Cut(rest, "</Contents>")
	if found && strings.Contains(rest[:len(rest)-len(after)], "/data/") {
		r.Body = []byte(strings.Replace(before+after, "<KeyCount>1</KeyCount>", "<KeyCount>0</KeyCount>", 1))
	}
}

func (d *desk) mustTellAsJSON(t *testing.T, code int, args []string) {
	t.Helper()
	o := d.dtool(append([]string{"doctor", "--json"}, args...)...)
	var told struct {
		Format, URI      string
		Reading, Writing bool
		Checks           []struct{ Step, For, Status, Found string }
	}
	if err := json.Unmarshal([]byte(o.stdout), &told); err != nil {
		t.Fatalf("%v: %s", err, o.stdout)
	}
	good := told.Writing || args[0] == "--read" && told.Reading
	if o.code != code || told.Format != "dtool-doctor-1" || told.URI == "" || len(told.Checks) < 3 || good != (code == 0) {
		t.Errorf("exit code %d and %s", o.code, o.stdout)
	}
	for _, c := range told.Checks {
		if c.Step == "" || c.For == "" || c.Status == "" || c.Found == "" {
			t.Errorf("a check lacks something: %+v", c)
		}
	}
}

// TestDoctorIsInterrupted ends as every command does.
func TestDoctorIsInterrupted(t *testing.T) {
	d := newDesk(t, s3test.StartOwn(t))
	ctx, interrupt := context.WithCancelCause(t.Context())
	d.day.Becomes(func(op, _ string, _ *http.Request) badday.Fault {
		if op == "UploadPart" {
			interrupt(Signal(syscall.SIGINT))
		}
		return nil
	})
	var stdout, stderr strings.Builder
	environ := make([]string, 0, len(d.environ))
	for name, value := range d.environ {
		environ = append(environ, name+"="+value)
	}
	code := Run(ctx, Process{
		Args: []string{"doctor", "s3://roots"}, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Environ: environ, Home: d.home, Hostname: "lab", Now: labTime,
	})
	if code != 130 || !strings.HasPrefix(stderr.String(), "dtool: ") || strings.Contains(stdout.String(), "Datasets") {
		t.Errorf("exit code %d: %s%s", code, stderr.String(), stdout.String())
	}
	d.day.Becomes(nil)
	if o := d.dtool("doctor", "-q", "--read", "s3://roots"); o.code != 0 {
		t.Errorf("afterwards: exit code %d: %s%s", o.code, o.stderr, o.stdout)
	}
	if left := d.real.Objects(t, "roots"); len(left) > 0 {
		t.Errorf("left in the bucket: %v", left)
	}
}

func TestLongTextsAreBroken(t *testing.T) {
	got := wrapped([]string{"one two three four", "a-word-that-is-too-long x"}, 10)
	if want := "one two|three four|a-word-that-is-too-long|x"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
