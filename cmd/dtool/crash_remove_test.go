//go:build unix

package main

import (
	"path/filepath"
	"strings"
)

// removals are of datasets alone in a base. What lies beside the data of one stays, and
// one lies under another prefix than the settings have.
func removals() []job {
	there := func(s *scene) []string { return []string{"rm", "-q", "--yes", there(s, s.stage.frozen)} }
	return []job{
		{what: "rm", kinds: []string{onDisk, inS3}, begin: theFrozen, args: there, again: removeAgain(there)},
		{what: "rm beside other files", kinds: []string{onDisk}, begin: func(s *scene) {
			theProto(s)
			makeFile(s.t, filepath.Join(s.dataset(""), "notes.txt"), "1 of 3 died\n")
		}, args: there, again: removeAgain(there)},
		{what: "rm under another prefix", kinds: []string{inS3}, begin: func(s *scene) {
			prefix := "DTOOL_S3_DATASET_PREFIX_" + strings.ReplaceAll(s.place.bucket, "-", "_") + "="
			s.environ = append(s.environ, prefix+"u/olssont")
			s.must("cp", "-q", s.stage.frozen[inS3].uri(), s.base())
			s.environ = append(s.environ, prefix)
		}, args: there, again: removeAgain(there)},
	}
}

// removeAgain ends a removal, unless it is at its end.
func removeAgain(args func(s *scene) []string) func(s *scene) {
	return func(s *scene) {
		s.t.Helper()
		if o := s.run(args(s)...); o.code != 0 && (o.code != 2 || !strings.Contains(o.stderr, "not a dataset\n")) {
			s.t.Fatalf("it is removed again with exit code %d: %s", o.code, o.stderr)
		}
	}
}
