package dtool

import (
	"cmp"
	"slices"
	"time"
)

// A VerifyReport tells how a dataset differs from its manifest, and what was
// looked at for that. As JSON it is the document that docs/json.md describes.
type VerifyReport struct {
	Findings

	URI, UUID, Name string
	ManifestSHA256  string // hex, of the text of the manifest that was compared with
	HashFunction    string // of the hashes of the manifest
	Whole           Amount // what the manifest lists

	Full   bool
	Part   Part
	InPart Amount // what the manifest lists in that part

	Started, Finished time.Time
	Program           string // version of the program that made the report, for people; the library leaves it empty
}

// An Amount is a number of items and of their bytes.
type Amount struct {
	Items int   `json:"number_of_items"`
	Bytes int64 `json:"size_in_bytes"`
}

func amountOf(items []Item) Amount { return Amount{len(items), totalSize(items)} }

// Findings are the differences between a dataset and its manifest, each kind in
// the order of relpaths.
type Findings struct {
	Unknown     []Finding `json:"unknown"` // among the items, and not in the manifest; of an object that is no item, Relpath is empty
	Missing     []Finding `json:"missing"`
	AlteredSize []Finding `json:"altered_size"`
	AlteredHash []Finding `json:"altered_hash"`
	// Unverifiable holds the items of a full verification whose bytes the manifest
	// says nothing of, so that they are neither good nor altered.
	Unverifiable []Finding `json:"unverifiable"`
}

// A Finding is an item of which there is something to say.
type Finding struct {
	Identifier string   `json:"identifier"`
	Relpath    string   `json:"relpath"`
	Expected   *Content `json:"expected,omitempty"` // by the manifest; nil for an unknown item
	Found      *Content `json:"found,omitempty"`    // nil where nothing was found, or nothing is to be said of it
	Reason     string   `json:"reason,omitempty"`   // why an item is unverifiable
}

// A Content is what can be said of an item's bytes without them.
type Content struct {
	Size int64  `json:"size_in_bytes"`
	Hash string `json:"hash,omitempty"` // empty where it is not known
}

func findingOf(item Item, found *Content) Finding {
	return Finding{
		Identifier: item.Identifier, Relpath: item.Relpath,
		Expected: &Content{Size: item.Size, Hash: item.Hash}, Found: found,
	}
}

// Good tells whether no difference was found where it was looked for.
// Unverifiable items are none.
func (f *Findings) Good() bool {
	return len(f.Unknown)+len(f.Missing)+len(f.AlteredSize)+len(f.AlteredHash) == 0
}

// kinds gives the lists of all kinds.
func (f *Findings) kinds() []*[]Finding {
	return []*[]Finding{&f.Unknown, &f.Missing, &f.AlteredSize, &f.AlteredHash, &f.Unverifiable}
}

func (f *Findings) add(others *Findings) {
	lists := others.kinds()
	for i, list := range f.kinds() {
		*list = append(*list, *lists[i]...)
	}
}

// settle puts each list in order, and leaves one of what was found more than once.
func (f *Findings) settle() {
	for _, list := range f.kinds() {
		slices.SortStableFunc(*list, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.Relpath, b.Relpath), cmp.Compare(a.Identifier, b.Identifier))
		})
		*list = slices.CompactFunc(*list, func(a, b Finding) bool { return a.Identifier == b.Identifier })
	}
}

// A Verdict is what a report says of the dataset as a whole.
type Verdict string

// The verdicts.
const (
	// VerdictGood means that every byte was read and is what the manifest says,
	// and that there is nothing else.
	VerdictGood Verdict = "good"
	// VerdictBad means that something differs.
	VerdictBad Verdict = "bad"
	// VerdictUndecided means that nothing was found to differ, and that not all could
	// be judged: no bytes were read, or only those of a part, or some items are
	// unverifiable.
	VerdictUndecided Verdict = "undecided"
)

// Verdict is stricter than Good, which is about what was looked at.
func (r *VerifyReport) Verdict() Verdict {
	switch {
	case !r.Good():
		return VerdictBad
	case !r.Full, !r.Part.All(), len(r.Unverifiable) > 0:
		return VerdictUndecided
	}
	return VerdictGood
}
