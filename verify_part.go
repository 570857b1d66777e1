package dtool

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// A Part is what a full verification reads of a dataset: shards of it, a random
// sample, or, if it is the zero Part, all.
type Part struct {
	// Shards are some of the shares of a division into Of, ascending, the first
	// being 1. Each item and each unknown object belongs to one shard, which
	// follows from its identifier alone. A verification of shards says nothing of
	// what belongs to others, so that the findings of all are those of the whole.
	Shards []int
	Of     int

	// Sample is how many items are drawn at random. The Seed decides which: with
	// the same manifest they are the same each time. Presence and sizes of all the
	// others are looked at all the same.
	Sample int
	Seed   uint64 // up to MaxSeed
}

const (
	// MaxShards is the most shards that a dataset is divided into.
	MaxShards = 100_000
	// MaxSeed is the highest seed, which every reader of JSON can hold.
	MaxSeed = 1<<53 - 1
)

// All tells whether the part is the whole dataset.
func (p Part) All() bool { return p.Of == 0 && p.Sample == 0 }

func (p Part) check() error {
	switch {
	case p.Of != 0 && p.Sample != 0:
		return errors.New("a part is shards or a sample, and not both")
	case p.Of < 0, p.Of > MaxShards:
		return fmt.Errorf("a dataset is divided into 1 to %d shards, not %d", MaxShards, p.Of)
	case p.Sample < 0:
		return fmt.Errorf("a sample has at least 1 item, not %d", p.Sample)
	case p.Seed > MaxSeed:
		return fmt.Errorf("the seed %d is higher than %d", p.Seed, uint64(MaxSeed))
	case (p.Of == 0) != (len(p.Shards) == 0):
		return errors.New("shards go with the number of all shards")
	}
	last := 0
	for _, shard := range p.Shards {
		switch {
		case shard < 1, shard > p.Of:
			return fmt.Errorf("there is no shard %d among those from 1 to %d", shard, p.Of)
		case shard <= last:
			return errors.New("shards are not in order")
		}
		last = shard
	}
	return nil
}

// simplified gives the zero Part for one that is all of a number of items anyway.
func (p Part) simplified(items int) Part {
	if p.Of > 0 && len(p.Shards) == p.Of || p.Sample > 0 && p.Sample >= items {
		return Part{}
	}
	return p
}

// answersFor tells whether what is found of an item belongs into the report.
func (p Part) answersFor(identifier string) bool {
	if p.Of == 0 {
		return true
	}
	_, found := slices.BinarySearch(p.Shards, shardOf(identifier, p.Of))
	return found
}

// choose gives the items whose bytes are read, in their order, as a new slice.
func (p Part) choose(items []Item) []Item {
	if p.Sample > 0 {
		return sample(items, p.Sample, p.Seed)
	}
	var chosen []Item
	for _, item := range items {
		if p.answersFor(item.Identifier) {
			chosen = append(chosen, item)
		}
	}
	return chosen
}

var identifierPattern = regexp.MustCompile(`^[0-9a-f]{40}$`)

// shardOf gives the shard that an identifier belongs to, as docs/json.md
// promises to other programs: its first 16 digits as a number, modulo the number
// of shards, and 1 more. What lies among the items under another name goes by the
// identifier of an item of that name.
func shardOf(identifier string, of int) int {
	if !identifierPattern.MatchString(identifier) {
		identifier = Identifier(identifier)
	}
	var start [8]byte
	_, _ = hex.Decode(start[:], []byte(identifier[:16])) // the pattern sees to the digits
	return int(binary.BigEndian.Uint64(start[:])%uint64(of)) + 1
}

// sample draws items without putting them back: those that come first when all
// are sorted by a hash of seed and identifier. So neither their order nor a
// generator of random numbers has a say in it.
func sample(items []Item, count int, seed uint64) []Item {
	type lot struct {
		number uint64
		index  int
	}
	lots := make([]lot, len(items))
	for i, item := range items {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", seed, item.Identifier))
		lots[i] = lot{binary.BigEndian.Uint64(sum[:8]), i}
	}
	slices.SortFunc(lots, func(a, b lot) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(items[a.index].Identifier, items[b.index].Identifier))
	})
	lots = lots[:min(count, len(lots))]
	slices.SortFunc(lots, func(a, b lot) int { return cmp.Compare(a.index, b.index) })
	drawn := make([]Item, len(lots))
	for i, lot := range lots {
		drawn[i] = items[lot.index]
	}
	return drawn
}
