package pyjson

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// Line gives the value on one line, as json.dumps(v) does. No newline ends it.
func Line(v Value) []byte {
	w := writer{oneLine: true}
	w.value(v, 0)
	return w.text
}

// Indent gives the value as json.dumps(v, indent=2) does. No newline ends it.
func Indent(v Value) []byte {
	var w writer
	w.value(v, 0)
	return w.text
}

// Sorted gives the value as json.dumps(v, sort_keys=True, indent=2) does: at every
// level the keys are in the order of their code points. No newline ends it.
func Sorted(v Value) []byte {
	w := writer{sorted: true}
	w.value(v, 0)
	return w.text
}

type writer struct {
	text    []byte
	oneLine bool
	sorted  bool
}

func (w *writer) value(v Value, depth int) {
	switch v := v.(type) {
	case nil:
		w.text = append(w.text, "null"...)
	case bool:
		w.text = fmt.Append(w.text, v)
	case Number:
		w.text = append(w.text, v...)
	case Raw:
		w.text = append(w.text, v...)
	case string:
		w.string(v)
	case []Value:
		w.list(v, depth)
	case *Object:
		w.object(v, depth)
	default:
		panic(fmt.Sprintf("pyjson: %T is not a JSON value", v))
	}
}

func (w *writer) list(list []Value, depth int) {
	w.text = append(w.text, '[')
	for i, v := range list {
		w.separate(i, depth+1)
		w.value(v, depth+1)
	}
	w.end(']', len(list), depth)
}

func (w *writer) object(o *Object, depth int) {
	members := o.members
	if w.sorted {
		// The order of UTF-8 bytes is that of the code points.
		members = slices.SortedFunc(slices.Values(members), func(a, b member) int {
			return strings.Compare(a.key, b.key)
		})
	}
	w.text = append(w.text, '{')
	for i, m := range members {
		w.separate(i, depth+1)
		w.string(m.key)
		w.text = append(w.text, ": "...)
		w.value(m.value, depth+1)
	}
	w.end('}', len(members), depth)
}

// separate writes what stands before the i-th element of a list or an object.
func (w *writer) separate(i, depth int) {
	if i > 0 {
		w.text = append(w.text, ',')
	}
	switch {
	case !w.oneLine:
		w.newline(depth)
	case i > 0:
		w.text = append(w.text, ' ')
	}
}

func (w *writer) end(bracket byte, elements, depth int) {
	if !w.oneLine && elements > 0 {
		w.newline(depth)
	}
	w.text = append(w.text, bracket)
}

func (w *writer) newline(depth int) {
	w.text = append(w.text, '\n')
	for range depth {
		w.text = append(w.text, "  "...)
	}
}

func (w *writer) string(s string) {
	w.text = append(w.text, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.text = append(w.text, '\\', byte(r))
		case ' ' <= r && r <= '~':
			w.text = append(w.text, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			w.text = fmt.Appendf(w.text, `\u%04x\u%04x`, high, low)
		default:
			w.text = appendEscape(w.text, r)
		}
	}
	w.text = append(w.text, '"')
}

func appendEscape(text []byte, r rune) []byte {
	switch r {
	case '\n':
		return append(text, `\n`...)
	case '\r':
		return append(text, `\r`...)
	case '\t':
		return append(text, `\t`...)
	case '\f':
		return append(text, `\f`...)
	case '\b':
		return append(text, `\b`...)
	}
	return fmt.Appendf(text, `\u%04x`, r)
}
