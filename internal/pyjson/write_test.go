package pyjson_test

import (
	"reflect"
	"testing"

	"github.com/dtool-go/dtool/internal/pyjson"
	"pgregory.net/rapid"
)

// The expected texts are what Python 3 writes.
func TestLayouts(t *testing.T) {
	v := pyjson.NewObject(
		"z", []pyjson.Value{},
		"a", pyjson.NewObject(),
		"é", []pyjson.Value{pyjson.Int(1), nil, []pyjson.Value{true, false}},
		"m", pyjson.NewObject("y", pyjson.Float(1000), "x", "text"),
		"😀", "\uffff",
		"\uffff", "😀",
	)
	tests := map[string]struct {
		write func(pyjson.Value) []byte
		want  string
	}{
		"Line": {pyjson.Line, `{"z": [], "a": {}, "\u00e9": [1, null, [true, false]], "m": {"y": 1000.0, "x": "text"}, "\ud83d\ude00": "\uffff", "\uffff": "\ud83d\ude00"}`},
		"Indent": {pyjson.Indent, `{
  "z": [],
  "a": {},
  "\u00e9": [
    1,
    null,
    [
      true,
      false
    ]
  ],
  "m": {
    "y": 1000.0,
    "x": "text"
  },
  "\ud83d\ude00": "\uffff",
  "\uffff": "\ud83d\ude00"
}`},
		"Sorted": {pyjson.Sorted, `{
  "a": {},
  "m": {
    "x": "text",
    "y": 1000.0
  },
  "z": [],
  "\u00e9": [
    1,
    null,
    [
      true,
      false
    ]
  ],
  "\uffff": "\ud83d\ude00",
  "\ud83d\ude00": "\uffff"
}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := string(test.write(v)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestWritingStringsAsPythonDoes(t *testing.T) {
	tests := map[string]string{
		"":                                 `""`,
		"\"\\/":                            `"\"\\/"`,
		"\b\f\n\r\t":                       `"\b\f\n\r\t"`,
		"\x00\x01\x1b\x1f":                 `"\u0000\u0001\u001b\u001f"`,
		"\x7f":                             `"\u007f"`,
		"<a href='&'>":                     `"<a href='&'>"`,
		"\u0080\u00e9\u2028":               `"\u0080\u00e9\u2028"`,
		"\ue000\uffff\U00010000\U0010ffff": `"\ue000\uffff\ud800\udc00\udbff\udfff"`,
		"not UTF-8: \xff":                  `"not UTF-8: \ufffd"`,
	}
	for s, want := range tests {
		if got := string(pyjson.Line(s)); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}

func TestSortingLeavesTheObjectAsItIs(t *testing.T) {
	o := pyjson.NewObject("b", nil, "a", nil)
	pyjson.Sorted(o)
	if got, want := string(pyjson.Line(o)), `{"b": null, "a": null}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWritingWhatIsNoValuePanics(t *testing.T) {
	defer func() {
		if got, want := recover(), "pyjson: float64 is not a JSON value"; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}()
	pyjson.Line([]pyjson.Value{0.5})
}

func TestWhatIsWrittenReadsTheSame(t *testing.T) {
	writers := map[string]func(pyjson.Value) []byte{"Line": pyjson.Line, "Indent": pyjson.Indent}
	for name, write := range writers {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			v := anyValue(3).Draw(t, "value")
			got, err := pyjson.Parse(write(v))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, v) {
				t.Errorf("got %s, want %s", pyjson.Line(got), pyjson.Line(v))
			}
		}))
	}
}

// anyValue generates values with up to depth lists and objects in each other.
func anyValue(depth int) *rapid.Generator[pyjson.Value] {
	kinds := []*rapid.Generator[pyjson.Value]{
		rapid.Just[pyjson.Value](nil),
		rapid.Bool().AsAny(),
		rapid.String().AsAny(),
		rapid.Map(rapid.Int64(), pyjson.Int).AsAny(),
		rapid.Map(rapid.Float64(), pyjson.Float).AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.SliceOf(anyValue(depth-1)).AsAny(),
			rapid.Map(rapid.MapOf(rapid.String(), anyValue(depth-1)), objectOf).AsAny())
	}
	return rapid.OneOf(kinds...)
}

func objectOf(m map[string]pyjson.Value) *pyjson.Object {
	var o pyjson.Object
	for key, value := range m {
		o.Set(key, value)
	}
	return &o
}
