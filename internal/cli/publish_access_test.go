package cli

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/storage"
)

// TestAdministratorPublishesForAUser who has no right to the policy of the bucket: with
// the statement in it the user publishes, and is told by whom it is taken back.
func TestAdministratorPublishesForAUser(t *testing.T) {
	o := newOffice(t, []string{"--principal", "jane", "plants", "u/jane/"})
	root, err := badday.Open(t.Context(), o.real, "plants", 0)
	if err != nil {
		t.Fatal(err)
	}
	before, err := root.(storage.PolicyKeeper).Policy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o.as(o.jane)
	o.below("u/jane/")
	uri := o.must("create", "-q", "--from", filepath.Dir(o.file), "ours", "s3://plants")
	if said := o.dtool("publish", uri); said.code != 1 {
		t.Errorf("what nobody lets be read was published: %s", said.stdout)
	}
	policy := filepath.Join(t.TempDir(), "policy.json")
	mustWrite(t, policy, string(before))
	o.real.SetPolicy(t, "plants", o.dtool("publish", "-q", "--policy", "--into", policy, uri).stdout)

	nobody := &desk{t: t, home: t.TempDir(), environ: map[string]string{"LOGNAME": "nobody"}}
	nobody.must("verify", "-f", o.must("publish", "-q", uri))
	o.must("tag", "set", uri, "still-mine")

	said := o.dtool("unpublish", uri)
	sid := regexp.MustCompile("statement DtoolPublish[0-9a-f]{32} is not known")
	if said.code != 1 || !strings.HasPrefix(said.stdout, "Taken back: http_manifest.json is removed") || !sid.MatchString(said.stderr) || strings.Contains(said.stderr, "goes on") {
		t.Errorf("exit code %d: %s%s", said.code, said.stdout, said.stderr)
	}
	o.real.SetPolicy(t, "plants", string(before))
	if said := o.dtool("unpublish", uri); said.code != 0 || said.stderr != "" {
		t.Errorf("once the statement is out: exit code %d: %s", said.code, said.stderr)
	}
}
