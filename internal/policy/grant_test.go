package policy_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/internal/policy"
)

type statement struct {
	Sid, Effect      string
	Principal        any
	Action, Resource []string
}

func statements(t *testing.T, g policy.Grant) []statement {
	t.Helper()
	var document struct {
		Version   string
		Statement []statement
	}
	if err := json.Unmarshal(policy.New(g.Statements()...).Text(), &document); err != nil {
		t.Fatal(err)
	}
	if document.Version != "2012-10-17" {
		t.Errorf("version %s", document.Version)
	}
	return document.Statement
}

func TestAGrantToAUser(t *testing.T) {
	got := statements(t, policy.Grant{Bucket: "plants", Below: []string{"dtool-", "u/olssont/"}})
	want := []statement{
		{"DtoolList", "Allow", nil, []string{"s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketLocation"}, []string{"arn:aws:s3:::plants"}},
		{"DtoolRead", "Allow", nil, []string{"s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging"}, []string{"arn:aws:s3:::plants/*"}},
		{"DtoolListBuckets", "Allow", nil, []string{"s3:ListAllMyBuckets"}, []string{"*"}},
		{"DtoolWrite", "Allow", nil, []string{"s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl"}, []string{"arn:aws:s3:::plants/dtool-*", "arn:aws:s3:::plants/u/olssont/*"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// actions gives what a grant allows at all.
func actions(t *testing.T, g policy.Grant) []string {
	t.Helper()
	var all []string
	for _, s := range statements(t, g) {
		all = append(all, s.Action...)
	}
	return all
}

func TestAGrantToReadAloneWritesNothing(t *testing.T) {
	for _, action := range actions(t, policy.Grant{Bucket: "plants"}) {
		if slices.Contains([]string{"s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl", "s3:PutBucketPolicy"}, action) {
			t.Errorf("it grants %s", action)
		}
	}
}

func TestAGrantToPublishHasThePolicyOfTheBucketToo(t *testing.T) {
	g := policy.Grant{Bucket: "plants", Below: []string{"dtool-"}}
	without := actions(t, g)
	g.Publish = true
	got := actions(t, g)[len(without):]
	if diff := cmp.Diff([]string{"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestGrantsOfABucketFitIntoOnePolicy for several users, each in its own place.
func TestGrantsOfABucketFitIntoOnePolicy(t *testing.T) {
	d := policy.New()
	for _, user := range []string{"olssont", "jane"} {
		g := policy.Grant{Bucket: "plants", Below: []string{"dtool-", "u/" + user + "/"}, Principals: []string{user}}
		for range 2 {
			g.AddTo(d)
		}
		for _, s := range statements(t, g) {
			if diff := cmp.Diff(map[string]any{"AWS": []any{user}}, s.Principal); diff != "" {
				t.Error(diff)
			}
			if slices.Contains(s.Action, "s3:ListAllMyBuckets") {
				t.Error("it grants what is no right in a bucket")
			}
		}
	}
	if d.Len() != 6 {
		t.Errorf("%d statements: %s", d.Len(), d.Text())
	}
}

// TestAGrantTakesThePlaceOfAnEarlierOne of the same principals, and of no others.
func TestAGrantTakesThePlaceOfAnEarlierOne(t *testing.T) {
	grant := func(whose []string, below ...string) policy.Grant {
		return policy.Grant{Bucket: "plants", Below: below, Principals: whose}
	}
	for name, whose := range map[string][]string{"the policy of a user": nil, "the policy of a bucket": {"jane"}} {
		t.Run(name, func(t *testing.T) {
			first := grant(whose, "dtool-", "u/jane/")
			first.Publish = true
			others := grant([]string{"olssont"}, "dtool-", "u/olssont/")
			others.Publish = true
			d := policy.New()
			others.AddTo(d)
			theirs := d.Len()
			first.AddTo(d)
			grant(whose, "dtool-", "u/jane/").AddTo(d)
			mustSay(t, d, theirs, grant(whose, "dtool-", "u/jane/").Statements())
			grant(whose, "dtool-", "u/mary/").AddTo(d)
			if whose != nil {
				mustSay(t, d, theirs, append(grant(whose, "dtool-", "u/jane/").Statements(), grant(whose, "dtool-", "u/mary/").Statements()[2]))
			}
			grant(whose).AddTo(d)
			mustSay(t, d, theirs, grant(whose).Statements())
		})
	}
}

// mustSay compares the statements behind those of others with what they should be, in
// whichever order.
func mustSay(t *testing.T, d *policy.Document, others int, want []policy.Statement) {
	t.Helper()
	for _, s := range want {
		if !strings.Contains(string(d.Text()), `"`+s.Sid+`"`) {
			t.Errorf("%s is missing in %s", s.Sid, d.Text())
		}
	}
	if d.Len() != others+len(want) {
		t.Errorf("%d statements, want %d: %s", d.Len(), others+len(want), d.Text())
	}
}
