package cli

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
)

// halfListed is a bucket whose listing fails after some entries.
type halfListed struct {
	storage.Store
	entries int
}

func (s halfListed) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		n := 0
		for info, err := range s.Store.List(ctx, prefix, depth) {
			if n++; n > s.entries {
				yield(storage.Info{}, &storage.Error{Op: "list", Store: "mem://plants", Kind: storage.ErrUnreachable})
				return
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

// TestListingThatFailsHalfwayIsAFailure wants what was listed, and never an exit
// code that would let a short listing pass for the whole.
func TestListingThatFailsHalfwayIsAFailure(t *testing.T) {
	store := memory.New()
	for i := range 5 {
		uuid := fmt.Sprintf("5d700000-0000-4000-8000-%012d", i)
		for key, text := range map[string]string{
			"dtool-" + uuid:         "",
			uuid + "/dtool":         fmt.Sprintf(`{"uuid": %q, "name": "d%d", "type": "dataset", "creator_username": "ann"}`, uuid, i),
			uuid + "/manifest.json": `{"hash_function": "md5sum_hexdigest", "items": {}}`,
		} {
			if _, err := store.Put(t.Context(), key, strings.NewReader(text), storage.PutOptions{Size: int64(len(text))}); err != nil {
				t.Fatal(err)
			}
		}
	}
	open := func(context.Context, string) (storage.Store, error) { return halfListed{store, 3}, nil }
	for _, command := range []string{"ls", "inventory"} {
		code, stdout, stderr := run(t.Context(), t, Process{
			Args: []string{command, "mem://plants"}, Buckets: map[string]storage.Opener{"mem": open},
		})
		if code != 1 || !strings.Contains(stderr, "list mem://plants: unreachable") {
			t.Errorf("%s ends with %d and says %q", command, code, stderr)
		}
		if !strings.Contains(stdout, "d2\n") || strings.Contains(stdout, "d3\n") {
			t.Errorf("%s prints %q", command, stdout)
		}
	}
}
