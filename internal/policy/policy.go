// Package policy reads, changes and makes the documents in which S3, and what
// speaks its protocol, says who may do what: policies of buckets and of users, as
// AWS documents their language.
//
// It knows text and rights, and neither stores nor datasets: it is told which keys
// there are.
package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Version is that of the policy language, and not a date of a document.
const Version = "2012-10-17"

// MaxSize is the most bytes that a document may have. AWS takes 20 KiB of a bucket;
// other stores take more.
const MaxSize = 1 << 20

// A Document is a policy. Statements that nobody changes keep their text to the
// letter, and so does whatever else it has; their order stays. The zero value is
// an empty one.
type Document struct {
	before, after []member // what stands on either side of the statements
	statements    []json.RawMessage
}

type member struct {
	name string
	text json.RawMessage
}

// New makes a document of statements.
func New(statements ...Statement) *Document {
	d := &Document{before: []member{{"Version", json.RawMessage(`"` + Version + `"`)}}}
	for _, s := range statements {
		d.statements = append(d.statements, s.text())
	}
	return d
}

// Parse reads a document. A text of more than [MaxSize] bytes is an error, and so
// is one that a store could read in two ways.
func Parse(text []byte) (*Document, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("a policy of %d bytes is larger than %d", len(text), MaxSize)
	}
	d := &Document{}
	if err := d.parse(text); err != nil {
		return nil, fmt.Errorf("not a policy: %w", err)
	}
	return d, nil
}

func (d *Document) parse(text []byte) error {
	members, err := membersOf(text)
	if err != nil {
		return err
	}
	found := false
	for _, m := range members {
		switch {
		case m.name == "Statement":
			found = true
			if d.statements, err = statementsOf(m.text); err != nil {
				return err
			}
		case found:
			d.after = append(d.after, m)
		default:
			d.before = append(d.before, m)
		}
	}
	if !found {
		return errors.New("it has no Statement")
	}
	return nil
}

// membersOf takes an object apart. A name that comes twice is an error.
func membersOf(text []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	if start, err := dec.Token(); err != nil {
		return nil, unexpectedEnd(err)
	} else if start != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	var members []member
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, unexpectedEnd(err)
		}
		m := member{name: name.(string)} // as the name of a member of an object is
		if slices.ContainsFunc(members, func(other member) bool { return other.name == m.name }) {
			return nil, fmt.Errorf("it has %q twice", m.name)
		}
		if err := dec.Decode(&m.text); err != nil {
			return nil, unexpectedEnd(err)
		}
		members = append(members, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil, unexpectedEnd(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return members, nil
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// statementsOf reads the statements, of which one may stand by itself.
func statementsOf(text json.RawMessage) ([]json.RawMessage, error) {
	if text[0] != '[' {
		_, err := membersOf(text)
		return []json.RawMessage{text}, err
	}
	var statements []json.RawMessage
	if err := json.Unmarshal(text, &statements); err != nil {
		return nil, err
	}
	for i, s := range statements {
		if _, err := membersOf(s); err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return statements, nil
}

// Len gives the number of statements. Stores refuse a policy without any.
func (d *Document) Len() int { return len(d.statements) }

// Set adds a statement, or replaces the one of its Sid, and tells whether that
// changed what the policy says.
func (d *Document) Set(s Statement) bool {
	i := d.find(s.Sid)
	switch {
	case i < 0:
		d.statements = append(d.statements, s.text())
	case saysTheSame(d.statements[i], s.text()):
		return false
	default:
		d.statements[i] = s.text()
	}
	return true
}

// Remove takes away the statement of a Sid, and tells whether there was one.
func (d *Document) Remove(sid string) bool {
	return d.removeAll(func(other string) bool { return other == sid })
}

func (d *Document) removeAll(goes func(sid string) bool) bool {
	before := len(d.statements)
	d.statements = slices.DeleteFunc(d.statements, func(text json.RawMessage) bool { return goes(sidOf(text)) })
	return len(d.statements) < before
}

// Same tells whether another document has the same statements in the same order,
// as a store may give them back.
func (d *Document) Same(other *Document) bool {
	return slices.EqualFunc(d.statements, other.statements, saysTheSame)
}

func (d *Document) find(sid string) int {
	return slices.IndexFunc(d.statements, func(text json.RawMessage) bool { return sidOf(text) == sid })
}

// sidOf gives the Sid of a statement, or "" where it has none.
func sidOf(text json.RawMessage) string {
	members, err := membersOf(text)
	if err != nil {
		return ""
	}
	var sid string
	for _, m := range members {
		if m.name == "Sid" && json.Unmarshal(m.text, &sid) == nil {
			return sid
		}
	}
	return ""
}

// Text gives the document as JSON, for people as for stores. A newline ends it.
func (d *Document) Text() []byte {
	var b bytes.Buffer
	b.WriteString("{\n")
	for _, m := range d.before {
		fmt.Fprintf(&b, "  %s: %s,\n", quoted(m.name), m.text)
	}
	b.WriteString(`  "Statement": [`)
	for i, s := range d.statements {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n    %s", s)
	}
	b.WriteString("\n  ]")
	for _, m := range d.after {
		fmt.Fprintf(&b, ",\n  %s: %s", quoted(m.name), m.text)
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}
