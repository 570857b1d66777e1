package cli

import (
	"math"
	"strings"
	"testing"
	"unicode"

	"github.com/dtool-go/dtool"
)

// FuzzFlags has the values of flags be whatever people type. What is taken is within
// its bounds, and the same when it is typed as it is shown.
func FuzzFlags(f *testing.F) {
	for _, seed := range []string{
		"", "0", "1", "-1", "3/16", "1/100000", "16/3", "1/", "/1", "1/1/1", "5%", "1e-300%", "NaN%", "Inf%", "0x1p-2%", "200", "+7", "1_000",
		"10MiB", "500kB/s", "1e3", "16EiB", "9223372036854775807", "9223372036854775808", "NaN", "-5MiB", "10 MiB", "١٢", "1,000kB", "\x1b[31m", "18446744073709551615",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var rate byteRate
		if checkSet(t, rate.Set(text)) && (rate < 1000 || !same(&rate, new(byteRate))) {
			t.Errorf("%q is the rate %d", text, rate)
		}
		var many concurrency
		if checkSet(t, many.Set(text)) && (many < 1 || many > dtool.MaxConcurrency || !same(&many, new(concurrency))) {
			t.Errorf("%q is the concurrency %d", text, many)
		}
		var shard shardFlag
		if checkSet(t, shard.Set(text)) && (shard.number < 1 || shard.number > shard.of || shard.of > dtool.MaxShards || !same(&shard, new(shardFlag))) {
			t.Errorf("%q is the shard %+v", text, shard)
		}
		var seed seedFlag
		if checkSet(t, seed.Set(text)) && (seed.value > dtool.MaxSeed || !same(&seed, new(seedFlag))) {
			t.Errorf("%q is the seed %d", text, seed.value)
		}
		var sample sampleFlag
		if !checkSet(t, sample.Set(text)) {
			return
		}
		for _, items := range []int{1, 7, 1_000_000, math.MaxInt32} {
			if n := sample.of(items); n < 1 || strings.HasSuffix(text, "%") && n > items {
				t.Errorf("%q of %d items are %d", text, items, n)
			}
		}
	})
}

// checkSet tells whether a value was taken. The message of a refusal does not repeat
// it, since cobra does.
func checkSet(t *testing.T, err error) bool {
	t.Helper()
	if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Fatalf("the message is %q", err)
	}
	return err == nil
}

type value interface {
	Set(text string) error
	String() string
}

// same tells whether a value that is typed as it is shown is the same.
func same(v, again value) bool {
	return again.Set(v.String()) == nil && again.String() == v.String()
}

// FuzzTypedValue has the values of annotations be whatever people type.
func FuzzTypedValue(f *testing.F) {
	for _, kind := range []string{"str", "int", "float", "bool", "json"} {
		for _, text := range []string{"", " 7 ", "-0", "1e999", "NaN", "-inf", "0x10", "1_0", "True", "[1, {\"a\": null}]", "\xff\x1b[0m", "1" + strings.Repeat("0", 400)} {
			f.Add(kind, text)
		}
	}
	f.Fuzz(func(t *testing.T, kind, text string) {
		value, err := typedValue(kind, text)
		if err != nil {
			checkSet(t, err)
			return
		}
		again, err := dtool.ParseValue(value.JSON())
		if err != nil || strings.ToValidUTF8(again.String(), "\ufffd") != strings.ToValidUTF8(value.String(), "\ufffd") && strings.ToValidUTF8(text, "") == text {
			t.Errorf("the %s %q is stored as %s, which reads as %s, %v", kind, text, value.JSON(), again, err)
		}
	})
}
