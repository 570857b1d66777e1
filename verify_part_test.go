package dtool_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
)

// A specimen is a frozen dataset that can be spoiled behind the library's back.
type specimen struct {
	*dtool.Dataset
	put    func(relpath, content string)
	remove func(relpath string)
}

// onEverySpecimen runs a test on a dataset in a base of each kind.
func onEverySpecimen(t *testing.T, contents map[string]string, test func(t *testing.T, s specimen)) {
	t.Helper()
	t.Run("directory", func(t *testing.T) {
		base := t.TempDir()
		d := newWorld(t).frozen(base, "seedlings", contents)
		file := func(relpath string) string {
			return filepath.Join(base, "seedlings", "data", filepath.FromSlash(relpath))
		}
		test(t, specimen{
			d,
			func(relpath, content string) { must(t, os.WriteFile(file(relpath), []byte(content), 0o644)) },
			func(relpath string) { must(t, os.Remove(file(relpath))) },
		})
	})
	t.Run("memory", func(t *testing.T) { test(t, inBucket(t, memoryBucket(), contents)) })
	t.Run("s3", func(t *testing.T) { test(t, inBucket(t, bucketOn(t, s3test.Start(t)), contents)) })
}

func inBucket(t *testing.T, at site, contents map[string]string) specimen {
	t.Helper()
	d, err := clientFor(t, at).CreateFrom(t.Context(), files(t, contents), "seedlings", at.uri, dtool.CreateFromOptions{})
	must(t, err)
	at.removeAfter(t, d.UUID())
	key := func(relpath string) string { return at.root(t, d.UUID()) + "data/" + dtool.Identifier(relpath) }
	return specimen{
		d,
		func(relpath, content string) { at.put(t, key(relpath), content, map[string]string{"handle": relpath}) },
		func(relpath string) { at.remove(t, key(relpath)) },
	}
}

// numbered makes the contents of items, the third being three bytes and so on.
func numbered(n int) map[string]string {
	items := map[string]string{}
	for i := range n {
		items[fmt.Sprintf("run/%02d.csv", i)] = strings.Repeat("x", i)
	}
	return items
}

// spoil gives the dataset of 30 numbered items two findings of each kind.
func (s specimen) spoil() {
	for _, relpath := range []string{"new a", "new b"} {
		s.put(relpath, "new")
	}
	s.remove("run/03.csv")
	s.remove("run/04.csv")
	s.put("run/13.csv", "short")
	s.put("run/14.csv", "")
	s.put("run/23.csv", strings.Repeat("y", 23))
	s.put("run/24.csv", strings.Repeat("y", 24))
}

func count(f dtool.Findings) [4]int {
	return [4]int{len(f.Unknown), len(f.Missing), len(f.AlteredSize), len(f.AlteredHash)}
}

// verify reads a part of a dataset.
func (s specimen) verify(t *testing.T, part dtool.Part) *dtool.VerifyReport {
	t.Helper()
	report, err := s.Verify(t.Context(), dtool.VerifyOptions{Full: true, Part: part})
	must(t, err)
	return report
}

// TestShardsFindWhatTheWholeFinds lets shards of several numbers look at a
// dataset that is spoiled in every way: together they say what one
// verification of all says, and none says what another does.
func TestShardsFindWhatTheWholeFinds(t *testing.T) {
	onEverySpecimen(t, numbered(30), func(t *testing.T, s specimen) {
		s.spoil()
		whole := s.verify(t, dtool.Part{})
		if got := count(whole.Findings); got != [4]int{2, 2, 2, 2} {
			t.Fatalf("the whole finds %v: %+v", got, whole.Findings)
		}
		for _, of := range []int{1, 2, 7, 40} {
			var merge dtool.VerifyMerge
			var sum [4]int
			for shard := range of {
				report := s.verify(t, dtool.Part{Shards: []int{shard + 1}, Of: of})
				for i, n := range count(report.Findings) {
					sum[i] += n
				}
				must(t, merge.Add(throughJSON(t, report)))
			}
			if sum != [4]int{2, 2, 2, 2} {
				t.Errorf("%d shards find %v", of, sum)
			}
			merged, err := merge.Report()
			must(t, err)
			if diff := cmp.Diff(whole, merged, whatever()...); diff != "" {
				t.Errorf("%d shards come to another report than the whole (-whole +shards):\n%s", of, diff)
			}
		}
	})
}

// whatever lets reports be compared without their times, and with an empty list
// being as good as none.
func whatever() cmp.Options {
	return cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreFields(dtool.VerifyReport{}, "Started", "Finished")}
}

// throughJSON gives a report as whoever reads it from a file has it.
func throughJSON(t *testing.T, report *dtool.VerifyReport) *dtool.VerifyReport {
	t.Helper()
	text, err := json.Marshal(report)
	must(t, err)
	read, err := dtool.ReadReports(bytes.NewReader(text))
	must(t, err)
	if diff := cmp.Diff([]*dtool.VerifyReport{report}, read, cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0)); diff != "" {
		t.Fatalf("JSON changes the report (-before +after):\n%s", diff)
	}
	return read[0]
}

// TestSampleReadsSomeAndLooksAtAll spoils a dataset and draws samples: what the
// listing tells is found whatever is drawn, and altered bytes only where they are
// read.
func TestSampleReadsSomeAndLooksAtAll(t *testing.T) {
	onEverySpecimen(t, numbered(30), func(t *testing.T, s specimen) {
		s.spoil()
		lucky := map[int]bool{}
		for seed := range uint64(20) {
			report := s.verify(t, dtool.Part{Sample: 10, Seed: seed})
			found := count(report.Findings)
			if found[0] != 2 || found[1] != 2 || found[2] != 2 || found[3] > 2 {
				t.Errorf("a sample finds %v", found)
			}
			lucky[found[3]] = true
			again := s.verify(t, dtool.Part{Sample: 10, Seed: seed})
			if diff := cmp.Diff(report, again, whatever()...); diff != "" {
				t.Errorf("the same seed gives another report (-first +second):\n%s", diff)
			}
			throughJSON(t, report)
		}
		if len(lucky) == 1 {
			t.Error("each of 20 seeds finds as much altered")
		}
	})
}

func TestPartIsSaidInTheReport(t *testing.T) {
	onEverySpecimen(t, numbered(30), func(t *testing.T, s specimen) {
		all := dtool.Amount{Items: 30, Bytes: 29 * 30 / 2}
		for _, c := range []struct {
			name       string
			part, want dtool.Part
			items      int
			verdict    dtool.Verdict
		}{
			{"all", dtool.Part{}, dtool.Part{}, 30, dtool.VerdictGood},
			{"the only shard", dtool.Part{Shards: []int{1}, Of: 1}, dtool.Part{}, 30, dtool.VerdictGood},
			{"every shard", dtool.Part{Shards: []int{1, 2}, Of: 2}, dtool.Part{}, 30, dtool.VerdictGood},
			{"a sample of more than there is", dtool.Part{Sample: 31, Seed: 5}, dtool.Part{}, 30, dtool.VerdictGood},
			{"a sample", dtool.Part{Sample: 29, Seed: 5}, dtool.Part{Sample: 29, Seed: 5}, 29, dtool.VerdictUndecided},
			{"a shard", dtool.Part{Shards: []int{2}, Of: 3}, dtool.Part{Shards: []int{2}, Of: 3}, 12, dtool.VerdictUndecided},
		} {
			report := s.verify(t, c.part)
			if diff := cmp.Diff(c.want, report.Part); diff != "" {
				t.Errorf("%s: the part differs (-want +got):\n%s", c.name, diff)
			}
			if report.Whole != all || report.InPart.Items != c.items || c.items == 30 && report.InPart != all {
				t.Errorf("%s: it is of %+v, all being %+v", c.name, report.InPart, report.Whole)
			}
			if report.Verdict() != c.verdict || !report.Good() {
				t.Errorf("%s: the verdict is %s", c.name, report.Verdict())
			}
		}
	})
}

func TestVerdictWithoutReadingIsNone(t *testing.T) {
	w := newWorld(t)
	d := w.frozen(w.bucket("plants"), "seedlings", seedling())
	report, err := d.Verify(t.Context(), dtool.VerifyOptions{})
	must(t, err)
	if report.Verdict() != dtool.VerdictUndecided || !report.Good() {
		t.Errorf("the verdict is %s", report.Verdict())
	}
}

func TestPartsThatCannotBeAreRefused(t *testing.T) {
	w := newWorld(t)
	d := w.frozen(w.bucket("plants"), "seedlings", seedling())
	for _, part := range []dtool.Part{
		{Shards: []int{0}, Of: 3},
		{Shards: []int{4}, Of: 3},
		{Shards: []int{2, 1}, Of: 3},
		{Shards: []int{2, 2}, Of: 3},
		{Of: 3},
		{Shards: []int{1}},
		{Shards: []int{1}, Of: -1},
		{Shards: []int{1}, Of: dtool.MaxShards + 1},
		{Shards: []int{1}, Of: 3, Sample: 2},
		{Sample: -1},
		{Sample: 1, Seed: dtool.MaxSeed + 1},
	} {
		if _, err := d.Verify(t.Context(), dtool.VerifyOptions{Full: true, Part: part}); err == nil {
			t.Errorf("%+v is taken", part)
		}
	}
	if _, err := d.Verify(t.Context(), dtool.VerifyOptions{Part: dtool.Part{Sample: 1}}); err == nil {
		t.Error("a sample is taken without reading")
	}
}

func TestEmptyDatasetHasParts(t *testing.T) {
	onEverySpecimen(t, nil, func(t *testing.T, s specimen) {
		var merge dtool.VerifyMerge
		for shard := range 3 {
			must(t, merge.Add(throughJSON(t, s.verify(t, dtool.Part{Shards: []int{shard + 1}, Of: 3}))))
		}
		for _, report := range []*dtool.VerifyReport{mustReport(t, &merge), s.verify(t, dtool.Part{Sample: 5})} {
			if report.Verdict() != dtool.VerdictGood {
				t.Errorf("the verdict is %s: %+v", report.Verdict(), report)
			}
		}
	})
}

func mustReport(t *testing.T, merge *dtool.VerifyMerge) *dtool.VerifyReport {
	t.Helper()
	report, err := merge.Report()
	must(t, err)
	return report
}

// TestShardAsksForItsOwnAlone counts requests: what other shards answer for is
// neither read nor asked about.
func TestShardAsksForItsOwnAlone(t *testing.T) {
	at := bucketOn(t, s3test.StartOwn(t))
	s := inBucket(t, at, numbered(30))
	for i := range 12 {
		s.put(fmt.Sprintf("new %d", i), "new")
	}
	_, err := s.Manifest(t.Context())
	must(t, err)
	for _, part := range []dtool.Part{{Shards: []int{2}, Of: 3}, {Sample: 7}} {
		var report *dtool.VerifyReport
		got := at.server.Count(t, func() { report = s.verify(t, part) })
		want := map[string]int{"ListObjectsV2": 1, "GetObject": report.InPart.Items, "HeadObject": len(report.Unknown)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: the requests differ (-want +got):\n%s", part, diff)
		}
	}
	if report := s.verify(t, dtool.Part{Shards: []int{2}, Of: 3}); len(report.Unknown) == 0 || len(report.Unknown) == 12 {
		t.Errorf("one of three shards finds %d of 12 unknown items", len(report.Unknown))
	}
}

// TestFindingsTellWhatThereWas looks at what is expected and found.
func TestFindingsTellWhatThereWas(t *testing.T) {
	onEverySpecimen(t, map[string]string{"gone": "gone", "longer": "longer", "swapped": "swapped"}, func(t *testing.T, s specimen) {
		m, err := s.Manifest(t.Context())
		must(t, err)
		expected := map[string]*dtool.Content{}
		for _, item := range m.Items() {
			expected[item.Relpath] = &dtool.Content{Size: item.Size, Hash: item.Hash}
		}
		s.remove("gone")
		s.put("longer", "longer!")
		s.put("swapped", "deppaws")
		s.put("new", "new")
		finding := func(relpath string, found *dtool.Content) []dtool.Finding {
			return []dtool.Finding{{Identifier: dtool.Identifier(relpath), Relpath: relpath, Expected: expected[relpath], Found: found}}
		}
		want := dtool.Findings{
			Unknown:     finding("new", &dtool.Content{Size: 3}),
			Missing:     finding("gone", nil),
			AlteredSize: finding("longer", &dtool.Content{Size: 7}),
			AlteredHash: finding("swapped", &dtool.Content{Size: 7, Hash: md5Of([]byte("deppaws"))}),
		}
		if diff := cmp.Diff(want, s.verify(t, dtool.Part{}).Findings, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the findings differ (-want +got):\n%s", diff)
		}
	})
}

// TestWhatIsNoItemIsInOneShard puts links that lead nowhere among the items.
func TestWhatIsNoItemIsInOneShard(t *testing.T) {
	base := t.TempDir()
	s := specimen{Dataset: newWorld(t).frozen(base, "seedlings", numbered(5))}
	for i := range 12 {
		must(t, os.Symlink(filepath.Join(base, "gone"), filepath.Join(base, "seedlings", "data", fmt.Sprintf("dangling %d", i))))
	}
	found := 0
	for _, report := range s.shards(t, 5) {
		throughJSON(t, report)
		found += len(report.Unknown)
	}
	if found != 12 {
		t.Errorf("5 shards find %d of 12 links", found)
	}
}

// TestReportsOfManyFindingsStayInOrder merges shards of a dataset that lacks all.
func TestReportsOfManyFindingsStayInOrder(t *testing.T) {
	s := inBucket(t, memoryBucket(), numbered(100))
	for relpath := range numbered(100) {
		s.remove(relpath)
	}
	var merge dtool.VerifyMerge
	for _, shard := range []int{3, 1, 2} {
		must(t, merge.Add(s.verify(t, dtool.Part{Shards: []int{shard}, Of: 3})))
	}
	missing := relpaths(mustReport(t, &merge).Missing)
	if len(missing) != 100 || !slices.IsSorted(missing) {
		t.Errorf("%d items are missing: %q", len(missing), missing)
	}
}
