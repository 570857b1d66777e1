// Package pyjson reads and writes JSON the way Python's json module does, which is
// how every document of a dataset is written: keys stay in their order, text
// that is not ASCII is escaped, a float looks like a float, and NaN and
// Infinity are words of the language.
//
// It knows values and text, and nothing of what the documents mean.
package pyjson

// A Value is what JSON can say: nil, a bool, a string, a [Number], a []Value or
// an [*Object]. Parse gives no other types, and the writers panic when they are
// given one other than [Raw], for that is a mistake in the program and never in the data.
type Value = any

// A Raw is the text of a value as somebody wrote it, which is written again to the letter.
type Raw string

// Str shows a value as Python's print does: True, None, 0.5, nan, and a string
// without quotes. Lists and objects are shown as JSON.
func Str(v Value) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return v
	case Number:
		return v.str()
	default:
		return string(Line(v))
	}
}
