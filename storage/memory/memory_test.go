package memory_test

import (
	"testing"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
	"github.com/dtool-go/dtool/storage/storetest"
)

func TestStore(t *testing.T) {
	features := storetest.Features{
		Metadata:      true,
		ModTime:       true,
		AnyName:       true,
		DistinctNames: true,
		KeysBelowKeys: true,
		LargeSize:     1<<20 + 1,
	}
	storetest.Run(t, features, func(*testing.T) storage.Store { return memory.New() })
}
