package config_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/dtool-go/dtool/internal/config"
)

func TestNumbers(t *testing.T) {
	getters := map[string]struct {
		get       func(*config.Settings) (int, error)
		otherwise int
	}{
		"DTOOL_NUM_PROCESSES":   {(*config.Settings).NumProcesses, runtime.GOMAXPROCS(0)},
		"DTOOL_MAX_FILES_LIMIT": {(*config.Settings).MaxFilesLimit, 10000},
	}
	for name, getter := range getters {
		t.Run(name, func(t *testing.T) {
			for file, want := range map[string]int{
				`{}`:                    getter.otherwise,
				`{"` + name + `": ""}`:  getter.otherwise,
				`{"` + name + `": 3}`:   3,
				`{"` + name + `": "7"}`: 7,
			} {
				got, err := getter.get(load(t, nil, file))
				if err != nil || got != want {
					t.Errorf("%s: got %d, error %v, want %d", file, got, err, want)
				}
			}
			for _, value := range []string{"0", "-1", "many", "1.5", "99999999999999999999"} {
				_, err := getter.get(load(t, []string{name + "=" + value}, `{}`))
				want := name + `: "` + value + `" is not a whole number from 1 on`
				if err == nil || err.Error() != want {
					t.Errorf("got %v, want %s", err, want)
				}
			}
		})
	}
}

func TestCacheDirectory(t *testing.T) {
	home := filepath.Join("home", "jane")
	if got, want := load(t, nil, `{}`).CacheDirectory(home), filepath.Join(home, ".cache", "dtool"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := load(t, []string{"DTOOL_CACHE_DIRECTORY=/scratch"}, `{}`).CacheDirectory(home), "/scratch"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
