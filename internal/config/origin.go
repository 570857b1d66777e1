package config

import (
	"cmp"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// An Origin says where the value of a setting comes from, and not what it is.
type Origin struct {
	Setting string // its name, as it is spelt there
	File    string // the path of the configuration file; empty for the environment
}

// String gives both for people.
func (o Origin) String() string {
	if o.File == "" {
		return o.Setting + " from the environment"
	}
	return o.Setting + " from " + o.File
}

// Origin says where a setting comes from that goes by one name or several, as
// [Settings.Get] finds it; false if it is not set.
func (s *Settings) Origin(names ...string) (Origin, bool) {
	_, from, ok := s.find(names...)
	return from, ok
}

// S3Origins says where the settings come from that a bucket has of its own, by name.
// It tells of all that goes by the names of the bucket, and only of what counts: of
// one setting in both places that of the environment.
func (s *Settings) S3Origins(scheme, bucket string) []Origin {
	family := "DTOOL_" + strings.ToUpper(scheme) + "_"
	ends := bucketNames("", bucket)
	counts := map[string]Origin{} // by what is set
	for _, values := range []map[string]string{s.environment, s.file} {
		for _, end := range ends {
			for name, value := range values {
				what, ok := strings.CutSuffix(name, end)
				if _, known := counts[what]; known || !ok || value == "" || !strings.HasPrefix(what, family) {
					continue
				}
				counts[what] = s.origin(name)
			}
		}
	}
	origins := make([]Origin, 0, len(counts))
	for _, o := range counts {
		origins = append(origins, o)
	}
	slices.SortFunc(origins, func(a, b Origin) int { return cmp.Compare(a.Setting, b.Setting) })
	return origins
}

// origin says where a setting of this spelling comes from.
func (s *Settings) origin(name string) Origin {
	if s.environment[name] != "" {
		return Origin{Setting: name}
	}
	return Origin{Setting: name, File: s.path}
}

// File gives the path of the configuration file, and what others than its owner may do
// with it; false if there is none.
func (s *Settings) File() (path string, others fs.FileMode, ok bool) {
	info, err := os.Stat(s.path)
	if err != nil {
		return s.path, 0, false
	}
	const forOthers = 0o077
	return s.path, info.Mode().Perm() & forOthers, true
}
