package pyjson

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep lists and objects may lie in each other, about what
// Python bears.
const MaxDepth = 1000

// MaxValues is how many values a document may hold, those in lists and objects
// included. A value takes some 60 bytes of memory and as few as two of text, so
// that the size of a text says little of what reading it takes. A manifest of
// three million items has fewer.
const MaxValues = 1 << 24

// Parse reads one JSON document in UTF-8, with or without a byte order mark. It
// takes what Python's json.loads takes, the bare words NaN, Infinity and -Infinity
// included; half a surrogate pair becomes U+FFFD. Of a key that comes twice the
// last value counts, at the place of the first. An error begins with the line
// and the column, both counted from 1, the column in characters.
//
// Strings of the value share the memory of one copy of the data.
func Parse(data []byte) (Value, error) { return ParseAtMost(data, MaxValues) }

// ParseMembers reads a document that is an object, and gives the values of its members
// as [Raw].
func ParseMembers(data []byte) (*Object, error) {
	p := newParser(data, MaxValues)
	p.raw = true
	v, err := p.document()
	if err != nil {
		return nil, err
	}
	o, ok := v.(*Object)
	if !ok {
		return nil, errors.New("it is not a JSON object")
	}
	return o, nil
}

// ParseAtMost is Parse for a document that has no reason to hold as many values.
func ParseAtMost(data []byte, most int) (Value, error) { return newParser(data, most).document() }

func newParser(data []byte, most int) *parser {
	return &parser{text: strings.TrimPrefix(string(data), "\ufeff"), most: most}
}

func (p *parser) document() (Value, error) {
	if !utf8.ValidString(p.text) {
		p.pos = invalidAt(p.text)
		return nil, p.errorf("byte 0x%02x is not UTF-8", p.text[p.pos])
	}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.skipSpace()
	if p.pos < len(p.text) {
		return nil, p.unexpected("the end of the document")
	}
	return v, nil
}

func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			return i
		}
	}
	return len(s)
}

type parser struct {
	text   string
	pos    int // what comes before is read
	values int // that were begun
	most   int // values that may be

	raw bool // whether the members of the document itself stay as they are written
}

// value reads a value that lies in depth lists and objects.
func (p *parser) value(depth int) (Value, error) {
	p.skipSpace()
	if p.values++; p.values > p.most {
		return nil, p.errorf("more than %d values", p.most)
	}
	switch p.peek() {
	case '{':
		return p.object(depth)
	case '[':
		return p.list(depth)
	case '"':
		return p.string()
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.number()
	}
	return p.word()
}

func (p *parser) word() (Value, error) {
	switch {
	case p.accept("null"):
		return nil, nil
	case p.accept("true"):
		return true, nil
	case p.accept("false"):
		return false, nil
	case p.accept(string(nan)):
		return nan, nil
	case p.accept(string(infinity)):
		return infinity, nil
	}
	return nil, p.unexpected("a value")
}

func (p *parser) list(depth int) (Value, error) {
	list := []Value{}
	err := p.elements(']', depth, func() error {
		v, err := p.value(depth + 1)
		list = append(list, v)
		return err
	})
	return list, err
}

func (p *parser) object(depth int) (Value, error) {
	o := &Object{}
	err := p.elements('}', depth, func() error {
		if p.peek() != '"' {
			return p.unexpected("a key in double quotes")
		}
		key, err := p.string()
		if err != nil {
			return err
		}
		p.skipSpace()
		if !p.accept(":") {
			return p.unexpected("':' after the key")
		}
		p.skipSpace()
		start := p.pos
		v, err := p.value(depth + 1)
		if p.raw && depth == 0 {
			v = Raw(p.text[start:p.pos])
		}
		o.Set(key, v)
		return err
	})
	return o, err
}

// elements reads what lies between brackets and commas: read is called at the
// start of each element.
func (p *parser) elements(end byte, depth int, read func() error) error {
	if depth == MaxDepth {
		return p.errorf("more than %d lists and objects in each other", MaxDepth)
	}
	p.pos++
	p.skipSpace()
	if p.accept(string(end)) {
		return nil
	}
	for {
		p.skipSpace()
		if err := read(); err != nil {
			return err
		}
		p.skipSpace()
		if p.accept(string(end)) {
			return nil
		}
		if !p.accept(",") {
			return p.unexpected(fmt.Sprintf("',' or '%c'", end))
		}
	}
}

func (p *parser) number() (Value, error) {
	start := p.pos
	if p.accept(string(negInfinity)) {
		return negInfinity, nil
	}
	p.accept("-")
	if !p.accept("0") && p.digits() == 0 {
		return nil, p.unexpected("a digit")
	}
	if p.accept(".") && p.digits() == 0 {
		return nil, p.unexpected("a digit")
	}
	if p.accept("e") || p.accept("E") {
		if !p.accept("+") {
			p.accept("-")
		}
		if p.digits() == 0 {
			return nil, p.unexpected("a digit")
		}
	}
	return Number(p.text[start:p.pos]), nil
}

// digits reads digits and gives their number.
func (p *parser) digits() int {
	start := p.pos
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		p.pos++
	}
	return p.pos - start
}

func (p *parser) skipSpace() {
	for {
		switch p.peek() {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek gives the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.pos == len(p.text) {
		return 0
	}
	return p.text[p.pos]
}

func (p *parser) accept(word string) bool {
	if !strings.HasPrefix(p.text[p.pos:], word) {
		return false
	}
	p.pos += len(word)
	return true
}

func (p *parser) unexpected(wanted string) error {
	if p.pos == len(p.text) {
		return p.errorf("expected %s, found the end of the text", wanted)
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	return p.errorf("expected %s, found %q", wanted, r)
}

func (p *parser) errorf(format string, args ...any) error {
	before := p.text[:p.pos]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[1+strings.LastIndexByte(before, '\n'):])
	return fmt.Errorf("line %d, column %d: %s", line, column, fmt.Sprintf(format, args...))
}
