package config

import (
	"testing"
	"time"
)

const week = 7 * 24 * time.Hour

func TestLengthsOfTime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1": time.Second, "3600": time.Hour, "90": 90 * time.Second, "604800": week, "7d": week, "0.5d": 12 * time.Hour,
		"12h": 12 * time.Hour, "90m": 90 * time.Minute, "30s": 30 * time.Second, "1.5h": 90 * time.Minute, "3600.9": time.Hour, "1e3": 1000 * time.Second,
	} {
		if got, err := ParseExpiry(text, week); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestWhatIsNoLengthOfTimeIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"604801":  `"604801" is longer than 7 d (604800 seconds), which is the most`,
		"8d":      `"8d" is longer than 7 d (604800 seconds), which is the most`,
		"1e400":   `"1e400" is longer than 7 d (604800 seconds), which is the most`,
		"inf":     `"inf" is longer than 7 d (604800 seconds), which is the most`,
		"0":       `"0" is less than a second`,
		"0d":      `"0d" is less than a second`,
		"0.9":     `"0.9" is less than a second`,
		"-3600":   `"-3600" is less than a second`,
		"-inf":    `"-inf" is less than a second`,
		"nan":     `"nan" is no length of time: a number of seconds, or like 7d, 12h or 90m`,
		"a week":  `"a week" is no length of time: a number of seconds, or like 7d, 12h or 90m`,
		"d":       `"d" is no length of time: a number of seconds, or like 7d, 12h or 90m`,
		"0x10":    `"0x10" is no length of time: a number of seconds, or like 7d, 12h or 90m`,
		"1_000":   `"1_000" is no length of time: a number of seconds, or like 7d, 12h or 90m`,
		"1h30m":   `"1h30m" is no length of time: a number of seconds, or like 7d, 12h or 90m`,
		"":        `"" is no length of time: a number of seconds, or like 7d, 12h or 90m`,
		"7 weeks": `"7 weeks" is no length of time: a number of seconds, or like 7d, 12h or 90m`,
	} {
		if got, err := ParseExpiry(text, week); err == nil || err.Error() != want {
			t.Errorf("%q is %v, %v; want the error %s", text, got, err, want)
		}
	}
}

func TestExpiryOfPublishedDatasets(t *testing.T) {
	s, err := Load([]string{"DTOOL_S3_PUBLISH_EXPIRY=3600", "DTOOL_ECS_PUBLISH_EXPIRY=soon"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.PublishExpiry("s3", week); got != time.Hour || err != nil {
		t.Errorf("of s3: %v, %v", got, err)
	}
	if got, err := s.PublishExpiry("mem", week); got != 0 || err != nil {
		t.Errorf("where none is set: %v, %v", got, err)
	}
	want := `DTOOL_ECS_PUBLISH_EXPIRY: "soon" is no length of time: a number of seconds, or like 7d, 12h or 90m`
	if _, err := s.PublishExpiry("ecs", week); err == nil || err.Error() != want {
		t.Errorf("of ecs: %v; want %s", err, want)
	}
}
