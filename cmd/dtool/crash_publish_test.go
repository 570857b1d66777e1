//go:build unix

package main

import "regexp"

// publications are by the policy of the bucket. Whatever is left of one, the same again
// completes it; and taking it back, which fails if anything can be read still, leaves
// what was there before.
func publications() []job {
	publish, unpublish := onFrozen("publish", "-q", "--policy", "--apply", "URI"), onFrozen("unpublish", "URI")
	changes := regexp.MustCompile("Put|Delete")
	return []job{
		{what: "publish", kinds: []string{inS3}, begin: theFrozen, args: publish, only: changes, then: func(s *scene) {
			s.t.Helper()
			s.must(publish(s)...) // at the server itself, where it can be asked still
			s.must(unpublish(s)...)
		}},
		{what: "unpublish", kinds: []string{inS3}, begin: func(s *scene) {
			theFrozen(s)
			s.must(publish(s)...)
		}, args: unpublish, only: changes},
	}
}
