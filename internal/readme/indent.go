package readme

import "strings"

// YAML printers lose what people care for: blank lines, folds, emoji, aligned
// comments. So nothing is printed here. The lines of the text stay, and only what
// they are indented by changes: the outline says where keys and items begin and
// to which column they move, and all lines between move along.

// indent gives the text with its lines indented anew. It reports false where
// something does not lie as it was expected to.
func indent(text string) (string, bool) {
	if strings.ContainsAny(text, "\u0085\u2028\u2029") {
		return "", false // line breaks for some parsers, and none for others
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	doc, err := decode([]byte(text))
	if err != nil || doc == nil {
		return "", false
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	marks, ok := outline(lines, doc)
	if !ok {
		return "", false
	}
	m := mover{marks: marks, shifts: map[int]int{}}
	for i, line := range lines {
		if lines[i], ok = m.move(i, line); !ok {
			return "", false
		}
	}
	tidy := strings.Join(lines, "\n")
	if !m.owner.literal || strings.HasSuffix(text, "\n") {
		tidy += "\n"
	}
	return tidy, true
}

// A mover goes through the lines from top to bottom.
type mover struct {
	marks [][]mark // of each line
	owner mark     // the last key or dash: lines without marks belong to it
	next  int      // the first line from here on that has marks, or the number of lines

	// shifts tells for a column how far the last mark that was found there
	// moved.
	shifts map[int]int
}

// move gives line i as it will be.
func (m *mover) move(i int, line string) (string, bool) {
	if len(m.marks[i]) > 0 {
		return m.rebuild(line, m.marks[i])
	}
	rest := strings.TrimLeft(line, " ")
	column := len(line) - len(rest)
	switch {
	case line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "..."):
		return line, true
	case strings.HasPrefix(rest, "#") && (!m.owner.literal || column <= m.owner.column):
		return shifted(line, m.commentShift(i, column)), true
	}
	return shifted(line, m.owner.shift()), true
}

// rebuild gives a line that has marks: each of them at its new column, nothing
// but dashes and spaces before the last, and the rest as it was.
func (m *mover) rebuild(line string, marks []mark) (string, bool) {
	var b strings.Builder
	read := 0
	for _, mark := range marks {
		if mark.column < read || mark.column > len(line) ||
			strings.Trim(line[read:mark.column], " \t") != "" || mark.target < b.Len() {
			return "", false
		}
		b.WriteString(strings.Repeat(" ", mark.target-b.Len()))
		read = mark.column
		if mark.kind == dash {
			b.WriteByte('-')
			read++
		}
		if mark.kind != item {
			m.owner = mark
		}
		m.shifts[mark.column] = mark.shift()
	}
	b.WriteString(line[read:])
	return b.String(), true
}

// commentShift tells how far a line that is a comment moves: with the mark that
// it stands above, else with the nearest one before it in the same column. At the
// margin it stays.
func (m *mover) commentShift(i, column int) int {
	m.next = max(m.next, i)
	for m.next < len(m.marks) && len(m.marks[m.next]) == 0 {
		m.next++
	}
	if m.next < len(m.marks) {
		for _, below := range m.marks[m.next] {
			if below.column == column {
				return below.shift()
			}
		}
	}
	if column == 0 {
		return 0
	}
	if shift, ok := m.shifts[column]; ok {
		return shift
	}
	return m.owner.shift()
}

// shifted moves a line to the right, or to the left as far as it has spaces.
func shifted(line string, by int) string {
	if by >= 0 {
		return strings.Repeat(" ", by) + line
	}
	spaces := len(line) - len(strings.TrimLeft(line, " "))
	return line[min(-by, spaces):]
}
