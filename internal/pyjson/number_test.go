package pyjson_test

import (
	"math"
	"testing"

	"github.com/dtool-go/dtool/internal/pyjson"
	"pgregory.net/rapid"
)

// The expected texts are Python's json.dumps and str of the same float.
func TestFloatsLookAsInPython(t *testing.T) {
	tests := []struct {
		f         float64
		json, str string
	}{
		{0, "0.0", "0.0"},
		{math.Copysign(0, -1), "-0.0", "-0.0"},
		{1000, "1000.0", "1000.0"},
		{0.1, "0.1", "0.1"},
		{-2.5, "-2.5", "-2.5"},
		{1536742861.034822, "1536742861.034822", "1536742861.034822"},
		{0.0001, "0.0001", "0.0001"},
		{0.00001, "1e-05", "1e-05"},
		{0.0000001, "1e-07", "1e-07"},
		{0.000012345, "1.2345e-05", "1.2345e-05"},
		{1e15, "1000000000000000.0", "1000000000000000.0"},
		{9999999999999998, "9999999999999998.0", "9999999999999998.0"},
		{1e16, "1e+16", "1e+16"},
		{123456789012345680, "1.2345678901234568e+17", "1.2345678901234568e+17"},
		{1.5e300, "1.5e+300", "1.5e+300"},
		{math.MaxFloat64, "1.7976931348623157e+308", "1.7976931348623157e+308"},
		{math.SmallestNonzeroFloat64, "5e-324", "5e-324"},
		{math.NaN(), "NaN", "nan"},
		{math.Inf(1), "Infinity", "inf"},
		{math.Inf(-1), "-Infinity", "-inf"},
	}
	for _, test := range tests {
		n := pyjson.Float(test.f)
		if string(n) != test.json {
			t.Errorf("Float(%g): got %s, want %s", test.f, n, test.json)
		}
		if got := pyjson.Str(n); got != test.str {
			t.Errorf("Str(Float(%g)): got %s, want %s", test.f, got, test.str)
		}
	}
}

func TestFloatsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		n := pyjson.Float(f)
		got, err := n.Float64()
		if err != nil || math.Float64bits(got) != math.Float64bits(f) {
			t.Errorf("%g became %s, which is %g, error %v", f, n, got, err)
		}
		if n.IsInt() {
			t.Errorf("%s looks like an int", n)
		}
	})
}

func TestNumbersAreIntsOrFloats(t *testing.T) {
	tests := map[pyjson.Number]bool{
		pyjson.Int(math.MinInt64):           true,
		"0":                                 true,
		"-1":                                true,
		"123456789012345678901234567890123": true,
		"1.0":                               false,
		"1e5":                               false,
		"NaN":                               false,
		"-Infinity":                         false,
		"-":                                 false,
		"":                                  false,
	}
	for n, want := range tests {
		if got := n.IsInt(); got != want {
			t.Errorf("%q: got %v, want %v", n, got, want)
		}
	}
}

func TestFloat64OfWhatIsNone(t *testing.T) {
	if f, err := pyjson.Number("1e999").Float64(); err == nil || !math.IsInf(f, 1) {
		t.Errorf("out of range: got %g, error %v", f, err)
	}
	if f, err := pyjson.Number("").Float64(); err == nil {
		t.Errorf("empty: got %g without an error", f)
	}
}

func TestStrShowsValuesAsPythonPrintsThem(t *testing.T) {
	tests := []struct {
		v    pyjson.Value
		want string
	}{
		{nil, "None"},
		{true, "True"},
		{false, "False"},
		{"é \"bare\"", "é \"bare\""},
		{pyjson.Number("1E5"), "100000.0"},
		{pyjson.Number("1.50"), "1.5"},
		{pyjson.Number("1e999"), "inf"},
		{pyjson.Number("123456789012345678901234567890"), "123456789012345678901234567890"},
		{[]pyjson.Value{nil, "é"}, `[null, "\u00e9"]`},
		{pyjson.NewObject("a", pyjson.Int(1)), `{"a": 1}`},
	}
	for _, test := range tests {
		if got := pyjson.Str(test.v); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
