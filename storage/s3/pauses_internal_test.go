package s3

import (
	"testing"
	"time"
)

// TestPausesOutlastARestart adds up how long a store may be away before a request
// fails.
func TestPausesOutlastARestart(t *testing.T) {
	delay := pauses(defaultMaxBackoff)
	var all time.Duration
	for try := 1; try < defaultAttempts; try++ {
		pause, err := delay(try, nil)
		if most := firstPause << (try - 1); err != nil || pause < most/2 || pause > most {
			t.Errorf("the pause after try %d is %v, %v; want between a half and all of %v", try, pause, err, most)
		}
		all += pause
	}
	if all < 7*time.Second || all > 16*time.Second {
		t.Errorf("the pauses come to %v", all)
	}
	if pause, err := delay(100, nil); err != nil || pause > defaultMaxBackoff || pause < defaultMaxBackoff/2 {
		t.Errorf("the longest pause is %v, %v", pause, err)
	}
}
