package dtool

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"
)

// reportFormat is the format of reports as JSON, its version included. Whoever
// adds a kind of finding or changes what a member means gives it another.
const reportFormat = "dtool-verify-1"

// reportJSON has the members that docs/json.md promises, in their order.
type reportJSON struct {
	Format         string  `json:"format"`
	Program        string  `json:"dtool_version"`
	Verdict        Verdict `json:"verdict"`
	Full           bool    `json:"full"`
	UUID           string  `json:"uuid"`
	Name           string  `json:"name"`
	URI            string  `json:"uri"`
	ManifestSHA256 string  `json:"manifest_sha256"`
	HashFunction   string  `json:"hash_function"`
	Amount
	Part     partJSON  `json:"part"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Findings
}

type partJSON struct {
	Kind   string  `json:"kind"`
	Shards []int   `json:"shards,omitempty"`
	Of     int     `json:"of,omitempty"`
	Seed   *uint64 `json:"seed,omitempty"`
	Amount
}

// The kinds of parts.
const (
	partAll    = "all"
	partShards = "shards"
	partSample = "sample"
)

// MarshalJSON gives the document that docs/json.md describes.
func (r *VerifyReport) MarshalJSON() ([]byte, error) {
	doc := reportJSON{
		Format: reportFormat, Program: r.Program, Verdict: r.Verdict(), Full: r.Full,
		UUID: r.UUID, Name: r.Name, URI: r.URI,
		ManifestSHA256: r.ManifestSHA256, HashFunction: r.HashFunction, Amount: r.Whole,
		Part:    partJSON{Kind: partAll, Amount: r.InPart},
		Started: r.Started.UTC(), Finished: r.Finished.UTC(),
		Findings: r.Findings,
	}
	switch {
	case r.Part.Of > 0:
		doc.Part.Kind, doc.Part.Shards, doc.Part.Of = partShards, r.Part.Shards, r.Part.Of
	case r.Part.Sample > 0:
		doc.Part.Kind, doc.Part.Seed = partSample, &r.Part.Seed
	}
	for _, list := range doc.kinds() {
		if *list == nil {
			*list = []Finding{} // an empty list, not null
		}
	}
	return json.Marshal(doc)
}

// UnmarshalJSON reads that document. It refuses one that contradicts itself, as
// one of another version or a damaged one may.
func (r *VerifyReport) UnmarshalJSON(text []byte) error {
	var doc reportJSON
	if err := json.Unmarshal(text, &doc); err != nil {
		return err
	}
	if doc.Format != reportFormat {
		return fmt.Errorf("its format is %s, not %s", quoted(doc.Format), reportFormat)
	}
	for _, list := range doc.kinds() {
		if *list == nil {
			return errors.New("a list of findings is missing")
		}
	}
	part, err := doc.Part.part()
	if err != nil {
		return err
	}
	read := VerifyReport{
		Findings: doc.Findings,
		URI:      doc.URI, UUID: doc.UUID, Name: doc.Name,
		ManifestSHA256: doc.ManifestSHA256, HashFunction: doc.HashFunction, Whole: doc.Amount,
		Full: doc.Full, Part: part.simplified(doc.Items), InPart: doc.Part.Amount,
		Started: doc.Started, Finished: doc.Finished, Program: doc.Program,
	}
	if err := read.check(); err != nil {
		return err
	}
	if read.Verdict() != doc.Verdict {
		return fmt.Errorf("its verdict is %s where what it says amounts to %s", quoted(string(doc.Verdict)), read.Verdict())
	}
	*r = read
	return nil
}

// UnmarshalJSON reads a finding. One without an identifier is of nothing, and a list
// of millions of them would be nearly no text and take much memory.
func (f *Finding) UnmarshalJSON(text []byte) error {
	type plain Finding
	if err := json.Unmarshal(text, (*plain)(f)); err != nil {
		return err
	}
	if f.Identifier == "" {
		return errors.New("a finding has no identifier")
	}
	return nil
}

func (p partJSON) part() (Part, error) {
	switch {
	case p.Kind == partAll && p.Of == 0 && p.Shards == nil:
		return Part{}, nil
	case p.Kind == partShards && p.Of > 0:
		return Part{Shards: p.Shards, Of: p.Of}, nil
	case p.Kind == partSample && p.Seed != nil && p.Items > 0:
		return Part{Sample: p.Items, Seed: *p.Seed}, nil
	}
	return Part{}, fmt.Errorf("its part %s is none, or lacks a member", quoted(p.Kind))
}

var sha256Pattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// check finds contradictions in a report that comes from elsewhere.
func (r *VerifyReport) check() error {
	if err := r.Part.check(); err != nil {
		return err
	}
	switch {
	case !uuidPattern.MatchString(r.UUID), !sha256Pattern.MatchString(r.ManifestSHA256):
		return errors.New("uuid or manifest_sha256 is missing or none")
	case !r.Full && !r.Part.All():
		return errors.New("it is of a part, and not full")
	case !r.InPart.within(r.Whole), r.Part.All() && r.InPart != r.Whole:
		return errors.New("the numbers of items or bytes of part and whole do not go together")
	case max(len(r.Missing), len(r.AlteredSize), len(r.AlteredHash), len(r.Unverifiable)) > r.Whole.Items:
		return errors.New("it has findings of more items than there are")
	}
	for _, list := range r.kinds() {
		for _, f := range *list {
			if !r.Part.answersFor(f.Identifier) {
				return fmt.Errorf("its finding of %s belongs to another shard", quoted(f.Identifier))
			}
		}
	}
	return nil
}

func (a Amount) within(b Amount) bool {
	return a.Items >= 0 && a.Bytes >= 0 && a.Items <= b.Items && a.Bytes <= b.Bytes
}

// ReadReports reads the reports that stand in a text as JSON, one behind the
// other. What is no report, or is cut short, is [ErrBadDocument], and so is a text
// without any.
func ReadReports(r io.Reader) ([]*VerifyReport, error) {
	return readReports(r, maxReports)
}

func readReports(r io.Reader, most int64) ([]*VerifyReport, error) {
	limited := &io.LimitedReader{R: r, N: most + 1}
	decoder := json.NewDecoder(limited)
	var reports []*VerifyReport
	for {
		report := &VerifyReport{}
		err := decoder.Decode(report)
		switch {
		case limited.N <= 0:
			return nil, fmt.Errorf("%w: more than %d bytes of reports", ErrBadDocument, most)
		case err == io.EOF && reports == nil:
			return nil, fmt.Errorf("%w: there is no report in it", ErrBadDocument)
		case err == io.EOF:
			return reports, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("%w: report %d is cut short", ErrBadDocument, len(reports)+1)
		case err != nil:
			return nil, fmt.Errorf("%w: report %d: %w", ErrBadDocument, len(reports)+1, err)
		}
		reports = append(reports, report)
	}
}
