package dtool_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
)

// shards verifies a dataset in shards.
func (s specimen) shards(t *testing.T, of int) []*dtool.VerifyReport {
	t.Helper()
	var reports []*dtool.VerifyReport
	for shard := range of {
		reports = append(reports, s.verify(t, dtool.Part{Shards: []int{shard + 1}, Of: of}))
	}
	return reports
}

func merged(t *testing.T, reports ...*dtool.VerifyReport) *dtool.VerifyReport {
	t.Helper()
	var merge dtool.VerifyMerge
	for _, report := range reports {
		must(t, merge.Add(report))
	}
	return mustReport(t, &merge)
}

func TestMergeWithoutAShardIsNoVerdict(t *testing.T) {
	s := inBucket(t, memoryBucket(), numbered(30))
	reports := s.shards(t, 4)
	some := merged(t, reports[3], reports[0], reports[2])
	if diff := cmp.Diff(dtool.Part{Shards: []int{1, 3, 4}, Of: 4}, some.Part); diff != "" {
		t.Errorf("the part differs (-want +got):\n%s", diff)
	}
	if some.Verdict() != dtool.VerdictUndecided {
		t.Errorf("the verdict is %s", some.Verdict())
	}
	// What is missing can be added to the sum itself.
	if all := merged(t, throughJSON(t, some), reports[1]); all.Verdict() != dtool.VerdictGood || !all.Part.All() {
		t.Errorf("the verdict on all is %s: %+v", all.Verdict(), all)
	}
}

func TestMergeTakesEveryFindingOfAShardOnce(t *testing.T) {
	s := inBucket(t, memoryBucket(), numbered(30))
	good := s.shards(t, 2)
	s.spoil()
	bad := s.shards(t, 2)
	all := merged(t, good[0], bad[0], bad[1], bad[0], good[1])
	if diff := cmp.Diff(s.verify(t, dtool.Part{}), all, whatever()...); diff != "" {
		t.Errorf("the sum differs from the whole (-whole +sum):\n%s", diff)
	}
	if all.Verdict() != dtool.VerdictBad {
		t.Errorf("the verdict is %s", all.Verdict())
	}
}

func TestMergeSpansTheTimesOfItsReports(t *testing.T) {
	s := inBucket(t, memoryBucket(), numbered(3))
	reports := s.shards(t, 2)
	started, finished := noon().AddDate(0, 0, -1), noon().AddDate(0, 0, 1)
	reports[1].Started, reports[1].Finished = started, started
	reports[0].Started, reports[0].Finished = finished, finished
	if sum := merged(t, reports...); !sum.Started.Equal(started) || !sum.Finished.Equal(finished) {
		t.Errorf("from %v to %v", sum.Started, sum.Finished)
	}
}

// TestMergeRefuses adds to the first of two shards what does not belong there.
func TestMergeRefuses(t *testing.T) {
	s := inBucket(t, memoryBucket(), numbered(30))
	for _, c := range []struct {
		what string
		part dtool.Part
		edit func(r *dtool.VerifyReport)
		says string
	}{
		{"another dataset", dtool.Part{Shards: []int{2}, Of: 2}, func(r *dtool.VerifyReport) { r.UUID = "5d700000-0100-4000-8000-000000000001" }, "it is of dataset 5d7"},
		{"another copy", dtool.Part{Shards: []int{2}, Of: 2}, func(r *dtool.VerifyReport) { r.URI = "s3://elsewhere/x" }, "it is of s3://elsewhere/x"},
		{"another manifest", dtool.Part{Shards: []int{2}, Of: 2}, func(r *dtool.VerifyReport) { r.ManifestSHA256 = strings.Repeat("0", 64) }, "manifest"},
		{"another number of items", dtool.Part{Shards: []int{2}, Of: 2}, func(r *dtool.VerifyReport) { r.Whole.Items++ }, "manifest"},
		{"a shard of another number", dtool.Part{Shards: []int{2}, Of: 3}, nil, "one of 3, and those before it of 2"},
		{"the whole", dtool.Part{}, nil, "one of 1, and those before it of 2"},
		{"a sample", dtool.Part{Sample: 5}, nil, "samples never add up"},
		{"sizes alone", dtool.Part{}, func(r *dtool.VerifyReport) { r.Full = false }, "no byte was read"},
		{"the same shard with other numbers", dtool.Part{Shards: []int{1}, Of: 2}, func(r *dtool.VerifyReport) { r.InPart.Bytes-- }, "other numbers"},
	} {
		t.Run(c.what, func(t *testing.T) {
			var merge dtool.VerifyMerge
			reports := s.shards(t, 2)
			must(t, merge.Add(reports[0]))
			foreign := s.verify(t, c.part)
			if c.edit != nil {
				c.edit(foreign)
			}
			wantError(t, merge.Add(foreign), dtool.ErrCannotMerge, c.says)
			// It has left nothing behind.
			must(t, merge.Add(reports[1]))
			if verdict := mustReport(t, &merge).Verdict(); verdict != dtool.VerdictGood {
				t.Errorf("without it the verdict is %s", verdict)
			}
		})
	}
}

func TestMergeRefusesOverlappingShards(t *testing.T) {
	s := inBucket(t, memoryBucket(), numbered(30))
	for _, c := range [][2][]int{{{1, 2}, {2, 3}}, {{2, 3}, {1, 2}}, {{1, 2}, {1}}, {{2}, {1, 2}}, {{1, 3}, {2, 3}}} {
		var merge dtool.VerifyMerge
		must(t, merge.Add(s.verify(t, dtool.Part{Shards: c[0], Of: 4})))
		wantError(t, merge.Add(s.verify(t, dtool.Part{Shards: c[1], Of: 4})), dtool.ErrCannotMerge, "in another report too, beside others")
	}
}

func TestMergeOfNothingIsNothing(t *testing.T) {
	_, err := new(dtool.VerifyMerge).Report()
	wantError(t, err, dtool.ErrCannotMerge)
}

// TestMergeAddsUp holds the shards to the manifest: two that leave an item out
// between them are no whole.
func TestMergeAddsUp(t *testing.T) {
	reports := inBucket(t, memoryBucket(), numbered(30)).shards(t, 2)
	reports[1].InPart.Items--
	var merge dtool.VerifyMerge
	must(t, merge.Add(reports[0]))
	must(t, merge.Add(reports[1]))
	_, err := merge.Report()
	wantError(t, err, dtool.ErrBadDocument, "numbers of items")
}

// TestNodesOfAClusterSeeOneDirectory merges what machines of different names say
// of a directory.
func TestNodesOfAClusterSeeOneDirectory(t *testing.T) {
	w := newWorld(t)
	s := specimen{Dataset: w.frozen(t.TempDir(), "seedlings", numbered(30))}
	reports := s.shards(t, 2)
	reports[1].URI = strings.Replace(reports[1].URI, "workstation", "node17", 1)
	if sum := merged(t, reports[1], reports[0]); sum.Verdict() != dtool.VerdictGood || sum.URI != s.URI() {
		t.Errorf("the verdict on %s is %s", sum.URI, sum.Verdict())
	}
	var merge dtool.VerifyMerge
	must(t, merge.Add(reports[0]))
	reports[1].URI += "2"
	wantError(t, merge.Add(reports[1]), dtool.ErrCannotMerge)
}

// TestDamagedReportsAreRefused spoils the JSON of a report that says a little of
// everything.
func TestDamagedReportsAreRefused(t *testing.T) {
	s := inBucket(t, memoryBucket(), numbered(30))
	s.spoil()
	text, err := json.Marshal(s.verify(t, dtool.Part{Shards: []int{2}, Of: 3}))
	must(t, err)
	read := func(text []byte) error {
		_, err := dtool.ReadReports(bytes.NewReader(text))
		return err
	}
	must(t, read(text))
	for i := range text {
		wantError(t, read(text[:i]), dtool.ErrBadDocument)
	}
	for _, c := range []struct{ old, replacement, says string }{
		{`"dtool-verify-1"`, `"dtool-verify-2"`, "format"},
		{`"verdict":"bad"`, `"verdict":"good"`, "verdict"},
		{`"verdict":"bad",`, ``, "verdict"},
		{`"full":true`, `"full":false`, "not full"},
		{`"kind":"shards"`, `"kind":"all"`, "part"},
		{`"kind":"shards"`, `"kind":"sample"`, "part"},
		{`"kind":"shards"`, `"kind":"half"`, "half"},
		{`"shards":[2]`, `"shards":[1]`, "another shard"},
		{`"shards":[2]`, `"shards":[4]`, "no shard 4"},
		{`"of":3`, `"of":1000000`, "shards"},
		{`"number_of_items":30`, `"number_of_items":3`, "numbers"},
		{`"number_of_items":30`, `"number_of_items":-30`, "numbers"},
		{`"number_of_items":30`, `"number_of_items":30.5`, "number_of_items"},
		{`"manifest_sha256":"`, `"manifest_sha256":"0`, "manifest_sha256"},
		{`"uuid":"`, `"uuid":"0`, "uuid"},
		{`"missing":[`, `"missed":[`, "list"},
		{`"unknown":[`, `"unknown":null,"new":[`, "list"},
	} {
		if !strings.Contains(string(text), c.old) {
			t.Fatalf("%s has no %s", text, c.old)
		}
		spoilt := strings.Replace(string(text), c.old, c.replacement, 1)
		wantError(t, read([]byte(spoilt)), dtool.ErrBadDocument, c.says)
	}
	for _, other := range []string{"", " \n", "null", "7", "[]", "{}", "dtool: no such bucket", `{"name": "run7"}`, string(text) + "}"} {
		wantError(t, read([]byte(other)), dtool.ErrBadDocument)
	}
}

func TestReportsStandOneBehindTheOther(t *testing.T) {
	reports := inBucket(t, memoryBucket(), numbered(30)).shards(t, 3)
	var text bytes.Buffer
	for _, report := range reports {
		must(t, json.NewEncoder(&text).Encode(report))
	}
	read, err := dtool.ReadReports(&text)
	must(t, err)
	if len(read) != 3 || merged(t, read...).Verdict() != dtool.VerdictGood {
		t.Errorf("%d reports are read", len(read))
	}
}
