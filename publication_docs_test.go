package dtool_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
)

// TestPublishedIsAsDocumented compares what docs/json.md shows with what is written.
func TestPublishedIsAsDocumented(t *testing.T) {
	ours := (&dtool.Published{Ways: []dtool.Way{dtool.ByACL}, SignedUntil: noon()}).JSON()
	for _, shown := range blocks(documents(t)["docs/json.md"], "json") {
		if !strings.Contains(shown, `"dtool-published-`) {
			continue
		}
		if diff := cmp.Diff(memberNames(t, []byte(shown)), memberNames(t, ours)); diff != "" {
			t.Errorf("members differ (-documented +written):\n%s", diff)
		}
		return
	}
	t.Error("docs/json.md does not show it")
}

func memberNames(t *testing.T, text []byte) []string {
	t.Helper()
	var names []string
	for _, member := range members(t, text) {
		name, _, _ := strings.Cut(member, " ")
		names = append(names, name)
	}
	return names
}
