package dtool_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/dtool-go/dtool"
)

// TestReportIsAsDocumented compares docs/json.md with the JSON of reports: what
// it shows is one, and it says something of every member.
func TestReportIsAsDocumented(t *testing.T) {
	document := documents(t)["docs/json.md"]
	for _, shown := range blocks(document, "json") {
		if !strings.Contains(shown, `"dtool-verify-`) {
			continue // of other commands
		}
		reports, err := dtool.ReadReports(strings.NewReader(shown))
		must(t, err)
		if len(reports) != 1 {
			t.Errorf("it shows %d reports", len(reports))
		}
	}
	s := inBucket(t, memoryBucket(), numbered(30))
	s.spoil()
	for _, part := range []dtool.Part{{}, {Shards: []int{1}, Of: 2}, {Sample: 3}} {
		report := s.verify(t, part)
		report.Unverifiable = []dtool.Finding{{Reason: "it is not known"}}
		text, err := json.Marshal(report)
		must(t, err)
		for _, member := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(document, "`"+member[1]+"`") {
				t.Errorf("docs/json.md says nothing of %s", member[1])
			}
		}
	}
}
