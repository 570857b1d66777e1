package readme

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parse gives the tree of the one document of the text, or nil if it has no
// content.
func parse(text []byte) (*yaml.Node, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%d bytes are too many: a README has at most %d", len(text), MaxSize)
	}
	if err := checkCharacters(string(text)); err != nil {
		return nil, err
	}
	if err := checkDirectives(string(text)); err != nil {
		return nil, err
	}
	doc, err := decode(text)
	if err != nil {
		return nil, locate(text, err)
	}
	if doc == nil {
		return nil, nil
	}
	return doc, checkKeys(doc)
}

// checkCharacters finds what no YAML document holds.
func checkCharacters(text string) error {
	line := 1
	for i, r := range text {
		switch {
		case r == '\n':
			line++
		case r == '\t' || r == '\r' || r == '\u0085':
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd"):
			return fmt.Errorf("line %d: byte 0x%02x is not UTF-8", line, text[i])
		case r < ' ' || '\x7f' <= r && r < '\u00a0' || r == '\ufffe' || r == '\uffff':
			return fmt.Errorf("line %d: control character %q", line, r)
		}
	}
	return nil
}

// MaxDirectives is how many tags a README may declare. The library looks through all
// of them for each.
const MaxDirectives = 100

func checkDirectives(text string) error {
	line, found := 0, 0
	for start := range strings.Lines(text) {
		line++
		if !strings.HasPrefix(start, "%TAG") {
			continue
		}
		if found++; found > MaxDirectives {
			return fmt.Errorf("line %d: more than %d lines that begin with %%TAG", line, MaxDirectives)
		}
	}
	return nil
}

// decode reads the document and makes sure that no other follows.
func decode(text []byte) (doc *yaml.Node, err error) {
	defer func() {
		// The library panics when its parser and its handling of comments
		// disagree. A README is no reason to crash.
		if r := recover(); r != nil {
			doc, err = nil, fmt.Errorf("cannot be read as YAML: %v", r)
		}
	}()
	if rest, ok := bytes.CutPrefix(text, []byte("%YAML 1.2")); ok {
		// The library refuses the number, not what it stands for.
		text = append([]byte("%YAML 1.1"), rest...)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	doc = &yaml.Node{}
	switch err := decoder.Decode(doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	switch err := decoder.Decode(&yaml.Node{}); {
	case errors.Is(err, io.EOF):
		return doc, nil
	case err != nil:
		return nil, err
	}
	return nil, errors.New("a second document begins; a README is one")
}

var libraryPrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)

// locate puts the line before an error of decode: the first one with which the
// text fails in the same way. The library's own lines are those where the
// surrounding list or mapping began, or one too low, or none.
func locate(text []byte, err error) error {
	message := func(err error) string {
		return libraryPrefix.ReplaceAllString(err.Error(), "")
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	before := sort.Search(len(lines)-1, func(i int) bool {
		_, prefixErr := decode(bytes.Join(lines[:i+1], nil))
		return prefixErr != nil && message(prefixErr) == message(err)
	})
	return fmt.Errorf("line %d: %s", before+1, message(err))
}
