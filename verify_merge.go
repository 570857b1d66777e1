package dtool

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A VerifyMerge adds reports of shards up to one report of the whole dataset.
// The zero VerifyMerge has none yet. Order has no say in the result.
type VerifyMerge struct {
	of       int
	shards   map[int]*VerifyReport // by shard the report that came first with it
	last     *VerifyReport
	findings Findings
	sum      Amount // of all shards, each taken once
	started  time.Time
	finished time.Time
}

// Add takes a report in. One that does not belong to the others is
// [ErrCannotMerge], and changes nothing: one of another dataset, place, manifest
// or number of shards, one that has but some of its shards in common with another,
// and one that was not full or is of a sample, which never add up to a whole. Of
// several of the same shards each finding counts.
func (m *VerifyMerge) Add(r *VerifyReport) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrBadDocument, err)
	}
	shards, of := r.Part.Shards, r.Part.Of
	if r.Part.All() {
		shards, of = []int{1}, 1
	}
	if err := m.refuse(r, shards, of); err != nil {
		return fmt.Errorf("%w: %w", ErrCannotMerge, err)
	}
	if m.shards == nil {
		m.shards, m.of, m.started, m.finished = map[int]*VerifyReport{}, of, r.Started, r.Finished
	}
	if m.shards[shards[0]] == nil {
		m.sum.Items += r.InPart.Items
		m.sum.Bytes += r.InPart.Bytes
		for _, shard := range shards {
			m.shards[shard] = r
		}
	}
	if r.Started.Before(m.started) {
		m.started = r.Started
	}
	if r.Finished.After(m.finished) {
		m.finished = r.Finished
	}
	m.findings.add(&r.Findings)
	m.last = r
	return nil
}

// refuse says in words why a report does not belong to those that are there.
func (m *VerifyMerge) refuse(r *VerifyReport, shards []int, of int) error {
	switch {
	case !r.Full:
		return errors.New("it is of sizes alone, no byte was read")
	case r.Part.Sample > 0:
		return errors.New("it is of a sample, and samples never add up to a whole")
	case m.shards == nil:
		return nil
	}
	switch other := m.last; {
	case other.UUID != r.UUID:
		return fmt.Errorf("it is of dataset %s, and those before it are of %s", r.UUID, other.UUID)
	case !samePlace(other.URI, r.URI):
		return fmt.Errorf("it is of %s, and those before it are of %s", quoted(r.URI), quoted(other.URI))
	case other.ManifestSHA256 != r.ManifestSHA256, other.HashFunction != r.HashFunction, other.Whole != r.Whole:
		return errors.New("the manifest was another one than for those before it")
	case m.of != of:
		return fmt.Errorf("it is one of %d, and those before it of %d", of, m.of)
	}
	for _, shard := range shards {
		switch twin := m.shards[shard]; {
		case twin == nil:
		case !slices.Equal(twin.Part.Shards, r.Part.Shards):
			return fmt.Errorf("shard %d is in another report too, beside others", shard)
		case twin.InPart != r.InPart:
			return fmt.Errorf("shard %d is in another report too, with other numbers of items or bytes", shard)
		default:
			return nil
		}
	}
	return nil
}

// samePlace compares the URIs of datasets. The host of a directory's is left out,
// since the nodes of a cluster see one file system under the names of their own.
func samePlace(a, b string) bool {
	return withoutHost(a) == withoutHost(b)
}

func withoutHost(uri string) string {
	ref, err := parseURI(uri)
	if err != nil || !ref.isDirectory() || !strings.Contains(uri, "://") {
		return uri
	}
	return ref.uri("")
}

// Report gives the sum of the reports. If all shards are there, its part is the
// whole dataset, and else those that are. Shards that do not add up to what the
// manifest lists are [ErrBadDocument].
func (m *VerifyMerge) Report() (*VerifyReport, error) {
	if m.shards == nil {
		return nil, fmt.Errorf("%w: there are no reports", ErrCannotMerge)
	}
	shards := slices.Sorted(maps.Keys(m.shards))
	sum := *m.shards[shards[0]]
	sum.Part = Part{Shards: shards, Of: m.of}.simplified(sum.Whole.Items)
	sum.InPart = m.sum
	sum.Started, sum.Finished, sum.Program = m.started, m.finished, ""
	sum.Findings = Findings{}
	sum.add(&m.findings)
	sum.settle()
	if err := sum.check(); err != nil {
		return nil, fmt.Errorf("%w: the reports taken together: %w", ErrBadDocument, err)
	}
	return &sum, nil
}
