package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A table is written in Markdown, with columns wide enough to be read as it is.
type table struct {
	head []string // a "-" at the end of a heading puts the column to the right
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) {
	widths := make([]int, len(t.head))
	heads := make([]string, len(t.head))
	right := make([]bool, len(t.head))
	for i, head := range t.head {
		heads[i], right[i] = strings.CutSuffix(head, "-")
		widths[i] = max(3, utf8.RuneCountInString(heads[i]))
		for _, row := range t.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	line := func(cells []string) {
		for i, cell := range cells {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if right[i] {
				cell = padding + cell
			} else {
				cell += padding
			}
			fmt.Fprintf(w, "| %s ", cell)
		}
		fmt.Fprintln(w, "|")
	}
	line(heads)
	rules := make([]string, len(t.head))
	for i, width := range widths {
		rules[i] = strings.Repeat("-", width)
		if right[i] {
			rules[i] = rules[i][1:] + ":"
		}
	}
	line(rules)
	for _, row := range t.rows {
		line(row)
	}
}
