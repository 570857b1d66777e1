package storage

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// CheckKey tells what keeps a text from being a key, or gives nil.
func CheckKey(key string) error {
	switch {
	case key == "":
		return errors.New("it is empty")
	case !utf8.ValidString(key):
		return errors.New("it is not UTF-8")
	case strings.ContainsRune(key, 0):
		return errors.New("it has a NUL character")
	}
	for part := range strings.SplitSeq(key, "/") {
		switch part {
		case "":
			return errors.New("it has an empty part")
		case ".", "..":
			return errors.New("one of its parts is . or .., which are no names")
		}
	}
	return nil
}
