//go:build unix

package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignalAtAnyPoint interrupts the program at every moment of its work, by SIGINT
// and SIGTERM in turn. It ends although what it waits for never comes, with the exit
// code of the signal, leaves neither temporary files nor parts of uploads, and what it
// says is to be done next leads to the very bytes of a run that nobody disturbed.
func TestSignalAtAnyPoint(t *testing.T) {
	st := setStage(t)
	for _, j := range interruptedJobs() {
		for _, kind := range j.kinds {
			t.Run(j.what+" "+kind, func(t *testing.T) {
				want := st.undisturbed(t, j, kind)
				eachAtOnce(t, st.moments(t, j, kind), func(t *testing.T, m moment) { st.interrupt(t, j, kind, m, want) })
			})
		}
	}
}

func interruptedJobs() []job {
	var chosen []job
	for _, j := range jobs() {
		switch j.what {
		case "create", "create --from", "cp from disk to", "cp of a large item from disk to", "freeze", "rm":
			chosen = append(chosen, j)
		}
	}
	return chosen
}

// signalFor gives each of the two signals to half of the moments.
func signalFor(m moment) syscall.Signal {
	if m.n%2 == 0 {
		return syscall.SIGTERM
	}
	return syscall.SIGINT
}

// chancesOfTests is how often the program may be late, to notice the signal or to end,
// since others keep the machine busy.
const chancesOfTests = 3

// interrupt sends the program a signal at the moment. The request that is held is never
// answered while the program lives.
func (st *stage) interrupt(t *testing.T, j job, kind string, m moment, want state) {
	var s *scene
	var b *barrier
	var o outcome
	signal := signalFor(m)
	inTime := false
	for n := 0; n < chancesOfTests && !inTime; n++ {
		s, b = st.open(t, j, kind, m)
		o = s.disturb(b, m, signal, j.args(s)...)
		b.open()
		inTime = m.calledOff(o, b)
	}
	if !inTime {
		t.Errorf("it was not called off: exit code %d after %v: %s", o.code, o.took, o.stderr)
	}
	s.reach(st.server)
	switch {
	case o.code == 0 && strings.Contains(o.stderr, "could not be removed"):
		j.goOn(s)
	case o.code == 0: // it came too late
		if j.then != nil {
			j.then(s)
		}
	default:
		s.mustEndBySignal(o, signal)
		s.mustBeTidy(o, b, strings.HasPrefix(j.what, "create"))
		s.mustOpenOrBeRefused()
		s.follow(o, j)
	}
	for _, difference := range j.comparable(s.state()).differences(want) {
		t.Errorf("in the end, %s", difference)
	}
}

// stepsOfTheEnd is how many steps the last document of a job and the tidying up after
// it take at most. They are not called off.
const stepsOfTheEnd = 10

// calledOff tells whether the work ended because of the signal, and in good order,
// unless it was done already. While it waits for the ID of an upload to give up, or
// for what is left over to be removed, it cannot know that no answer will come.
func (m moment) calledOff(o outcome, b *barrier) bool {
	held := ""
	if b.struck {
		held = b.ops[m.n]
	}
	switch {
	case o.code == 0 && m.onDisk:
		return m.left < stepsOfTheEnd
	case o.code == 0:
		return held == "" || held == "DeleteObjects"
	case o.endedItself():
		return held == "CreateMultipartUpload" || held == "DeleteObjects"
	}
	return true
}

// endedItself tells whether the program lost its patience.
func (o outcome) endedItself() bool { return strings.Contains(o.stderr, "before all was tidied up") }

// patienceOfTests is far more than the second that a program has to end, and less than
// it takes for a store that does not answer to be given up.
const patienceOfTests = 30 * time.Second

func (s *scene) mustEndBySignal(o outcome, signal syscall.Signal) {
	s.t.Helper()
	if want := fmt.Sprintf("dtool: stopped by signal: %v", signal); o.code != 128+int(signal) || !strings.HasPrefix(o.stderr, want) {
		s.t.Errorf("it ended with exit code %d and said %s", o.code, o.stderr)
	}
	if o.took > patienceOfTests {
		s.t.Errorf("it took %v to end", o.took)
	}
	s.t.Logf("it took %v", o.took)
}

// patienceForAborts is how long the program waits for the end of an upload to be
// acknowledged, which on a busy machine takes longer.
const patienceForAborts = 600 * time.Millisecond

// mustBeTidy looks for what nobody would miss. What the server did and the program
// could not learn of may be there, and so may what it could not remove in time.
func (s *scene) mustBeTidy(o outcome, b *barrier, nothing bool) {
	s.t.Helper()
	if strings.Contains(o.stderr, "could not be removed") || o.endedItself() {
		return
	}
	for key := range s.state() {
		if (unfinishedFile.MatchString(key) && !isEmptyTemp(key) || nothing) && !b.missed[key] {
			s.t.Errorf("%s is left, and it said %s", key, o.stderr)
		}
	}
	for _, key := range s.uploads() {
		if !b.missed[key] && o.took < patienceForAborts {
			s.t.Errorf("an upload of %s is left after %v", key, o.took)
		}
	}
}

// follow does what the hint says, or else runs the command again. A program that ended
// itself did not know what it was about.
func (s *scene) follow(o outcome, j job) {
	s.t.Helper()
	if o.endedItself() {
		j.goOn(s)
		return
	}
	_, hint, _ := strings.Cut(o.stderr, "\nhint: dtool ")
	if words, ok := strings.CutSuffix(strings.TrimSpace(hint), " goes on from here"); ok {
		if strings.HasPrefix(words, "rm ") { // it may be at its end, but for a last look
			j.goOn(s)
			return
		}
		s.must(strings.Fields(words)...)
		return
	}
	switch {
	case j.resume != nil:
		s.t.Errorf("it is not said how to go on: %s", o.stderr)
	case j.what == "rm": // it had not begun
		s.must("verify", "--full", there(s, s.stage.frozen))
	}
	j.goOn(s)
}
