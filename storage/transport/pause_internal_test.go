package transport

import (
	"testing"
	"time"
)

// TestPausesOutlastARestart adds up how long a server may be away before a request
// fails.
func TestPausesOutlastARestart(t *testing.T) {
	var all time.Duration
	for try := 1; try < Tries; try++ {
		pause := Pause(try, MaxPause)
		if most := firstPause << (try - 1); pause < most/2 || pause > most {
			t.Errorf("the pause after try %d is %v; want between a half and all of %v", try, pause, most)
		}
		all += pause
	}
	if all < 7*time.Second || all > 16*time.Second {
		t.Errorf("the pauses come to %v", all)
	}
	if pause := Pause(100, MaxPause); pause > MaxPause || pause < MaxPause/2 {
		t.Errorf("the longest pause is %v", pause)
	}
}
