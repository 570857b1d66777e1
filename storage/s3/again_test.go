package s3_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestTriesAreToldWhileSomebodyWaits looks for the lines at the level Info: one before
// each further try, with what the one before came to, and none where none follows.
func TestTriesAreToldWhileSomebodyWaits(t *testing.T) {
	slowDown := refusal(503, "SlowDown", "Please reduce your request rate.")
	for name, tt := range map[string]struct {
		answers []http.HandlerFunc
		want    []string
	}{
		"nothing goes wrong": {[]http.HandlerFunc{content("content")}, nil},
		"it passes":          {[]http.HandlerFunc{slowDown, content("content")}, []string{"GetObject is asked again after 503 SlowDown, 2 of 3"}},
		"it lasts": {
			[]http.HandlerFunc{slowDown, page(502), slowDown},
			[]string{
				"GetObject is asked again after 503 SlowDown, 2 of 3",
				"GetObject is asked again after 502: the answer is an HTML page and not one of S3, 3 of 3",
			},
		},
		"no answer": {[]http.HandlerFunc{hangUp, content("content")}, []string{"GetObject is asked again after the connection was closed without an answer, 2 of 3"}},
		"a refusal": {[]http.HandlerFunc{refusal(403, "AccessDenied", "Access Denied")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			s := play(t, tt.answers...)
			store := s.store(logTo(&log))
			_ = do(t, store, "get") // what comes of it is not the point
			line := regexp.MustCompile(`level=INFO msg="(.*)" store="` + regexp.QuoteMeta(store.String()) + `" try="(.*)" waited=[0-9]`)
			var got []string
			for _, found := range line.FindAllStringSubmatch(log.String(), -1) {
				got = append(got, found[1]+", "+found[2])
			}
			if strings.Join(got, "\n") != strings.Join(tt.want, "\n") || strings.Count(log.String(), "level=INFO") != len(got) {
				t.Errorf("got %q, want %q in\n%s", got, tt.want, &log)
			}
		})
	}
}
