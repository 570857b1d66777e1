package readme

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A mark is a place in a line that decides about its indentation.
type mark struct {
	kind    kind
	column  int  // bytes before it in the line
	target  int  // the column that it moves to
	literal bool // its value is a block of text, in which '#' begins no comment
}

type kind int

const (
	key  kind = iota // the beginning of a key
	dash             // the dash of a list item
	item             // the beginning of an item that has no keys or dashes of its own
)

func (m mark) shift() int { return m.target - m.column }

// step is the width of one level: of keys below a key, of dashes before their
// items.
const step = 2

// outline finds the marks of each line. It reports false for a document in which
// they do not lie where they are looked for.
func outline(lines []string, doc *yaml.Node) ([][]mark, bool) {
	o := outliner{lines: lines, marks: make([][]mark, len(lines)), ok: true}
	o.value(doc.Content[0], 0, step)
	return o.marks, o.ok
}

type outliner struct {
	lines []string
	marks [][]mark
	ok    bool
}

// value goes through a value whose keys move to one column or whose dashes move to
// another.
func (o *outliner) value(n *yaml.Node, keys, dashes int) {
	switch {
	case !isBlock(n):
	case n.Kind == yaml.MappingNode:
		o.mapping(n, keys)
	default:
		o.sequence(n, dashes)
	}
}

func (o *outliner) mapping(n *yaml.Node, target int) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		o.add(name.Line-1, mark{key, name.Column - 1, target, isLiteral(value)})
		o.value(value, target+step, target+step)
	}
}

func (o *outliner) sequence(n *yaml.Node, target int) {
	for _, child := range n.Content {
		line, column, ok := o.findDash(child)
		if !ok {
			o.ok = false
			return
		}
		o.add(line, mark{dash, column, target, isLiteral(child)})
		isNull := child.Kind == yaml.ScalarNode && child.Value == "" && child.Style == 0
		if line == child.Line-1 && !isBlock(child) && !isNull {
			o.add(line, mark{item, child.Column - 1, target + step, false})
		}
		o.value(child, target+step, target+2*step)
	}
}

// lonelyDash matches a line that has nothing behind the dash of an item.
var lonelyDash = regexp.MustCompile(`^([ -]*-)[ \t]*(#.*)?$`)

// findDash gives the line and the column of the dash of an item: before it on
// the same line, or on the next line above that is more than a comment.
func (o *outliner) findDash(n *yaml.Node) (line, column int, ok bool) {
	line = n.Line - 1
	if line < 0 || line >= len(o.lines) || n.Column-1 > len(o.lines[line]) {
		return 0, 0, false
	}
	before := strings.TrimRight(o.lines[line][:n.Column-1], " \t")
	if before != "" {
		return line, len(before) - 1, strings.HasSuffix(before, "-")
	}
	for line--; line >= 0; line-- {
		text := strings.TrimSpace(o.lines[line])
		if text == "" || text[0] == '#' {
			continue
		}
		match := lonelyDash.FindStringSubmatch(o.lines[line])
		if match == nil {
			break
		}
		return line, len(match[1]) - 1, true
	}
	return 0, 0, false
}

func (o *outliner) add(line int, m mark) {
	if line < 0 || line >= len(o.lines) {
		o.ok = false
		return
	}
	o.marks[line] = append(o.marks[line], m)
}

// isBlock tells whether a value is made of keys or dashes on lines of their own.
func isBlock(n *yaml.Node) bool {
	return (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode) && n.Style&yaml.FlowStyle == 0
}

func isLiteral(n *yaml.Node) bool {
	return n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}
