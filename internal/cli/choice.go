package cli

import (
	"fmt"
	"slices"
	"strings"
)

// A choice is the value of a flag that takes one of a few words.
type choice struct {
	of    []string
	value string
}

// Set takes the word from the command line.
func (c *choice) Set(word string) error {
	if !slices.Contains(c.of, word) {
		return fmt.Errorf("it is none of %s", strings.Join(c.of, ", "))
	}
	c.value = word
	return nil
}

// String gives the word that was chosen.
func (c *choice) String() string { return c.value }

// Type gives the words.
func (c *choice) Type() string { return strings.Join(c.of, "|") }
