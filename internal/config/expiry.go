package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// PublishExpiry gives for how long the URLs of published datasets are good, at most so
// long: DTOOL_S3_PUBLISH_EXPIRY, or that of another scheme. 0 means that none is set.
func (s *Settings) PublishExpiry(scheme string, most time.Duration) (time.Duration, error) {
	name := "DTOOL_" + strings.ToUpper(scheme) + "_PUBLISH_EXPIRY"
	value, ok := s.Get(name)
	if !ok {
		return 0, nil
	}
	expiry, err := ParseExpiry(value, most)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return expiry, nil
}

// ParseExpiry reads a length of time in whole seconds, from one second to the most: a
// number of seconds, or a number with one of the units d, h, m and s.
func ParseExpiry(text string, most time.Duration) (time.Duration, error) {
	number, unit := strings.TrimSpace(text), time.Second
	for suffix, u := range map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second} {
		if n, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = n, u
			break
		}
	}
	amount, err := strconv.ParseFloat(number, 64)
	seconds := math.Floor(amount * unit.Seconds())
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange), math.IsNaN(amount), strings.ContainsAny(number, "xXpP_"):
		return 0, fmt.Errorf("%q is no length of time: a number of seconds, or like 7d, 12h or 90m", text)
	case seconds > most.Seconds():
		return 0, fmt.Errorf("%q is longer than %s, which is the most", text, inWords(most))
	case seconds < 1:
		return 0, fmt.Errorf("%q is less than a second", text)
	}
	return time.Duration(seconds) * time.Second, nil
}

func inWords(d time.Duration) string {
	return fmt.Sprintf("%v d (%.0f seconds)", d.Hours()/24, d.Seconds())
}
