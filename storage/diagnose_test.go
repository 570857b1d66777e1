package storage_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/storage"
)

// comesTo gives a step that comes to a status.
func comesTo(name string, status storage.CheckStatus, needs ...string) storage.CheckStep {
	return storage.CheckStep{Name: name, For: storage.Reading, Needs: needs, Run: func(context.Context) storage.Check {
		return storage.Check{Status: status, Found: "it"}
	}}
}

func inLines(checks []storage.Check) []string {
	var lines []string
	for _, c := range checks {
		lines = append(lines, c.Step+" "+string(c.Status)+" "+c.Found)
	}
	return lines
}

func TestWhatNeedsAFailedStepIsSkipped(t *testing.T) {
	before := []storage.Check{{Step: "earlier", Status: storage.Failed}}
	checks := slices.Collect(storage.RunChecks(t.Context(), before, []storage.CheckStep{
		comesTo("a", storage.OK),
		comesTo("b", storage.Failed, "a"),
		comesTo("c", storage.OK, "a", "b"),
		comesTo("d", storage.OK, "c"),
		comesTo("e", storage.Warning, "a"),
		comesTo("f", storage.Note, "e", "unknown"),
		comesTo("g", "", "a"),
		comesTo("h", storage.OK, "g"),
		comesTo("i", storage.OK, "earlier"),
	}))
	want := []string{
		"a ok it", "b failed it", "c skipped needs b", "d skipped needs c", "e warning it", "f info it", "h ok it", "i skipped needs earlier",
	}
	if diff := cmp.Diff(want, inLines(checks)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestSharingNeverFails(t *testing.T) {
	share := comesTo("a", storage.Failed)
	share.For = storage.Sharing
	after := comesTo("b", storage.OK, "a")
	checks := slices.Collect(storage.RunChecks(t.Context(), nil, []storage.CheckStep{share, after}))
	if diff := cmp.Diff([]string{"a warning it", "b skipped needs a"}, inLines(checks)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// silent waits for as long as it may.
func silent(ctx context.Context) storage.Check {
	<-ctx.Done()
	return storage.FailedCheck(ctx.Err())
}

func TestStepsHaveAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var steps []storage.CheckStep
		for name := range strings.FieldsSeq("a b c d e f g h") {
			steps = append(steps, storage.CheckStep{Name: name, Run: silent})
		}
		steps[0].Limit = 3 * time.Second
		start := time.Now()
		checks := slices.Collect(storage.RunChecks(t.Context(), nil, steps))
		if took := time.Since(start); took != time.Minute {
			t.Errorf("it took %v", took)
		}
		lines := inLines(checks)
		if lines[0] != "a failed no answer within 3s" || lines[1] != "b failed no answer within 10s" || lines[7] != "h skipped the steps before it took 1m0s together" {
			t.Errorf("steps: %q", lines)
		}
	})
}

func TestStepsThatAreCalledOffAreNotTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	end := comesTo("b", storage.OK)
	end.Run = func(ctx context.Context) storage.Check {
		cancel()
		return silent(ctx)
	}
	checks := slices.Collect(storage.RunChecks(ctx, nil, []storage.CheckStep{comesTo("a", storage.OK), end, comesTo("c", storage.OK)}))
	if diff := cmp.Diff([]string{"a ok it"}, inLines(checks)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestFailedCheckLeavesOutWhatIsKnown(t *testing.T) {
	got := storage.FailedCheck(&storage.Error{
		Op: "PutObject", Store: "s3://leaves", Key: "a/b", Kind: storage.ErrForbidden, Err: errors.New("AccessDenied"), Hint: "ask for the right",
	})
	want := storage.Check{Status: storage.Failed, Found: "PutObject: forbidden: AccessDenied", Hint: "ask for the right"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
