package cli

import (
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/internal/badday"
)

// A deed is a command that meets a store.
type deed struct {
	name string
	// begin gets everything ready, and gives the command, the one that completes it
	// when it has failed, and where its result lies.
	begin func(l *lab) trial
}

type trial struct {
	args, again []string
	place       string // a directory or a bucket; empty: what is printed is all
}

// deeds gives a command of every kind.
func deeds() []deed {
	return []deed{
		{"cp up", func(l *lab) trial { return copying(l.source, l.bucket()) }},
		{"cp down", func(l *lab) trial { return copying(l.there, l.t.TempDir()) }},
		{"cp across", func(l *lab) trial { return copying(l.there, l.bucket()) }},
		{"cp to another store", func(l *lab) trial {
			bucket := l.bucket()
			l.at[bucketOf(bucket)] = l.real
			return copying(l.there, bucket)
		}},
		{"cp up, resumed", func(l *lab) trial {
			trial := copying(l.source, l.bucket())
			l.day.Becomes(onPut("manifest.json", badday.Refuse(403, "AccessDenied", "Access Denied")))
			l.dtool(trial.args...)
			l.day.Becomes(nil)
			trial.args = trial.again
			return trial
		}},
		{"cp up, in parts", func(l *lab) trial { return copying(l.large, l.bucket()) }},
		{"cp down, in parts", func(l *lab) trial { return copying(l.largeThere, l.t.TempDir()) }},
		{"cp across, in parts", func(l *lab) trial { return copying(l.largeThere, l.bucket()) }},
		{"ls", func(l *lab) trial { return only("ls", baseOf(l.there)) }},
		{"ls of items", func(l *lab) trial { return only("ls", l.there) }},
		{"inventory", func(l *lab) trial { return only("inventory", baseOf(l.there)) }},
		{"verify", func(l *lab) trial { return only("verify", "-f", l.there) }},
		{"summary", func(l *lab) trial { return only("summary", l.there) }},
		{"create", func(l *lab) trial { return in(l.bucket(), "create", "leaves") }},
		{"create --from", func(l *lab) trial {
			return in(l.bucket(), "create", "--from", filepath.Join(l.source, "data"), "leaves")
		}},
		{"add item", func(l *lab) trial {
			proto := l.must("create", "-q", "leaves", l.bucket())
			return trial{args: []string{"add", "item", filepath.Join(l.source, "data"), proto}, place: baseOf(proto)}
		}},
		{"freeze", func(l *lab) trial {
			proto := l.must("create", "-q", "leaves", l.bucket())
			l.must("add", "item", filepath.Join(l.source, "data"), proto, ".")
			l.must("add", "metadata", proto, "a.txt", "kind", `"leaf"`)
			return trial{args: []string{"freeze", proto}, place: baseOf(proto)}
		}},
		{"annotation set", func(l *lab) trial {
			copied := l.must("cp", "-q", l.source, l.bucket())
			return trial{args: []string{"annotation", "set", copied, "stars", "five"}, place: baseOf(copied)}
		}},
	}
}

// onPut has every request to store an object whose key ends so meet a fault.
func onPut(end string, fault badday.Fault) badday.Plan {
	return func(op, key string, _ *http.Request) badday.Fault {
		if op != "PutObject" || !strings.HasSuffix(key, end) {
			return nil
		}
		return fault
	}
}

func copying(from, to string) trial {
	return trial{[]string{"cp", from, to}, []string{"cp", "--resume", from, to}, to}
}

func only(args ...string) trial { return trial{args: args} }

func in(base string, args ...string) trial { return trial{args: append(args, base), place: base} }

func baseOf(uri string) string   { return uri[:strings.LastIndex(uri, "/")] }
func bucketOf(uri string) string { return strings.TrimPrefix(uri, "s3://") }

// A reference is what a command comes to on a good day.
type reference struct {
	stdout string
	state  state
	ops    []string // that it asks for, each once
	n      int      // requests
}

func (l *lab) reference(d deed) reference {
	l.t.Helper()
	trial := d.begin(l)
	l.day.Becomes(nil)
	o := l.dtool(trial.args...)
	ops, _ := l.day.Requests()
	if o.code != 0 {
		l.t.Fatalf("dtool %q: exit code %d: %s", trial.args, o.code, o.stderr)
	}
	n := len(ops)
	slices.Sort(ops)
	return reference{stable(l.withoutPlace(o.stdout, trial)), l.mayState(trial.place), slices.Compact(ops), n}
}

func (l *lab) mayState(place string) state {
	if place == "" {
		return nil
	}
	return l.stateOf(place)
}

func (l *lab) withoutPlace(text string, t trial) string {
	if t.place == "" {
		return text
	}
	return strings.ReplaceAll(text, t.place, "PLACE")
}

// mustBe fails the test unless a command came to what it comes to on a good day.
func (l *lab) mustBe(t *testing.T, ref reference, trial trial, o outcome) {
	t.Helper()
	if o.code != 0 {
		t.Errorf("dtool %q: exit code %d: %s", trial.args, o.code, o.stderr)
		return
	}
	if diff := cmp.Diff(ref.stdout, stable(l.withoutPlace(o.stdout, trial))); diff != "" && trial.place == "" {
		t.Errorf("dtool %q printed (-want +got):\n%s", trial.args, diff)
	}
	got := l.mayState(trial.place)
	if strings.Contains(o.stderr, "what only a proto dataset has could not be removed") {
		maps.DeleteFunc(got, func(name, _ string) bool { return strings.Contains(name, "/fragments/") })
	}
	if diff := cmp.Diff(ref.state, got); diff != "" {
		t.Errorf("dtool %q left (-want +got):\n%s%s", trial.args, diff, o.stderr)
	}
}

// passing gives what goes by when a request is made again.
func passing() map[string]badday.Fault {
	return map[string]badday.Fault{
		"500":                    badday.Refuse(500, "InternalError", "We encountered an internal error."),
		"503 SlowDown":           badday.Refuse(503, "SlowDown", "Please reduce your request rate."),
		"429":                    badday.Refuse(429, "TooManyRequests", "Slow down."),
		"502 of a proxy":         badday.Page(502),
		"504 of a proxy":         badday.Page(504),
		"408 of a proxy":         badday.Page(408),
		"hangs up":               badday.HangUp(),
		"cut while sent":         badday.CutRequest(),
		"the answer is lost":     badday.LoseAnswer(),
		"done twice":             badday.Twice(),
		"the answer is cut":      badday.CutAnswer(),
		"altered while sent":     badday.AlterRequest(),
		"idle connections close": badday.CloseIdle(),
	}
}

// TestWhatPassesIsNotNoticed has every single request of a command go wrong once.
func TestWhatPassesIsNotNoticed(t *testing.T) {
	l := newLab(t)
	for _, d := range deeds() {
		ref := l.reference(d)
		for name, fault := range passing() {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				trial := d.begin(l)
				l.day.Becomes(badday.EachOnce(fault))
				o := l.dtool(trial.args...)
				ops, faults := l.day.Requests()
				l.day.Becomes(nil)
				l.mustBe(t, ref, trial, o)
				if faults == 0 || len(ops) > 2*ref.n+5 {
					t.Errorf("%d faults, %d requests for %d", faults, len(ops), ref.n)
				}
			})
		}
	}
}

// lasting gives what does not get better by asking again.
func lasting() map[string]badday.Fault {
	return map[string]badday.Fault{
		"SlowDown":    badday.Refuse(503, "SlowDown", "Please reduce your request rate."),
		"forbidden":   badday.Refuse(403, "AccessDenied", "Access Denied"),
		"hangs up":    badday.HangUp(),
		"answer lost": badday.LoseAnswer(),
		"HTML page":   badday.Page(200),
	}
}

// TestWhatLastsIsAnError has all requests for one operation go wrong. What is
// left can be completed when the day is a good one again.
func TestWhatLastsIsAnError(t *testing.T) {
	l := newLab(t)
	for _, d := range deeds() {
		ref := l.reference(d)
		for _, op := range ref.ops {
			for name, fault := range lasting() {
				t.Run(d.name+"/"+op+"/"+name, func(t *testing.T) {
					trial := d.begin(l)
					l.day.Becomes(badday.Always(op, fault))
					o := l.dtool(trial.args...)
					ops, faults := l.day.Requests()
					l.day.Becomes(nil)
					if faults == 0 || len(ops) > badday.Attempts*ref.n+20 {
						t.Errorf("%d faults, %d requests for %d", faults, len(ops), ref.n)
					}
					if o.code == 0 {
						l.mustBe(t, ref, trial, o) // there is another way
						return
					}
					l.mustHaveFailedWell(t, ref, trial, o)
					if trial.again != nil {
						trial.args = trial.again
					}
					if d.name != "create" && d.name != "create --from" { // they would make another one
						l.mustBe(t, ref, trial, l.dtool(trial.args...))
					}
				})
			}
		}
	}
}

// mustHaveFailedWell looks for a plain message, and for anything at the place that is
// not whole.
func (l *lab) mustHaveFailedWell(t *testing.T, ref reference, trial trial, o outcome) {
	t.Helper()
	if o.code != 1 || !strings.HasPrefix(o.stderr, "dtool: ") || !strings.Contains(o.stderr, "s3://") {
		t.Errorf("dtool %q: exit code %d: %s", trial.args, o.code, o.stderr)
	}
	if trial.place == "" {
		return
	}
	for name, content := range l.stateOf(trial.place) {
		want, known := ref.state[name]
		switch {
		case content == want && known:
		case filepath.Base(name) == "dtool":
			document, _, _ := strings.Cut(content, "\n") // and metadata
			if !json.Valid([]byte(document)) {
				t.Errorf("%s is half a document: %q", name, content)
			}
		case strings.Contains(name, "/fragments/"): // it is there until the dataset is frozen
		default:
			t.Errorf("after the failure %s holds %q, want %q", name, content, want)
		}
	}
}
