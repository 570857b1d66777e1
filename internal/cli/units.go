package cli

import (
	"fmt"
	"strings"
	"time"
)

// paddedSize gives a number of bytes in columns: six for the number, three for
// the unit.
func paddedSize(bytes int64) string {
	size := float64(bytes)
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for len(units) > 1 && size >= 1024 {
		size /= 1024
		units = units[1:]
	}
	return fmt.Sprintf("%6.1f%-3s", size, units[0])
}

// shortSize gives the same without the padding.
func shortSize(bytes int64) string { return strings.TrimSpace(paddedSize(bytes)) }

// day gives the date of a time where the user is.
func day(t time.Time) string { return t.Local().Format(time.DateOnly) }

// items counts items in words.
func items(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}
