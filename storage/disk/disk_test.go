package disk_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
	"github.com/dtool-go/dtool/storage/storetest"
)

func TestStore(t *testing.T) {
	features := storetest.Features{
		ModTime:       true,
		AnyName:       runtime.GOOS != "windows",
		DistinctNames: runtime.GOOS != "windows" && runtime.GOOS != "darwin",
		LargeSize:     1<<20 + 1, // several buffers
		Missing: func(t *testing.T) storage.Store {
			t.Helper()
			return open(t, filepath.Join(t.TempDir(), "missing"), disk.Options{})
		},
	}
	for name, opts := range map[string]disk.Options{
		"unfinished objects elsewhere":          {TempDir: ".dtool/tmp"},
		"unfinished objects beside their names": {},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, features, func(t *testing.T) storage.Store {
				t.Helper()
				return open(t, t.TempDir(), opts)
			})
		})
	}
	t.Run("as a faulty store without a fault", func(t *testing.T) {
		storetest.Run(t, features, func(t *testing.T) storage.Store {
			t.Helper()
			return storetest.NewFaulty(nil).Around(open(t, t.TempDir(), disk.Options{TempDir: ".dtool/tmp"}))
		})
	})
}

func open(t *testing.T, dir string, opts disk.Options) *disk.Store {
	t.Helper()
	s, err := disk.New(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
