// Package portable tells of the paths of files which of them not every file system
// holds: names that Windows does not allow, names that are too long, and names
// that some take for one because they differ only by case or by Unicode
// normalisation.
//
// It judges texts alone. It knows no disk, nor which of them is meant.
package portable

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// What no file system that people use today falls short of, and what most of them
// have, in bytes of UTF-8 or in units of UTF-16.
const (
	shortestLimit = 143 // of eCryptfs
	usualLimit    = 255
)

// forbidden are the characters that Windows does not allow, besides those that
// control.
const forbidden = `<>:"|?*\`

// Windows tells what keeps Windows from having a file of a path with '/', as a half
// sentence about the name, or gives "".
func Windows(path string) string {
	for part := range strings.SplitSeq(path, "/") {
		if why := windowsPart(part); why != "" {
			return why
		}
	}
	return ""
}

func windowsPart(part string) string {
	for _, r := range part {
		switch {
		case r < ' ':
			return "has a control character"
		case strings.ContainsRune(forbidden, r):
			return fmt.Sprintf("has the character '%c'", r)
		}
	}
	switch {
	case strings.HasSuffix(part, "."):
		return "ends in a dot"
	case strings.HasSuffix(part, " "):
		return "ends in a space"
	case device(part) != "":
		return "is that of a device"
	case units(part) > usualLimit:
		return fmt.Sprintf("has more than %d characters", usualLimit)
	}
	return ""
}

// device gives the device that Windows opens in place of a file of this name,
// whatever follows behind a dot, and in any case; or "".
func device(part string) string {
	name, _, _ := strings.Cut(part, ".")
	name = strings.ToUpper(strings.TrimRight(name, " "))
	switch name {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return name
	}
	port, number := name[:min(3, len(name))], name[min(3, len(name)):]
	if (port == "COM" || port == "LPT") && strings.Trim(number, "0123456789¹²³") == "" && utf8.RuneCountInString(number) == 1 {
		return name
	}
	return ""
}

// units is the length by which Windows and macOS go.
func units(part string) int { return len(utf16.Encode([]rune(part))) }
