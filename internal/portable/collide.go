package portable

import (
	"iter"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A Collision is two files or directories beside each other whose names differ
// only by case or by Unicode normalisation, each by its whole path with '/'.
type Collision [2]string

// Collisions finds among paths, and the directories that they lead through, what
// some file systems would take for one. Of two directories it tells that and
// nothing of what lies below them.
func Collisions(paths iter.Seq[string]) []Collision {
	var found []Collision
	same := folder()
	first := map[string]string{} // what was met first, by what all that is taken for it folds to
	told := map[Collision]bool{}
	for path := range paths {
		for above := range prefixes(path, same(path)) {
			other, ok := first[above.folded]
			if !ok {
				first[above.folded] = above.path
				continue
			}
			if other == above.path {
				continue
			}
			if c := (Collision{other, above.path}); !told[c] {
				told[c] = true
				found = append(found, c)
			}
			break
		}
	}
	return found
}

type prefix struct{ path, folded string }

// prefixes gives the directories above a path, the topmost first, and then the path
// itself, each beside what it folds to.
func prefixes(path, folded string) iter.Seq[prefix] {
	return func(yield func(prefix) bool) {
		for i, j := 0, 0; ; i, j = i+1, j+1 {
			n, m := strings.IndexByte(path[i:], '/'), strings.IndexByte(folded[j:], '/')
			if n < 0 || m < 0 {
				yield(prefix{path, folded})
				return
			}
			i, j = i+n, j+m
			if !yield(prefix{path[:i], folded[:j]}) {
				return
			}
		}
	}
}

// folder gives the function that makes equal what differs only by case or
// normalisation.
func folder() func(string) string {
	fold := cases.Fold()
	return func(text string) string {
		if isASCII(text) {
			return strings.ToLower(text)
		}
		return norm.NFC.String(fold.String(norm.NFD.String(text)))
	}
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
