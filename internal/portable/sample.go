package portable

import (
	"iter"
	"strings"
)

// A Sample is a part of a path that has what not every file system holds.
type Sample struct{ Part, Path string }

// Samples gives parts of paths which together have all that is odd in any of them:
// a file system that holds each of these by its name holds the others too. There are
// none where the names are of letters, digits and signs that are allowed
// everywhere, and as many as there are odd characters at the most.
func Samples(paths iter.Seq[string]) []Sample {
	s := sampler{seen: map[string]bool{}, bytes: shortestLimit, units: shortestLimit}
	var samples []Sample
	for path := range paths {
		for part := range strings.SplitSeq(path, "/") {
			if s.isNew(part) {
				samples = append(samples, Sample{part, path})
			}
		}
	}
	return samples
}

// A sampler remembers what the samples so far have.
type sampler struct {
	seen         map[string]bool // odd characters, and other reasons
	bytes, units int             // the longest
}

// isNew tells whether a part has something odd that none before it had.
func (s *sampler) isNew(part string) bool {
	odd := s.note(windowsPart(part))
	odd = s.note(device(part)) || odd
	for _, r := range part {
		if r < ' ' || r >= 0x7f || strings.ContainsRune(forbidden, r) {
			odd = s.note(string(r)) || odd
		}
	}
	if len(part) > s.bytes {
		s.bytes, odd = len(part), true
	}
	if len(part) > s.units && units(part) > s.units {
		s.units, odd = units(part), true
	}
	return odd
}

func (s *sampler) note(what string) bool {
	if what == "" || s.seen[what] {
		return false
	}
	s.seen[what] = true
	return true
}
