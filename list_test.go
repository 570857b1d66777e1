package dtool_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

// shelf puts so many datasets without items into a bucket in memory, which are
// listed in the order of their names: d000, d001 and so on.
func (w *world) shelf(n int) string {
	w.t.Helper()
	base := w.bucket("plants")
	at := site{store: w.memory["plants"]}
	for i := range n {
		h := handmade{site: at, id: fmt.Sprintf("5d700000-0000-4000-8000-%012d", i), name: fmt.Sprintf("d%03d", i)}
		at.put(w.t, "dtool-"+h.id, "", nil)
		at.put(w.t, h.id+"/dtool", h.admin(w.t), nil)
		at.put(w.t, h.id+"/manifest.json", h.manifestOfItems(w.t), nil)
	}
	return base
}

// A scripted store does something before it lists an entry or gives an object.
type scripted struct {
	storage.Store
	list func(ctx context.Context, n int) error // n entries were listed already
	get  func(ctx context.Context, key string) error
}

func (s scripted) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		n := 0
		for info, err := range s.Store.List(ctx, prefix, depth) {
			if s.list != nil && err == nil {
				err = s.list(ctx, n)
			}
			if !yield(info, err) || err != nil {
				return
			}
			n++
		}
	}
}

func (s scripted) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	if s.get != nil {
		if err := s.get(ctx, key); err != nil {
			return nil, storage.Info{}, err
		}
	}
	return s.Store.Get(ctx, key, r)
}

func TestListGivesDatasetsWhileTheRestIsListed(t *testing.T) {
	w := newWorld(t)
	base := w.shelf(10)
	taken := make(chan struct{})
	w.memory["plants"] = scripted{Store: w.memory["plants"], list: func(ctx context.Context, n int) error {
		if n == 5 {
			select {
			case <-taken: // or else the listing never goes on
			case <-ctx.Done():
			}
		}
		return ctx.Err()
	}}
	n := 0
	for d, err := range w.List(t.Context(), base) {
		must(t, err)
		if want := fmt.Sprintf("d%03d", n); d.Name() != want {
			t.Errorf("%s comes where %s should", d.Name(), want)
		}
		if n++; n == 5 {
			close(taken)
		}
	}
	if n != 10 {
		t.Errorf("%d datasets are listed", n)
	}
}

// TestListThatIsBrokenOffLeavesNothingUnderWay takes one dataset of many, all
// others of which the store is slow to give.
func TestListThatIsBrokenOffLeavesNothingUnderWay(t *testing.T) {
	w := newWorld(t)
	base := w.shelf(1000)
	var asked, waiting atomic.Int32
	w.memory["plants"] = scripted{Store: w.memory["plants"], get: func(ctx context.Context, key string) error {
		asked.Add(1)
		if strings.HasSuffix(key, "000000000000/dtool") {
			return nil
		}
		waiting.Add(1)
		defer waiting.Add(-1)
		<-ctx.Done()
		return ctx.Err()
	}}
	for d, err := range w.List(t.Context(), base) {
		must(t, err)
		if d.Name() != "d000" {
			t.Errorf("%s comes first", d.Name())
		}
		break
	}
	if n := waiting.Load(); n != 0 {
		t.Errorf("%d requests are still under way", n)
	}
	if n := asked.Load(); n > 100 {
		t.Errorf("for one dataset %d are asked for", n)
	}
}

func TestListingThatFailsHalfwayIsNoShortListing(t *testing.T) {
	w := newWorld(t)
	base := w.shelf(10)
	w.memory["plants"] = scripted{Store: w.memory["plants"], list: func(_ context.Context, n int) error {
		if n == 7 {
			return &storage.Error{Op: "list", Store: base, Kind: storage.ErrUnreachable}
		}
		return nil
	}}
	listed, last := 0, error(nil)
	for _, err := range w.List(t.Context(), base) {
		if last = err; err == nil {
			listed++
		}
	}
	if listed != 7 || !errors.Is(last, storage.ErrUnreachable) {
		t.Errorf("%d datasets are listed, and last comes the error %v", listed, last)
	}
	held, last := 0, error(nil)
	for _, err := range w.Inventory(t.Context(), base) {
		if last = err; err == nil {
			held++
		}
	}
	if held != 7 || !errors.Is(last, storage.ErrUnreachable) {
		t.Errorf("%d datasets are in the inventory, and last comes the error %v", held, last)
	}
}

func TestDatasetThatCannotBeReadIsAnErrorInItsPlace(t *testing.T) {
	w := newWorld(t)
	base := w.shelf(5)
	at := site{store: w.memory["plants"]}
	at.put(t, "5d700000-0000-4000-8000-000000000001/dtool", "{", nil)
	at.put(t, "5d700000-0000-4000-8000-000000000003/manifest.json", "{", nil)
	var got []string
	for h, err := range w.Inventory(t.Context(), base) {
		if err == nil {
			got = append(got, h.Name())
			continue
		}
		wantError(t, err, dtool.ErrBadDocument)
		if words := []string{"000000000001/dtool", "dataset d003"}; strings.Contains(err.Error(), words[len(got)/2]) {
			got = append(got, words[len(got)/2])
		}
	}
	if diff := cmp.Diff([]string{"d000", "000000000001/dtool", "d002", "dataset d003", "d004"}, got); diff != "" {
		t.Errorf("the inventory differs (-want +got):\n%s", diff)
	}
}

func TestListThatIsCalledOffEndsWithTheCause(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		w.frozen(base, "apple", seedling())
		why := errors.New("stopped by a person")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		n := 0
		for d, err := range w.List(ctx, base) {
			if n++; d != nil || !errors.Is(err, why) || n > 1 {
				t.Errorf("the listing gives %v, %v", d, err)
			}
		}
		if n == 0 {
			t.Error("the listing gives nothing")
		}
	})
}

func TestInventoryGivesWhatFrozenDatasetsHold(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		want := map[string]string{
			w.frozen(base, "pear", map[string]string{"a": "12345", "sub/b": "678"}).URI(): "pear 2 8",
			w.frozen(base, "apple", map[string]string{}).URI():                            "apple 0 0",
		}
		_, err := w.Create(t.Context(), "unripe", base, dtool.CreateOptions{})
		must(t, err)
		got := map[string]string{}
		var names []string
		for h, err := range w.Inventory(t.Context(), base) {
			if (err != nil || want[h.URI()] == "") && s3test.Start(t).External() {
				continue // somebody else's
			}
			must(t, err)
			got[h.URI()] = fmt.Sprintf("%s %d %d", h.Name(), h.Items, h.Size)
			names = append(names, h.Name())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the inventory differs (-want +got):\n%s", diff)
		}
		if !strings.Contains(base, "://") && !cmp.Equal(names, []string{"apple", "pear"}) {
			t.Errorf("datasets on disk come in the order %q", names)
		}
	})
}

// TestInventoryTakesManifestsThatAreLargerThanItsRoom has several of which each
// alone, as the store says, is more than may be in memory of all together.
func TestInventoryTakesManifestsThatAreLargerThanItsRoom(t *testing.T) {
	w := newWorld(t)
	base := w.shelf(3)
	odd := oddStore{Store: w.memory["plants"], bodies: map[string]oddBody{}}
	for i := range 3 {
		odd.bodies[fmt.Sprintf("5d700000-0000-4000-8000-%012d/manifest.json", i)] = oddBody{
			size: 100 << 20, body: strings.NewReader(`{"hash_function": "md5sum_hexdigest", "items": {}}`),
		}
	}
	w.memory["plants"] = odd
	n := 0
	for _, err := range w.Inventory(t.Context(), base) {
		must(t, err)
		n++
	}
	if n != 3 {
		t.Errorf("%d datasets are in the inventory", n)
	}
}
