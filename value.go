package dtool

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"

	"github.com/dtool-go/dtool/internal/pyjson"
)

// A Value is a JSON value as datasets hold them: an annotation, or what an overlay
// says of one item. Beyond standard JSON it may hold NaN and the infinities.
// The zero Value is null.
type Value struct{ v pyjson.Value }

// NewValue makes a Value of a bool, a string, an integer, a float, nil, or
// whatever [json.Marshal] takes.
func NewValue(v any) (Value, error) {
	switch v := v.(type) {
	case nil, bool, string:
		return Value{v}, nil
	case float64:
		return Value{pyjson.Float(v)}, nil
	case int:
		return Value{pyjson.Int(int64(v))}, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return Value{}, fmt.Errorf("making a JSON value of a %T: %w", v, err)
	}
	return ParseValue(text)
}

// ParseValue reads JSON text, with its order of keys and its way of writing
// numbers kept.
func ParseValue(text []byte) (Value, error) {
	v, err := pyjson.Parse(text)
	if err != nil {
		return Value{}, fmt.Errorf("%w: %w", ErrBadDocument, err)
	}
	return Value{v}, nil
}

// JSON gives the text that is stored: indented by two, without a newline at the end.
func (v Value) JSON() []byte { return pyjson.Indent(v.v) }

// String shows the value as Python prints it: True, 0.5, None, nan, strings
// bare. Structures are JSON on one line.
func (v Value) String() string { return pyjson.Str(v.v) }

// Decode puts the value where the pointer points, as [json.Unmarshal] does; a
// *float64 also takes NaN and the infinities.
func (v Value) Decode(pointer any) error {
	if f, ok := pointer.(*float64); ok {
		if n, ok := v.v.(pyjson.Number); ok {
			var err error
			*f, err = n.Float64()
			return err
		}
	}
	return json.Unmarshal(pyjson.Line(v.v), pointer)
}

// Equal tells whether two values are the same, NaN being equal to itself.
func (v Value) Equal(w Value) bool { return equalJSON(v.v, w.v) }

func equalJSON(a, b pyjson.Value) bool {
	x, aNumber := a.(pyjson.Number)
	y, bNumber := b.(pyjson.Number)
	if !aNumber || !bNumber {
		return reflect.DeepEqual(a, b)
	}
	f, errF := x.Float64()
	g, errG := y.Float64()
	return x == y || errF == nil && errG == nil && (f == g || math.IsNaN(f) && math.IsNaN(g))
}
