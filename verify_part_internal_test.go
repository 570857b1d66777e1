package dtool

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawItems makes items of any names and numbers.
func drawItems(t *rapid.T, least int) []Item {
	names := rapid.SliceOfNDistinct(rapid.StringN(1, 20, -1), least, 60, rapid.ID[string]).Draw(t, "relpaths")
	var items []Item
	for _, name := range names {
		items = append(items, Item{Identifier: Identifier(name), Relpath: name, Size: rapid.Int64Range(0, 100).Draw(t, "size")})
	}
	return items
}

func TestEachItemIsInOneShard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, 0)
		of := rapid.IntRange(1, 80).Draw(t, "of")
		times := map[string]int{}
		for shard := 1; shard <= of; shard++ {
			for _, item := range (Part{Shards: []int{shard}, Of: of}).choose(items) {
				times[item.Identifier]++
			}
		}
		for _, item := range items {
			if times[item.Identifier] != 1 {
				t.Fatalf("%q is in %d shards of %d", item.Relpath, times[item.Identifier], of)
			}
		}
		if len(times) != len(items) {
			t.Fatalf("%d items became %d", len(items), len(times))
		}
	})
}

func TestShardOfAnItemDependsOnNoOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, 1)
		part := Part{Shards: []int{2, 3}, Of: 5}
		shuffled := rapid.Permutation(items).Draw(t, "shuffled")
		fewer := shuffled[:rapid.IntRange(0, len(items)).Draw(t, "fewer")]
		in := part.choose(items)
		for _, item := range fewer {
			if slices.Contains(in, item) != slices.Contains(part.choose(fewer), item) {
				t.Fatalf("%q changes its shard", item.Relpath)
			}
		}
	})
}

// TestShardsAreWhatIsDocumented holds the assignment to docs/json.md: another one
// would let shards of two versions of the program miss items between them.
func TestShardsAreWhatIsDocumented(t *testing.T) {
	for _, c := range []struct {
		identifier string
		of, want   int
	}{
		{"0000000000000000ffffffffffffffffffffffff", 16, 1},
		{"0000000000000001000000000000000000000000", 16, 2},
		{"000000000000001f000000000000000000000000", 16, 16},
		{"ffffffffffffffff000000000000000000000000", 10, 6},     // 18446744073709551615
		{"004b794867b1f5faa993eacd78d0b17b90add240", 16, 11},    // 0x004b794867b1f5fa
		{"right.txt", 16, shardOf(Identifier("right.txt"), 16)}, // no identifier
		{"004B794867B1F5FAA993EACD78D0B17B90ADD240", 7, shardOf(Identifier("004B794867B1F5FAA993EACD78D0B17B90ADD240"), 7)},
		{"", 1, 1},
	} {
		if got := shardOf(c.identifier, c.of); got != c.want {
			t.Errorf("%q is in shard %d of %d, want %d", c.identifier, got, c.of, c.want)
		}
	}
}

func TestShardsAreAboutEqual(t *testing.T) {
	const items, of = 16000, 16
	sizes := make([]int, of+1)
	for i := range items {
		sizes[shardOf(Identifier(fmt.Sprintf("plate %d/well %d.tif", i/96, i%96)), of)]++
	}
	for shard, n := range sizes[1:] {
		if math.Abs(float64(n)-items/of) > 150 { // five standard deviations
			t.Errorf("shard %d has %d of %d items", shard+1, n, items)
		}
	}
}

func TestSample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, 1)
		seed := rapid.Uint64Max(MaxSeed).Draw(t, "seed")
		size := rapid.IntRange(1, 70).Draw(t, "size")
		drawn := sample(items, size, seed)
		if len(drawn) != min(size, len(items)) {
			t.Fatalf("%d items are drawn, want %d of %d", len(drawn), size, len(items))
		}
		// What is drawn stands in the order of the items, each once.
		rest := drawn
		for _, item := range items {
			if len(rest) > 0 && rest[0] == item {
				rest = rest[1:]
			}
		}
		if len(rest) > 0 {
			t.Fatalf("%v is no selection of %v", drawn, items)
		}
		// Their order does not matter, and a larger sample has the smaller in it.
		more := sample(rapid.Permutation(items).Draw(t, "shuffled"), size+1, seed)
		for _, item := range drawn {
			if !slices.Contains(more, item) {
				t.Fatalf("%q is in a sample of %d, and not in one of %d", item.Relpath, size, size+1)
			}
		}
	})
}

// TestEveryItemIsSampledAsOften counts over many seeds.
func TestEveryItemIsSampledAsOften(t *testing.T) {
	var items []Item
	for i := range 20 {
		items = append(items, Item{Identifier: Identifier(fmt.Sprint(i))})
	}
	times := map[string]int{}
	const seeds = 4000
	for seed := range uint64(seeds) {
		for _, item := range sample(items, 5, seed) {
			times[item.Identifier]++
		}
	}
	for _, item := range items {
		if n := times[item.Identifier]; n < 850 || n > 1150 { // about five standard deviations from 1000
			t.Errorf("item %s is in %d of %d samples of a quarter", item.Identifier, n, seeds)
		}
	}
}

// TestPartsGoThroughJSON takes every part that a report may be of.
func TestPartsGoThroughJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t, 2)
		part := Part{}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 1:
			part.Of = rapid.IntRange(2, 10).Draw(t, "of")
			part.Shards = rapid.SliceOfNDistinct(rapid.IntRange(1, part.Of), 1, part.Of-1, rapid.ID[int]).Draw(t, "shards")
			slices.Sort(part.Shards)
		case 2:
			part.Sample = rapid.IntRange(1, len(items)-1).Draw(t, "sample")
			part.Seed = rapid.Uint64Max(MaxSeed).Draw(t, "seed")
		}
		report := &VerifyReport{
			URI: "s3://plants/x", UUID: "5d700000-0100-4000-8000-000000000001", Name: "x",
			ManifestSHA256: sha256Hex(nil), HashFunction: hashMD5, Whole: amountOf(items),
			Full: true, Part: part, InPart: amountOf(part.choose(items)),
		}
		text, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		var read VerifyReport
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if diff := cmp.Diff(part, read.Part); diff != "" {
			t.Fatalf("the part changes (-before +after):\n%s", diff)
		}
	})
}

func TestReportsAreReadUpToABound(t *testing.T) {
	for _, most := range []int64{10, 11} {
		_, err := readReports(strings.NewReader(`{"format" :`), most)
		if !errors.Is(err, ErrBadDocument) || strings.Contains(err.Error(), "more than 10 bytes") != (most == 10) {
			t.Errorf("11 bytes where %d are read: %v", most, err)
		}
	}
}
