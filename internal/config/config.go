// Package config gives the settings of a user: from the environment, else from
// the configuration file, else a default. docs/format.md, section 6, lists them.
//
// It knows names and values, and neither datasets nor stores. It does not look
// at the environment of the process by itself.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/dtool-go/dtool/internal/pyjson"
)

// Settings are the settings as they were when they were loaded. They do not
// change and are safe for concurrent use.
//
// An empty value is the same as none, in the environment and in the file: that
// is how a script unsets what a shell's start-up file sets, and what "config"
// writes for an empty argument.
type Settings struct {
	environment map[string]string
	file        map[string]string
	path        string // of the file, which need not be there
}

// Load takes the environment as os.Environ gives it, and the path of the
// configuration file, which need not exist. The file holds one JSON object. A
// value that is not a text counts as its JSON, and a null as no value.
func Load(environ []string, file string) (*Settings, error) {
	s := &Settings{environment: map[string]string{}, path: file}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		s.environment[name] = value
	}
	text, err := read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration: %w", err)
	}
	if s.file, err = parse(text); err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", file, err)
	}
	return s, nil
}

// MaxFile is the most bytes that a configuration file has.
const MaxFile = 1 << 20

func read(path string) ([]byte, error) {
	// Opening a named pipe would wait for its writer.
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err == nil && len(text) > MaxFile {
		err = fmt.Errorf("%s has more than %d bytes", path, MaxFile)
	}
	return text, err
}

func parse(text []byte) (map[string]string, error) {
	object, err := pyjson.ParseMembers(text)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for name, value := range object.All() {
		values[name] = asText(value)
	}
	return values, nil
}

// asText gives a value of the file as that of a setting.
func asText(value pyjson.Value) string {
	switch value := value.(type) {
	case pyjson.Raw:
		parsed, _ := pyjson.Parse([]byte(value)) // it was read before
		return asText(parsed)
	case nil:
		return ""
	case string:
		return value
	}
	return string(pyjson.Line(value))
}

// Get gives the value of a setting, and whether it is set.
func (s *Settings) Get(name string) (string, bool) {
	return s.first(name)
}

// Bucket gives the value of the setting NAME_<bucket>. In the environment and in
// the file the bucket may be spelt with "_" for each "-" and ".", which a
// shell cannot export; the exact spelling comes first.
func (s *Settings) Bucket(name, bucket string) (string, bool) {
	return s.first(bucketNames(name, bucket)...)
}

func bucketNames(name, bucket string) []string {
	shell := strings.NewReplacer("-", "_", ".", "_").Replace(bucket)
	return []string{name + "_" + bucket, name + "_" + shell}
}

// first gives the first value that is set.
func (s *Settings) first(names ...string) (string, bool) {
	value, _, ok := s.find(names...)
	return value, ok
}

// find gives the first value that is set, and where it comes from: the environment
// before the file, and in each the names in their order.
func (s *Settings) find(names ...string) (string, Origin, bool) {
	for _, values := range []map[string]string{s.environment, s.file} {
		for _, name := range names {
			if value := values[name]; value != "" {
				return value, s.origin(name), true
			}
		}
	}
	return "", Origin{}, false
}
