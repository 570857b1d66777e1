package pyjson

import (
	"math"
	"strconv"
	"strings"
)

// A Number is the text of a number. What was read is written again verbatim, so
// that no digit of it is lost. Beside the numbers of JSON there are NaN,
// Infinity and -Infinity.
type Number string

const (
	nan         Number = "NaN"
	infinity    Number = "Infinity"
	negInfinity Number = "-Infinity"
)

// Int gives the number of an integer.
func Int(n int64) Number {
	return Number(strconv.FormatInt(n, 10))
}

// Float gives the number of a float as Python's repr does: with the fewest digits
// that give it back, and always with a point or an exponent.
func Float(f float64) Number {
	switch {
	case math.IsNaN(f):
		return nan
	case math.IsInf(f, 1):
		return infinity
	case math.IsInf(f, -1):
		return negInfinity
	}
	scientific := strconv.FormatFloat(f, 'e', -1, 64)
	_, exponent, _ := strings.Cut(scientific, "e")
	if e, _ := strconv.Atoi(exponent); e < -4 || e >= 16 {
		return Number(scientific)
	}
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	return Number(plain)
}

// Float64 gives the nearest float. It fails on what is out of range, with an
// infinity, and on what is not a number at all.
func (n Number) Float64() (float64, error) {
	return strconv.ParseFloat(string(n), 64)
}

// IsInt tells whether Python would read an int: there is neither a point nor an
// exponent. An int may have any number of digits.
func (n Number) IsInt() bool {
	digits := strings.TrimPrefix(string(n), "-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// str is Python's str of the number that it would read.
func (n Number) str() string {
	if n.IsInt() {
		return string(n)
	}
	f, _ := n.Float64() // out of range is an infinity for Python too
	switch Float(f) {
	case nan:
		return "nan"
	case infinity:
		return "inf"
	case negInfinity:
		return "-inf"
	}
	return string(Float(f))
}
