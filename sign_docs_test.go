package dtool_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
)

// TestSignedIsAsDocumented compares what docs/json.md shows with what is printed of a dataset
// that is signed, and of one that is to be delivered.
func TestSignedIsAsDocumented(t *testing.T) {
	w, _, base, beneath := faulty(t)
	src, _ := w.withoutItems(map[string]string{"plates/6.csv": "6,0.5\n"})
	delivery, err := w.PrepareDelivery(t.Context(), src, base, dtool.SignOptions{})
	must(t, err)
	beneath.deliver(t, delivery.Items, map[string]string{"plates/6.csv": "6,0.5\n"})
	report, err := w.CompleteDelivery(t.Context(), delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	signed, err := report.Dataset.Sign(t.Context(), dtool.SignOptions{})
	must(t, err)
	for format, ours := range map[string][]byte{"dtool-signed-": signed.JSON(), "dtool-delivery-": delivery.JSON()} {
		var shown string
		for _, block := range blocks(documents(t)["docs/json.md"], "json") {
			if strings.Contains(block, `"`+format) {
				shown = block
			}
		}
		if diff := cmp.Diff(memberNames(t, []byte(shown)), memberNames(t, ours)); diff != "" {
			t.Errorf("%s: members differ (-documented +written):\n%s", format, diff)
		}
		if diff := cmp.Diff(firstItem(t, []byte(shown)), firstItem(t, ours)); diff != "" {
			t.Errorf("%s: members of an item differ (-documented +written):\n%s", format, diff)
		}
	}
}

// firstItem gives the names of the members of the first of the items.
func firstItem(t *testing.T, text []byte) []string {
	t.Helper()
	var doc struct{ Items []json.RawMessage }
	must(t, json.Unmarshal(text, &doc))
	return memberNames(t, doc.Items[0])
}
