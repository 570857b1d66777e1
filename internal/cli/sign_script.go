package cli

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
)

// The two halves of a script that delivers items, between which there is a line for
// each of them.
var (
	//go:embed deliver_begin.sh
	deliverBegin string
	//go:embed deliver_end.sh
	deliverEnd string
)

// deliveryScript gives a script for a POSIX shell that sends the items of a delivery with
// curl. Whatever the names in it are, all of them stay between quotes, and none reaches
// a terminal but escaped.
func deliveryScript(d *dtool.Delivery) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#!/bin/sh\n# Delivers %s of the dataset %s\n# to %s, until %s.\n",
		items(len(d.Items)), show.Escape(d.Name, ""), show.Escape(d.URI, ""), d.ExpiresAt.UTC().Format(time.RFC3339))
	b.WriteString(deliverBegin)
	for i, item := range d.Items {
		shown := show.Escape(item.Relpath, "")
		fmt.Fprintf(&b, "put %d %d %s %s %s", i+1, item.Size, inQuotes(item.Relpath), inQuotes(shown), inQuotes(item.URL))
		for _, name := range slices.Sorted(maps.Keys(item.Header)) {
			if name != "Content-Length" { // curl sends that of the file
				b.WriteString(" " + inQuotes(name+": "+item.Header[name]))
			}
		}
		b.WriteString("\n")
	}
	b.WriteString(deliverEnd)
	return b.String()
}

// inQuotes makes of any text one word of a shell.
func inQuotes(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
