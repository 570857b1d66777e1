// Package readme checks and tidies the text of a README.yml: YAML with comments
// that a person wrote and wants to find again.
//
// It knows YAML, and neither what the keys mean nor where the text is kept.
package readme

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxSize is the most bytes of a README that are looked at. A longer one is
// refused, for a dataset may come from anyone.
const MaxSize = 1 << 20

// Validate tells what keeps the text from being one YAML document without
// duplicate keys, or gives nil. The error begins with the line, counted from 1,
// where there is one. A text without content is valid.
func Validate(text []byte) error {
	_, err := parse(text)
	return err
}

// Normalise gives the text as "readme write" stores it: it begins with "---",
// mappings are indented by 2, and so are the dashes of lists. Comments, blank
// lines but those at the end, the order of keys and the way in which each value
// is written stay as they are. It fails where Validate does.
//
// The values are those of the text without fail: a text that cannot be indented
// anew without changing one is given back with only its "---" added. A text
// without content is given back as it is. Normalising twice is the same as once.
func Normalise(text []byte) ([]byte, error) {
	want, err := parse(text)
	switch {
	case err != nil:
		return nil, err
	case want == nil:
		return text, nil
	}
	started := withStart(strings.TrimPrefix(string(text), "\ufeff"))
	if tidy, ok := indent(started); ok && keeps(tidy, want) {
		return []byte(trimmed(tidy, want)), nil
	}
	if keeps(started, want) {
		return []byte(trimmed(started, want)), nil
	}
	return text, nil
}

// trimmed takes the blank lines off the end of the text, unless they belong to
// the last value.
func trimmed(text string, want *yaml.Node) string {
	if short := strings.TrimRight(text, " \t\r\n") + "\n"; len(short) < len(text) && keeps(short, want) {
		return short
	}
	return text
}

// withStart puts a "---" before the text unless its document has one.
func withStart(text string) string {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.ContainsAny(fields[0][:1], "#%"):
			continue
		case fields[0] == "---" && line[0] == '-':
			return text
		}
		break
	}
	return "---\n" + text
}

// keeps tells whether the text has the values of the document.
func keeps(text string, want *yaml.Node) bool {
	got, err := parse([]byte(text))
	return err == nil && same(got, want)
}

// same compares all of two trees but their places and comments. An alias is
// compared by its name, so that none is ever expanded.
func same(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || a.Anchor != b.Anchor ||
		a.Style != b.Style || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !same(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// checkKeys finds the first key that a mapping has twice.
func checkKeys(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode {
		lines := map[string]int{}
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i]
			name, ok := identity(key)
			if !ok {
				continue
			}
			if line, twice := lines[name]; twice {
				return fmt.Errorf("line %d: the key %.200q is there already, on line %d", key.Line, key.Value, line)
			}
			lines[name] = key.Line
		}
	}
	for _, child := range n.Content {
		if err := checkKeys(child); err != nil {
			return err
		}
	}
	return nil
}

// identity gives a text that two keys share if they are the same for YAML,
// however each is written. Keys that are lists or mappings have none.
func identity(key *yaml.Node) (string, bool) {
	if key.Kind == yaml.AliasNode {
		key = key.Alias
	}
	if key.Kind != yaml.ScalarNode {
		return "", false
	}
	var v any
	if err := key.Decode(&v); err != nil {
		v = key.Value // a tag that does not fit the value
	}
	return fmt.Sprintf("%T %v", v, v), true
}
