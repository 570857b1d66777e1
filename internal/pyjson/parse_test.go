package pyjson_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/internal/pyjson"
)

func TestParseTakesWhatPythonTakes(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"scalars":                     {`[null, true, false, "a"]`, `[null, true, false, "a"]`},
		"words beyond JSON":           {`[NaN, Infinity, -Infinity]`, `[NaN, Infinity, -Infinity]`},
		"numbers verbatim":            {`[0, -0, 1.50, 1E5, 1e-07, 123456789012345678901234567890]`, `[0, -0, 1.50, 1E5, 1e-07, 123456789012345678901234567890]`},
		"white space":                 {" \t\r\n[ 1 ,\n2 ] \n", `[1, 2]`},
		"byte order mark":             {"\ufeff{}", `{}`},
		"order of keys":               {`{"b":1,"a":2,"":3}`, `{"b": 1, "a": 2, "": 3}`},
		"a key twice":                 {`{"a":1,"b":2,"a":3}`, `{"a": 3, "b": 2}`},
		"escapes":                     {`"\"\\\/\b\f\n\r\t\u0041"`, `"\"\\/\b\f\n\r\tA"`},
		"plain text around an escape": {`"before\nafter"`, `"before\nafter"`},
		"surrogate pair":              {`"\ud83d\ude00"`, `"\ud83d\ude00"`},
		"pair in upper case":          {`"\uD83D\uDE00"`, `"\ud83d\ude00"`},
		"half a pair":                 {`"\ud800"`, `"\ufffd"`},
		"half a pair before text":     {`"\ud800A"`, `"\ufffdA"`},
		"half a pair before a pair":   {`"\ud800\ud83d\ude00"`, `"\ufffd\ud83d\ude00"`},
		"the halves the wrong way":    {`"\ude00\ud83d"`, `"\ufffd\ufffd"`},
		"half a pair before a letter": {`"\ud800\u0041"`, `"\ufffdA"`},
		"text beyond ASCII":           {`"é€😀"`, `"\u00e9\u20ac\ud83d\ude00"`},
		"replacement character":       {"\"\ufffd\"", `"\ufffd"`},
		"deep, but not too deep":      {strings.Repeat("[", 1000) + strings.Repeat("]", 1000), strings.Repeat("[", 1000) + strings.Repeat("]", 1000)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v, err := pyjson.Parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(pyjson.Line(v)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestParseSaysWhereItFails(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":                 {"", "line 1, column 1: expected a value, found the end of the text"},
		"only space":              {" \n ", "line 2, column 2: expected a value, found the end of the text"},
		"word":                    {"{\n  \"a\": 1,\n  \"b\": x\n}", "line 3, column 8: expected a value, found 'x'"},
		"column in characters":    {`{"é": ü}`, "line 1, column 7: expected a value, found 'ü'"},
		"cut in a list":           {`[1, 2`, "line 1, column 6: expected ',' or ']', found the end of the text"},
		"cut in an object":        {`{"a": 1`, "line 1, column 8: expected ',' or '}', found the end of the text"},
		"cut in a string":         {`"abc`, "line 1, column 5: expected the rest of a string, found the end of the text"},
		"cut in an escape":        {`"\`, `line 1, column 3: expected one of "\/bfnrtu after a backslash, found the end of the text`},
		"cut in a unicode escape": {`"\u00`, `line 1, column 4: expected four hexadecimal digits after \u, found '0'`},
		"signed unicode escape":   {`"\u+123"`, `line 1, column 4: expected four hexadecimal digits after \u, found '+'`},
		"unknown escape":          {`"\x41"`, `line 1, column 3: expected one of "\/bfnrtu after a backslash, found 'x'`},
		"newline in a string":     {"\"a\nb\"", `line 1, column 3: expected the rest of a string, found '\n'`},
		"NUL in a string":         {"\"a\x00b\"", `line 1, column 3: expected the rest of a string, found '\x00'`},
		"trailing comma, list":    {`[1,]`, "line 1, column 4: expected a value, found ']'"},
		"trailing comma, object":  {`{"a":1,}`, "line 1, column 8: expected a key in double quotes, found '}'"},
		"key without quotes":      {`{a: 1}`, "line 1, column 2: expected a key in double quotes, found 'a'"},
		"no colon":                {`{"a" 1}`, "line 1, column 6: expected ':' after the key, found '1'"},
		"two documents":           {"{}\n{}", "line 2, column 1: expected the end of the document, found '{'"},
		"NUL at the end":          {"1\x00", `line 1, column 2: expected the end of the document, found '\x00'`},
		"leading zero":            {`01`, "line 1, column 2: expected the end of the document, found '1'"},
		"point without digits":    {`1.`, "line 1, column 3: expected a digit, found the end of the text"},
		"exponent without digits": {`1e+`, "line 1, column 4: expected a digit, found the end of the text"},
		"sign alone":              {`-`, "line 1, column 2: expected a digit, found the end of the text"},
		"negative NaN":            {`-NaN`, "line 1, column 2: expected a digit, found 'N'"},
		"not UTF-8":               {"{\n\"\ufffd\xff\"}", "line 2, column 3: byte 0xff is not UTF-8"},
		"too deep":                {strings.Repeat("[", 1001), "line 1, column 1001: more than 1000 lists and objects in each other"},
		"endlessly deep":          {strings.Repeat(`{"a":`, 1_000_000), "line 1, column 5001: more than 1000 lists and objects in each other"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v, err := pyjson.Parse([]byte(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v and error %v, want the error %s", v, err, test.want)
			}
		})
	}
}

func TestParseBoundsTheNumberOfValues(t *testing.T) {
	for text, values := range map[string]int{`1`: 1, `[]`: 1, `[[], {}]`: 3, `{"a": [1, 2], "a": null}`: 5} {
		if _, err := pyjson.ParseAtMost([]byte(text), values); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		want := fmt.Sprintf("more than %d values", values-1)
		if _, err := pyjson.ParseAtMost([]byte(text), values-1); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// Whatever Parse takes is written and read again without a difference, numbers to
// the letter. What the standard library takes, it takes too, and understands in the
// same way.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"a": [1, 2.5e-7, NaN, -Infinity], "b": {"c": null, "a": true}, "a": "\ud83d\ude00\ud800"}`,
		"\ufeff \"\\u00e9\x7f\"", `[[],{},""]`, "{\"\xff\"}", `-0.0`, `1e999999999`, `-1E+400`,
		"[123456789012345678901234567890, 9223372036854775808]", `{"a":{"b":{"c":[[[[]]]]}}}`, "\"\x1b[31m\u202e\"", `[1,2`, `{"a"`,
	} {
		f.Add([]byte(seed))
	}
	for _, bucket := range fixtures.Buckets() {
		objects, err := fixtures.Objects(bucket)
		if err != nil {
			f.Fatal(err)
		}
		for _, o := range objects {
			f.Add(o.Body)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := pyjson.Parse(data)
		if err != nil {
			checkMessage(t, err)
			if json.Valid(data) && utf8.Valid(data) && !strings.Contains(err.Error(), "in each other") {
				t.Fatalf("%q is JSON, and refused: %v", data, err)
			}
			return
		}
		line := string(pyjson.Line(v))
		for name, text := range map[string][]byte{"Line": pyjson.Line(v), "Indent": pyjson.Indent(v), "Sorted": pyjson.Sorted(v)} {
			checkASCII(t, text)
			again, err := pyjson.Parse(text)
			if err != nil {
				t.Fatalf("%s wrote %q, which does not read: %v", name, text, err)
			}
			if name != "Sorted" && string(pyjson.Line(again)) != line {
				t.Errorf("%s: got %s, want %s", name, pyjson.Line(again), line)
			}
			if name == "Sorted" && !bytes.Equal(pyjson.Sorted(again), text) {
				t.Errorf("sorted twice, %s becomes %s", text, pyjson.Sorted(again))
			}
		}
		checkUnderstood(t, data, line)
	})
}

// checkMessage tells that an error is one line that can be printed, and begins with the
// place.
func checkMessage(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if !strings.HasPrefix(text, "line ") || len(text) > 200 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Fatalf("the message is %q", text)
	}
}

func checkASCII(t *testing.T, text []byte) {
	t.Helper()
	for _, c := range text {
		if c > '~' || c < ' ' && c != '\n' {
			t.Fatalf("%q has the byte %#x", text, c)
		}
	}
}

// checkUnderstood compares with the standard library, where that can read the text.
func checkUnderstood(t *testing.T, data []byte, line string) {
	t.Helper()
	var want, got any
	if json.Unmarshal(data, &want) != nil || json.Unmarshal([]byte(line), &got) != nil {
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q is understood as %s", data, line)
	}
}
