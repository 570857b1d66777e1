package storage

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// A Diagnoser can find out step by step what works with it and what does not.
type Diagnoser interface {
	// Diagnose tells of each step as it is done, and has an end within about a
	// minute. It writes only keys that the options allow, and removes them in the
	// end, also when ctx is called off or the loop is left early; what could not be
	// removed is named by a check, or logged where nobody listens any more.
	Diagnose(ctx context.Context, o DiagnoseOptions) iter.Seq[Check]
}

// DiagnoseOptions goes with [Diagnoser.Diagnose].
type DiagnoseOptions struct {
	// Scratch is below which all keys lie that are written: no key of anybody else's
	// begins with it and a '/'.
	Scratch string
	// Marker is a further key that must be writable, or empty. It is written
	// empty-handed and removed at once.
	Marker string
	// Listed is a prefix that must be listable, and below which there may be objects
	// that can be read.
	Listed string
	// ReadOnly leaves out all that writes.
	ReadOnly bool
}

// A Purpose is what somebody needs a step for.
type Purpose string

// The purposes. A step that failed stands in the way of what it is for; what is
// only for sharing never fails.
const (
	Reading Purpose = "reading" // and with it everything else
	Writing Purpose = "writing"
	Sharing Purpose = "sharing"
)

// A CheckStatus is what a step came to, in one word.
type CheckStatus string

// What a step can come to.
const (
	OK      CheckStatus = "ok"
	Note    CheckStatus = "info"    // neither good nor bad
	Warning CheckStatus = "warning" // all there is to do works, and something should be seen to
	Failed  CheckStatus = "failed"
	Skipped CheckStatus = "skipped" // for a reason that Found tells
)

// A Check is a step of a diagnosis and what it came to.
type Check struct {
	Step   string      `json:"step"` // "credentials", unlike all others
	For    Purpose     `json:"for"`
	Status CheckStatus `json:"status"`
	Found  string      `json:"found"`          // what was found, for people
	Hint   string      `json:"hint,omitempty"` // what that means, and what mends it
}

// FailedCheck is a check that an error was the end of.
func FailedCheck(err error) Check {
	c := Check{Status: Failed, Found: err.Error()}
	if e, ok := errors.AsType[*Error](err); ok {
		c.Found, c.Hint = e.brief(), e.Hint
	}
	return c
}

// Good is a check of what is as it should be.
func Good(format string, args ...any) Check {
	return Check{Status: OK, Found: fmt.Sprintf(format, args...)}
}

// LeftBehind is a check of what was written for the diagnosis, and could not be removed.
func LeftBehind(err error, keys ...string) Check {
	c := FailedCheck(err)
	c.Status = Warning
	c.Found += "; left behind: " + strings.Join(keys, ", ")
	return c
}

// A CheckStep is one that can be taken.
type CheckStep struct {
	Name  string
	For   Purpose
	Needs []string      // steps that it can tell nothing without
	Limit time.Duration // for the step; 0 is 10 s
	// Run finds out what there is to say. A check without a status says nothing.
	Run func(ctx context.Context) Check
}

const (
	stepAtMost      = 10 * time.Second // of a step that does not say
	diagnosisAtMost = 60 * time.Second // of many steps together
)

// RunChecks takes the steps in their order. A step whose needs failed, here or in what
// was found before, is skipped; so are the steps for which no time is left. When ctx
// is called off, it ends without a word.
func RunChecks(ctx context.Context, before []Check, steps []CheckStep) iter.Seq[Check] {
	return func(yield func(Check) bool) {
		bad := map[string]bool{}
		for _, c := range before {
			bad[c.Step] = c.Status == Failed || c.Status == Skipped
		}
		within, cancel := context.WithTimeout(ctx, diagnosisAtMost)
		defer cancel()
		for _, s := range steps {
			check := s.take(within, bad)
			if ctx.Err() != nil {
				return
			}
			bad[s.Name] = check.Status == Failed || check.Status == Skipped
			if s.For == Sharing && check.Status == Failed {
				check.Status = Warning
			}
			if check.Status != "" && !yield(check) {
				return
			}
		}
	}
}

// RunTidily is RunChecks for steps that write. Whatever they come to, also if nobody
// listens any more, tidy removes what is there yet, or tells what it has to leave and why.
func RunTidily(ctx context.Context, steps []CheckStep, tidy func() (left []string, err error)) iter.Seq[Check] {
	return func(yield func(Check) bool) {
		listening := true
		for check := range RunChecks(ctx, nil, steps) {
			if listening = yield(check); !listening {
				break
			}
		}
		if left, err := tidy(); err != nil && listening {
			check := LeftBehind(err, left...)
			check.Step, check.For = "tidying up", Writing
			yield(check)
		}
	}
}

func (s CheckStep) take(within context.Context, bad map[string]bool) Check {
	check := s.skipped(within, bad)
	if check.Status == "" {
		limit := s.Limit
		if limit == 0 {
			limit = stepAtMost
		}
		ctx, cancel := context.WithTimeout(within, limit)
		defer cancel()
		check = s.Run(ctx)
		if check.Status == Failed && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			check.Found = fmt.Sprintf("no answer within %v", limit)
			check.Hint = "what is asked is silent, or something before it swallows what is sent: a firewall, a proxy, a hanging server"
		}
	}
	check.Step, check.For = s.Name, s.For
	return check
}

// skipped tells why a step is not taken, if so.
func (s CheckStep) skipped(within context.Context, bad map[string]bool) Check {
	for _, need := range s.Needs {
		if bad[need] {
			return Check{Status: Skipped, Found: "needs " + need}
		}
	}
	if within.Err() != nil {
		return Check{Status: Skipped, Found: fmt.Sprintf("the steps before it took %v together", diagnosisAtMost)}
	}
	return Check{}
}
