package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/internal/policy"
)

func parse(t *testing.T, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What others wrote, with members and spaces of their own.
const others = `{"Id":"ours","Version":"2012-10-17",
"Statement":[
{"Sid":"Backup",  "Effect":"Deny","NotPrincipal":{"AWS":"x"},"Action":"s3:*","Resource":"*","Condition":{"Bool":{"a":1.50}}},
{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/é\u00e9<&>"]}],
"Extra":{"kept": true}}`

const (
	othersFirst  = `{"Sid":"Backup",  "Effect":"Deny","NotPrincipal":{"AWS":"x"},"Action":"s3:*","Resource":"*","Condition":{"Bool":{"a":1.50}}}`
	othersSecond = `{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/é\u00e9<&>"]}`
)

func TestOtherStatementsStayToTheLetter(t *testing.T) {
	d := parse(t, others)
	if !d.Set(policy.Public("DtoolPublic", policy.Object("b", "k"))) || !d.Has("DtoolPublic") || d.Len() != 3 {
		t.Error("the statement was not added")
	}
	want := `{
  "Id": "ours",
  "Version": "2012-10-17",
  "Statement": [
    ` + othersFirst + `,
    ` + othersSecond + `,
    {
      "Sid": "DtoolPublic",
      "Effect": "Allow",
      "Principal": "*",
      "Action": [
        "s3:GetObject"
      ],
      "Resource": [
        "arn:aws:s3:::b/k"
      ]
    }
  ],
  "Extra": {"kept": true}
}
`
	if diff := cmp.Diff(want, string(d.Text())); diff != "" {
		t.Error(diff)
	}
	d = parse(t, want)
	if !d.Remove("DtoolPublic") || d.Remove("DtoolPublic") || d.Has("DtoolPublic") || d.Len() != 2 {
		t.Error("the statement was not removed")
	}
	if got := string(d.Text()); !strings.Contains(got, othersFirst+",\n    "+othersSecond+"\n  ]") {
		t.Errorf("others have changed: %s", got)
	}
}

func TestSetReplacesTheStatementOfItsSid(t *testing.T) {
	d := policy.New(policy.Public("A", policy.Object("b", "1")), policy.Public("B", policy.Object("b", "2")))
	if !d.Set(policy.Public("A", policy.Object("b", "3"))) || d.Len() != 2 {
		t.Fatal("it was not replaced")
	}
	want := policy.New(policy.Public("A", policy.Object("b", "3")), policy.Public("B", policy.Object("b", "2")))
	if diff := cmp.Diff(string(want.Text()), string(d.Text())); diff != "" {
		t.Error(diff)
	}
}

func TestSetKnowsWhatIsThereAlready(t *testing.T) {
	s := policy.Public("A", policy.Object("b", "1"), policy.Object("b", "2"))
	for text, changed := range map[string]bool{
		`{"Effect":"Allow","Sid":"A","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/2","arn:aws:s3:::b/1"]}`:                     false,
		`{"Effect":"Deny","Sid":"A","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/2","arn:aws:s3:::b/1"]}`:                      true,
		`{"Effect":"Allow","Sid":"A","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/1"]}`:                                        true,
		`{"Effect":"Allow","Sid":"A","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/2","arn:aws:s3:::b/1"],"Condition":{"a":1}}`: true,
	} {
		d := parse(t, `{"Statement":`+text+`}`)
		if got := d.Set(s); got != changed || d.Len() != 1 {
			t.Errorf("%s: changed %v, statements %d", text, got, d.Len())
		}
	}
}

func TestOneStatementMayStandByItself(t *testing.T) {
	d := parse(t, ` {"Version":"2012-10-17","Statement":{"Sid":"A","Effect":"Allow"}} `)
	if d.Len() != 1 || !d.Has("A") || d.Has("") {
		t.Errorf("statements %d, A %v, without Sid %v", d.Len(), d.Has("A"), d.Has(""))
	}
}

func TestWhatIsNoPolicyIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		``:                                     "unexpected EOF",
		`{"Statement":[{}`:                     "unexpected",
		`[]`:                                   "it is not a JSON object",
		`"Statement"`:                          "it is not a JSON object",
		`{"Version":"2012-10-17"}`:             "it has no Statement",
		`{"Statement":null}`:                   "it is not a JSON object",
		`{"Statement":[1]}`:                    "statement 1: it is not a JSON object",
		`{"Statement":[],"Statement":[]}`:      `it has "Statement" twice`,
		`{"Statement":[{"Sid":"A","Sid":""}]}`: `statement 1: it has "Sid" twice`,
		`{"Statement":[]}{}`:                   "something follows",
		`<html>`:                               "invalid character",
		strings.Repeat(" ", policy.MaxSize+1):  "is larger than 1048576",
	} {
		if _, err := policy.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: error %v, want %q", text, err, want)
		}
	}
}

func TestKeysStandForThemselvesAlone(t *testing.T) {
	for key, want := range map[string]string{
		"u/jane/":              "arn:aws:s3:::b/u/jane/*",
		"a*b?c$d":              "arn:aws:s3:::b/a${*}b${?}c${$}d*",
		"u/${aws:username}/":   "arn:aws:s3:::b/u/${aws:username}/*",
		"u/${aws:userid}/":     "arn:aws:s3:::b/u/${$}{aws:userid}/*",
		"u/ü \"<&>\u2028\n\\/": "arn:aws:s3:::b/u/ü \"<&>\u2028\n\\/*",
	} {
		text := policy.New(policy.Public("A", policy.ObjectsBelow("b", key))).Text()
		var document struct{ Statement []struct{ Resource []string } }
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		if got := document.Statement[0].Resource[0]; got != want {
			t.Errorf("%q: got %s, want %s", key, got, want)
		}
	}
}

func TestTheSameDocumentAsAStoreGivesItBack(t *testing.T) {
	d := policy.New(policy.Public("A", policy.Object("b", "1")), policy.Public("B", policy.Object("b", "2"), policy.Object("b", "3")))
	const one = `{"Resource":"arn:aws:s3:::b/1","Sid":"A","Effect":"Allow","Principal":"*","Action":"s3:GetObject"}`
	const two = `{"Sid":"B","Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/3","arn:aws:s3:::b/2"]}`
	for text, same := range map[string]bool{
		one + "," + two: true,
		two + "," + one: false,
		one:             false,
		one + "," + strings.Replace(two, "Allow", "Deny", 1): false,
	} {
		if got := d.Same(parse(t, `{"Statement":[`+text+`]}`)); got != same {
			t.Errorf("%s: the same is %v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(others)
	f.Add(`{"Statement":{"Sid":"A"}}`)
	f.Add(`{"Statement":[{"Sid":"A"},{"Sid":"A"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := policy.Parse([]byte(text))
		if err != nil {
			return
		}
		had := d.Has("DtoolPublic")
		before := string(d.Text())
		again := parse(t, before)
		if got := string(again.Text()); got != before {
			t.Fatalf("read again it is %s and not %s", got, before)
		}
		again.Set(policy.Public("DtoolPublic", policy.Object("b", "k")))
		if !parse(t, string(again.Text())).Has("DtoolPublic") {
			t.Fatal("what was added is not there")
		}
		if again.Remove("DtoolPublic"); !had && string(again.Text()) != before {
			t.Fatalf("others have changed: %s, %s", again.Text(), before)
		}
	})
}
