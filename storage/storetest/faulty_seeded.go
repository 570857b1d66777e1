package storetest

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"regexp"
)

// anyUUID finds what is another one in each run of a test.
var anyUUID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// Seeded gives a script by which so many of a thousand calls suffer one of the kinds
// of fault. What befalls a call follows from the seed and the call alone, and not
// from the order in which goroutines come to make theirs, nor from the UUIDs in keys:
// so the same work with the same seed goes wrong in the same way.
func Seeded(seed uint64, perThousand int, kinds ...Kind) func(Call) Fault {
	return func(c Call) Fault {
		hash := fnv.New64a()
		fmt.Fprintf(hash, "%s\x00%s\x00%d", c.Op, anyUUID.ReplaceAllString(c.Key, "*"), c.N)
		random := rand.New(rand.NewPCG(seed, binary.BigEndian.Uint64(hash.Sum(nil))))
		if random.IntN(1000) >= perThousand {
			return Fault{}
		}
		possible := make([]Kind, 0, len(kinds))
		for _, kind := range kinds {
			if kind.befalls(c.Op) {
				possible = append(possible, kind)
			}
		}
		if len(possible) == 0 {
			return Fault{}
		}
		return Fault{Kind: possible[random.IntN(len(possible))], At: random.Int64N(1 << 20)}
	}
}
