package show

import (
	"fmt"
	"strings"
)

// PaddedSize gives a number of bytes in columns: six for the number, three for
// the unit.
func PaddedSize(bytes int64) string {
	size := float64(bytes)
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for len(units) > 1 && size >= 1024 {
		size /= 1024
		units = units[1:]
	}
	return fmt.Sprintf("%6.1f%-3s", size, units[0])
}

// Size gives the same without the padding.
func Size(bytes int64) string { return strings.TrimSpace(PaddedSize(bytes)) }
