package config

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// defaultMaxFiles is the most items that freezing accepts where nothing is set.
const defaultMaxFiles = 10000

// NumProcesses gives how many workers hash at once, at least 1:
// DTOOL_NUM_PROCESSES, or one for each core.
func (s *Settings) NumProcesses() (int, error) {
	return s.positive("DTOOL_NUM_PROCESSES", runtime.GOMAXPROCS(0))
}

// MaxFilesLimit gives the most items that freezing accepts, at least 1:
// DTOOL_MAX_FILES_LIMIT, or 10000.
func (s *Settings) MaxFilesLimit() (int, error) {
	return s.positive("DTOOL_MAX_FILES_LIMIT", defaultMaxFiles)
}

// CacheDirectory gives where content of remote items is kept:
// DTOOL_CACHE_DIRECTORY, or .cache/dtool in the home directory; empty where
// there is neither.
func (s *Settings) CacheDirectory(home string) string {
	if dir, ok := s.Get("DTOOL_CACHE_DIRECTORY"); ok {
		return dir
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".cache", "dtool")
}

func (s *Settings) positive(name string, otherwise int) (int, error) {
	value, ok := s.Get(name)
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s: %q is not a whole number from 1 on", name, value)
	}
	return n, nil
}
