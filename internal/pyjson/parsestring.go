package pyjson

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string, its quotes included.
func (p *parser) string() (string, error) {
	p.pos++
	plain := p.plain()
	if p.accept(`"`) {
		return plain, nil // no copy is needed
	}
	var b strings.Builder
	for {
		b.WriteString(plain)
		if p.accept(`"`) {
			return b.String(), nil
		}
		r, err := p.escape()
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
		plain = p.plain()
	}
}

// plain reads characters up to the next quote, backslash or control character.
func (p *parser) plain() string {
	start := p.pos
	for p.pos < len(p.text) {
		if c := p.text[p.pos]; c == '"' || c == '\\' || c < ' ' {
			break
		}
		p.pos++
	}
	return p.text[start:p.pos]
}

// escape reads a backslash and what belongs to it.
func (p *parser) escape() (rune, error) {
	if !p.accept(`\`) {
		return 0, p.unexpected(`the rest of a string`)
	}
	c := p.peek()
	if c == 'u' {
		return p.unicode()
	}
	const letters, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	i := strings.IndexByte(letters, c)
	if i < 0 {
		return 0, p.unexpected(`one of "\/bfnrtu after a backslash`)
	}
	p.pos++
	return rune(meanings[i]), nil
}

// unicode reads uXXXX, and the second half of a surrogate pair if there is one.
func (p *parser) unicode() (rune, error) {
	first, err := p.hex()
	if err != nil || !utf16.IsSurrogate(first) {
		return first, err
	}
	start := p.pos
	if strings.HasPrefix(p.text[p.pos:], `\u`) {
		p.pos++
		second, err := p.hex()
		if err != nil {
			return 0, err
		}
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, nil
		}
	}
	p.pos = start // what follows is a character of its own
	return utf8.RuneError, nil
}

// hex reads u and four hexadecimal digits.
func (p *parser) hex() (rune, error) {
	p.pos++
	digits := p.text[p.pos:min(p.pos+4, len(p.text))]
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil || len(digits) != 4 {
		return 0, p.unexpected(`four hexadecimal digits after \u`)
	}
	p.pos += 4
	return rune(n), nil
}
