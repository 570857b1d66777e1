package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A size is a number of bytes, typed and shown as "8KiB".
type size int64

const (
	kib size = 1 << 10
	mib size = 1 << 20
	gib size = 1 << 30
)

func (s size) String() string {
	for _, unit := range []struct {
		of   size
		name string
	}{{gib, "GiB"}, {mib, "MiB"}, {kib, "KiB"}} {
		if s >= unit.of {
			return strconv.FormatFloat(math.Round(10*float64(s)/float64(unit.of))/10, 'f', -1, 64) + " " + unit.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + " B"
}

// parseSize reads a whole number and a unit: B, KiB, MiB or GiB.
func parseSize(text string) (size, error) {
	digits := strings.TrimRight(text, "BKMGi ")
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a size such as 8KiB", text)
	}
	unit := map[string]size{"": 1, "B": 1, "KiB": kib, "MiB": mib, "GiB": gib}[strings.TrimSpace(text[len(digits):])]
	if unit == 0 {
		return 0, fmt.Errorf("%q has no unit B, KiB, MiB or GiB", text)
	}
	return size(n) * unit, nil
}

// files are a number of files of one size, typed as "1000x8KiB".
type files struct {
	count int
	each  size
}

func (f files) String() string { return fmt.Sprintf("%s × %v", thousands(f.count), f.each) }

// parseFiles reads a number, "x" and a size.
func parseFiles(text string) (files, error) {
	count, each, found := strings.Cut(text, "x")
	n, err := strconv.Atoi(count)
	if !found || err != nil || n < 1 {
		return files{}, fmt.Errorf("%q is not of the form 1000x8KiB", text)
	}
	length, err := parseSize(each)
	return files{n, length}, err
}

// parseNumbers reads numbers with commas between them.
func parseNumbers(text string) ([]int, error) {
	var numbers []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a number of items", word)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// thousands writes 20000 as "20,000".
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// shown writes a time to three digits, in the unit in which it is read best.
func shown(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d >= time.Millisecond:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(d.Microseconds())/1000), ".0") + " ms"
	default:
		return fmt.Sprintf("%d µs", d.Microseconds())
	}
}
