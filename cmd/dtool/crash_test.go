//go:build unix

package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sync/errgroup"
)

// TestKilledAtAnyPoint kills the program at every moment of its work: of each request
// to an S3 server before it, in its body, after it and in the answer, and between any
// two changes of a disk. Whatever is left opens or is refused in plain words, and holds
// nothing half-written under a final name; and what a person would do next leads to
// the very bytes that a run has made which nobody disturbed.
func TestKilledAtAnyPoint(t *testing.T) {
	st := setStage(t)
	t.Run("the program that people have knows nothing of it", func(t *testing.T) {
		if !mentions(t, st.crashing, "DTOOL_CRASHPOINT") || mentions(t, st.program, "DTOOL_CRASHPOINT") || mentions(t, st.program, "crashpoint") {
			t.Error("the builds with the tag crashpoint and without it are not what they should be")
		}
	})
	for _, j := range jobs() {
		for _, kind := range j.kinds {
			t.Run(j.what+" "+kind, func(t *testing.T) {
				moments := st.moments(t, j, kind)
				if len(moments) == 0 {
					t.Fatal("there is no moment")
				}
				want := st.undisturbed(t, j, kind)
				eachAtOnce(t, moments, func(t *testing.T, m moment) { st.crash(t, j, kind, m, want) })
			})
		}
	}
}

func mentions(t *testing.T, program, text string) bool {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(content, []byte(text))
}

// A job is a command that is disturbed, and what is done next.
type job struct {
	what  string
	kinds []string // where it works
	// begin lays into the place what is there before.
	begin func(s *scene)
	args  func(s *scene) []string
	// again is what a person does when the command was interrupted; to run it once
	// more, if it is nil.
	again func(s *scene)
	// fresh tells that what is made has a UUID or times of its own.
	fresh bool
	// then is done in the end.
	then func(s *scene)
	// resume are the arguments by which a copy goes on.
	resume func(s *scene) []string
	// only, if not empty, leaves out the moments of all other operations.
	only *regexp.Regexp
}

// A moment is when a job is disturbed.
type moment struct {
	onDisk bool // between two changes of a disk; else of a request
	n      int  // of the step or request, from 1
	left   int  // how many steps come after the step
	phase  phase
	op     string // counts the requests of this operation alone, if it is not empty
	what   string // in words
}

func (m moment) String() string {
	if m.onDisk {
		return fmt.Sprintf("step %d, %s", m.n, m.what)
	}
	return fmt.Sprintf("%s request %d, %s", m.phase, m.n, m.what)
}

// disturbedAtOnce is how many runs go on at a time. They wait for each other's
// processes rather than compute.
const disturbedAtOnce = 6

func eachAtOnce(t *testing.T, moments []moment, do func(t *testing.T, m moment)) {
	var group errgroup.Group
	group.SetLimit(disturbedAtOnce)
	for _, m := range moments {
		group.Go(func() error {
			t.Run(m.String(), func(t *testing.T) { do(t, m) })
			return nil
		})
	}
	_ = group.Wait() // the tests tell their failures
}

// open makes a scene of the job, whose requests will pass a barrier.
func (st *stage) open(t *testing.T, j job, kind string, m moment) (*scene, *barrier) {
	t.Helper()
	b := newBarrier(t, st.server, m)
	s := st.newScene(t, kind, st.server)
	j.begin(s)
	s.reach(b.Server)
	return s, b
}

// moments finds by a run of the job all the moments at which it can be disturbed.
func (st *stage) moments(t *testing.T, j job, kind string) []moment {
	t.Helper()
	s, b := st.open(t, j, kind, moment{})
	s.program = st.crashing
	o := s.run(j.args(s)...)
	if o.code != 0 {
		t.Fatalf("exit code %d: %s", o.code, o.stderr)
	}
	b.rest()
	var moments []moment
	taken := steps.FindAllStringSubmatch(o.stderr, -1)
	for i, step := range taken {
		n, err := strconv.Atoi(step[1])
		if err != nil {
			t.Fatal(err)
		}
		moments = append(moments, moment{onDisk: true, n: n, left: len(taken) - 1 - i, what: step[2]})
	}
	for _, n := range slices.Sorted(maps.Keys(b.phases)) {
		for _, p := range b.phases[n] {
			moments = append(moments, moment{n: n, phase: p, what: b.ops[n]})
		}
	}
	if j.only != nil {
		moments = slices.DeleteFunc(moments, func(m moment) bool { return !j.only.MatchString(m.what) })
	}
	return moments
}

var steps = regexp.MustCompile(`(?m)^crashpoint (\d+): (.*)\n`)

// undisturbed gives what a run comes to that nobody disturbs, and what is done next.
func (st *stage) undisturbed(t *testing.T, j job, kind string) state {
	t.Helper()
	s, b := st.open(t, j, kind, moment{})
	s.must(j.args(s)...)
	b.rest()
	s.reach(st.server)
	if j.then != nil {
		j.then(s)
	}
	return j.comparable(s.state())
}

func (j job) comparable(st state) state {
	if j.fresh {
		return st.timeless()
	}
	return st
}

// crash kills the program at the moment, and looks at what comes of it.
func (st *stage) crash(t *testing.T, j job, kind string, m moment, want state) {
	s, b := st.open(t, j, kind, m)
	before := j.comparable(s.state())
	o := s.disturb(b, m, syscall.SIGKILL, j.args(s)...)
	b.open()
	if o.code != -1 && o.code != 0 {
		t.Fatalf("exit code %d: %s", o.code, o.stderr)
	}
	s.mustOpenOrBeRefused()
	s.mustBeWhole(j.comparable(s.state()), before, want)
	j.goOn(s)
	for _, difference := range j.comparable(s.state()).differences(want) {
		t.Errorf("in the end, %s", difference)
	}
	if keys := s.uploads(); len(keys) > 0 {
		t.Errorf("in the end, uploads of %q are left", keys)
	}
}

// goOn does what a person does next. Nothing holds requests up any more.
func (j job) goOn(s *scene) {
	s.t.Helper()
	s.reach(s.stage.server)
	if j.again != nil {
		j.again(s)
	} else {
		s.must(j.args(s)...)
	}
	if j.then != nil {
		j.then(s)
	}
}

// disturb runs the program and sends it a signal at the moment.
func (s *scene) disturb(b *barrier, m moment, signal syscall.Signal, args ...string) outcome {
	s.t.Helper()
	cmd := s.command(args...)
	if m.onDisk {
		cmd.Path = s.stage.crashing
		cmd.Env = append(slices.Clone(cmd.Env), "DTOOL_CRASHPOINT="+strconv.Itoa(m.n), "DTOOL_CRASHPOINT_SIGNAL="+strconv.Itoa(int(signal)))
	}
	o := s.finish(cmd, func(cmd *exec.Cmd) error {
		if err := cmd.Start(); err != nil {
			return err
		}
		ended := make(chan struct{})
		var watching sync.WaitGroup
		watching.Go(func() {
			select {
			case <-b.reached:
				_ = cmd.Process.Signal(signal)
			case <-ended:
			}
		})
		err := cmd.Wait()
		close(ended)
		watching.Wait()
		return err
	})
	o.stderr = steps.ReplaceAllString(o.stderr, "")
	return o
}

// mustOpenOrBeRefused looks whether what is there passes for a frozen dataset only
// if it is one and good, and is else refused in plain words.
func (s *scene) mustOpenOrBeRefused() {
	s.t.Helper()
	s.reach(s.stage.server)
	for _, uri := range s.datasets() {
		o := s.run("verify", "--full", uri)
		plain := strings.HasPrefix(o.stderr, "dtool: ") && !strings.Contains(o.stderr, "goroutine")
		if o.code != 0 && (o.code != 2 || !plain) {
			s.t.Errorf("what is left is verified with exit code %d: %s%s", o.code, o.stdout, o.stderr)
		}
	}
	if o := s.run("ls", "-v", s.base()); o.code != 0 {
		s.t.Errorf("what is left is listed with exit code %d: %s", o.code, o.stderr)
	}
}

// datasets gives the URIs of all datasets that may lie in the place.
func (s *scene) datasets() []string {
	if s.place.bucket == "" {
		return []string{s.dataset("")}
	}
	var uris []string
	for key := range s.state() {
		if uuid := anyUUID.FindString(key); uuid != "" && !slices.Contains(uris, s.dataset(uuid)) {
			uris = append(uris, s.dataset(uuid))
		}
	}
	return uris
}

var unfinishedFile = regexp.MustCompile(`(^|/)(\.dtool/tmp|\.tmp)/`) // of a dataset, and of the cache

// mustBeWhole looks whether everything under a final name is what was there before or
// what will be there in the end. The administrative metadata may be those of a
// dataset that is being made.
func (s *scene) mustBeWhole(now, before, want state) {
	s.t.Helper()
	asProto := func(content string) string {
		content = frozenAt.ReplaceAllString(strings.ReplaceAll(content, "protodataset", "dataset"), "")
		return content
	}
	for key, content := range now {
		isAdmin := strings.HasSuffix(key, "/dtool")
		whole := slices.ContainsFunc([]state{before, want}, func(st state) bool {
			final, ok := st[key]
			return ok && (final == content || isAdmin && asProto(final) == asProto(content))
		})
		if !whole && !unfinishedFile.MatchString(key) && !meanwhile.MatchString(key) {
			s.t.Errorf("what is left has %s with %.300q", key, content)
		}
	}
}

// meanwhile is where a removal leaves word of the prefix for whoever ends it, and what a
// publication has beside the dataset.
var meanwhile = regexp.MustCompile(`^[0-9a-f-]{36}/(removal|publish\.json|http_manifest\.json)$`)

var frozenAt = regexp.MustCompile(`, "frozen_at": [^,}]*| frozen_at:\S*[0-9E]`)
