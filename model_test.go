package dtool_test

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/model"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
	"github.com/dtool-go/dtool/storage/memory"
	"github.com/dtool-go/dtool/storage/s3"
	"github.com/dtool-go/dtool/storage/storetest"
)

// TestNothingIsLostWhateverGoesWrong does random work on directories, buckets in memory
// and buckets of a real server, with faults in every store, and compares with a
// model what comes of it. Longer: -rapid.checks=1000; again: -rapid.seed.
func TestNothingIsLostWhateverGoesWrong(t *testing.T) {
	server, top := s3test.StartOwn(t), t.TempDir()
	checks := 0
	rapid.Check(t, func(rt *rapid.T) {
		checks++
		dir := filepath.Join(top, strconv.Itoa(checks))
		defer os.RemoveAll(dir)
		places := localPlaces(t, dir)
		places.addBuckets(t, server)
		draw := func(label string, n int) int { return evenly(n).Draw(rt, label) }
		trouble := &faults{faulty: storetest.NewFaulty(nil)}
		w := newModelWorld(t, dir, places, draw, trouble, trouble.faulty.Around)
		mustHold := func(err error) {
			if err != nil {
				rt.Fatalf("%v\nthe operations:\n%s\nthe calls of the last one:\n%s", err,
					strings.Join(w.Log(), "\n"), strings.Join(trouble.calls, "\n"))
			}
		}
		for range 1 + evenly(25).Draw(rt, "steps") {
			mustHold(w.Step(rt.Context()))
		}
		mustHold(w.Finish(rt.Context()))
	})
}

// evenly draws from 0 up to n, and shrinks to 0. What rapid has for that prefers small
// numbers, and so would hardly ever come to the operations at the end of a list.
func evenly(n int) *rapid.Generator[int] {
	const spare = 6 // bits that make it even enough
	return rapid.Custom(func(t *rapid.T) int {
		number := 0
		for range bits.Len(uint(n-1)) + spare {
			number <<= 1
			if rapid.Bool().Draw(t, "bit") {
				number++
			}
		}
		return number % n
	})
}

// TestModelFindsStoresThatLie shows that the test above can fail: the same work on
// stores that acknowledge what they do not do.
func TestModelFindsStoresThatLie(t *testing.T) {
	isItem := func(c storetest.Call) bool { return strings.Contains(c.Key, "data/") }
	always := func(storetest.Call) bool { return true }
	for name, lie := range map[string]struct {
		op   storetest.Op
		of   func(storetest.Call) bool
		kind storetest.Kind
		says string // one of the findings
	}{
		"items are lost":            {storetest.Put, isItem, storetest.Lose, "corrupted: 2 items were added, and 0 are there"},
		"items are stored altered":  {storetest.Put, isItem, storetest.Flip, "has other bytes"},
		"items are stored cut":      {storetest.Put, isItem, storetest.CutShort, "is not what was added"},
		"items are read altered":    {storetest.Get, isItem, storetest.Flip, "hash"},
		"everything is lost":        {storetest.Put, always, storetest.Lose, "not a dataset"},
		"documents are altered":     {storetest.Put, func(c storetest.Call) bool { return !isItem(c) }, storetest.Flip, "broken document"},
		"deletions are not made":    {storetest.Delete, always, storetest.Lose, "and can be one of"},
		"listings lack their end":   {storetest.List, always, storetest.CutShort, "there is no directory data/"},
		"listings lack an entry":    {storetest.List, always, storetest.Omit, "2 items were added, and 1 are there"},
		"listings lack what is new": {storetest.List, always, storetest.Lag, "2 items were added, and 1 are there"},
	} {
		t.Run(name, func(t *testing.T) {
			liar := storetest.NewFaulty(func(c storetest.Call) storetest.Fault {
				if c.Op == lie.op && lie.of(c) {
					return storetest.Fault{Kind: lie.kind, At: int64(c.N)}
				}
				return storetest.Fault{}
			})
			var found strings.Builder
			for seed := range uint64(12) {
				dir := t.TempDir()
				random := rand.New(rand.NewPCG(seed, 0))
				draw := func(_ string, n int) int { return random.IntN(n) }
				w := newModelWorld(t, dir, localPlaces(t, dir), draw, noTrouble{}, liar.Around)
				var finding error
				for step := 0; step < 60 && finding == nil; step++ {
					finding = w.Step(t.Context())
				}
				fmt.Fprintln(&found, finding)
				if strings.Contains(found.String(), lie.says) {
					return
				}
			}
			t.Errorf("of stores that lied so often: %v, it was found\n%s\nand not %q", liar.Injected(), found.String(), lie.says)
		})
	}
}

// newModelWorld makes a world whose clients have something around every store.
func newModelWorld(t *testing.T, dir string, p *places, draw model.Draw, trouble model.Trouble, around func(storage.Store) storage.Store) *model.World {
	t.Helper()
	var clock atomic.Int64
	connect := func(around func(storage.Store) storage.Store) (*dtool.Client, error) {
		open := func(_ context.Context, bucket string) (storage.Store, error) {
			return around(p.buckets[bucket]), nil
		}
		c, err := dtool.NewClient(dtool.Options{
			Environ:  []string{"LOGNAME=olssont", "DTOOL_CACHE_DIRECTORY=" + filepath.Join(dir, "cache")},
			Hostname: "workstation",
			Now:      func() time.Time { return noon().Add(time.Duration(clock.Add(1)) * time.Second) },
			Buckets:  map[string]storage.Opener{"mem": open, "s3": open},
		})
		if err == nil {
			c.WrapDirectories(around)
		}
		return c, err
	}
	witness, err := connect(func(store storage.Store) storage.Store { return store })
	must(t, err)
	w, err := model.New(model.Config{
		Draw:      draw,
		Connect:   func() (*dtool.Client, error) { return connect(around) },
		Witness:   witness,
		Trouble:   trouble,
		Bases:     p.bases,
		Dir:       dir,
		LargeSize: p.large,
	})
	must(t, err)
	return w
}

// places are the bases of one check.
type places struct {
	bases   []model.Base
	buckets map[string]storage.Store // by name
	large   int                      // size in bytes of large items: of more than one buffer, or part of an upload
}

// localPlaces makes two directories and two buckets in memory.
func localPlaces(t *testing.T, dir string) *places {
	t.Helper()
	p := &places{buckets: map[string]storage.Store{}, large: 130 << 10}
	for _, name := range []string{"desk", "shelf"} {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(path, 0o755))
		store, err := disk.New(path, disk.Options{})
		must(t, err)
		p.bases = append(p.bases, model.Base{URI: "file://workstation" + path, Store: store, Directory: true})
	}
	for _, name := range []string{"plants", "stones"} {
		p.buckets[name] = memory.New()
		p.bases = append(p.bases, model.Base{URI: "mem://" + name, Store: p.buckets[name]})
	}
	return p
}

// addBuckets makes two buckets of a server.
func (p *places) addBuckets(t *testing.T, server *s3test.Server) {
	t.Helper()
	p.large = 5<<20 + 1
	for range 2 {
		name := server.NewBucket(t)
		store, err := s3.Open(t.Context(), name, s3.Config{
			Endpoint: server.Endpoint, AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey,
			PartSize: 5 << 20, CopySize: 5 << 20,
		})
		must(t, err)
		p.buckets[name] = store
		p.bases = append(p.bases, model.Base{URI: "s3://" + name, Store: store})
	}
}

// noTrouble is a world in which nothing goes wrong that a store would tell of.
type noTrouble struct{}

func (noTrouble) Begin(ctx context.Context, _ model.Draw, _ bool) context.Context { return ctx }

func (noTrouble) End() func(error) bool { return func(error) bool { return false } }

// faults is trouble of the kinds that a Faulty makes.
type faults struct {
	faulty *storetest.Faulty
	before map[storetest.Kind]int
	cancel context.CancelFunc
	calls  []string // of the last operation
}

func (f *faults) Begin(ctx context.Context, draw model.Draw, lies bool) context.Context {
	ctx, f.cancel = context.WithCancel(ctx)
	f.before = f.faulty.Injected()
	script := f.draw(draw, lies)
	f.faulty.Script(func(c storetest.Call) storetest.Fault {
		fault := script(c)
		switch {
		case fault.Kind == storetest.Hang:
			f.cancel() // somebody gives up waiting
		case fault.Kind == storetest.Twice && c.Op == storetest.MakeDir:
			return storetest.Fault{} // no file system does
		}
		return fault
	})
	return ctx
}

// draw draws how much goes wrong: nothing, little, much, or bytes of items on their
// way.
func (f *faults) draw(draw model.Draw, lies bool) func(storetest.Call) storetest.Fault {
	trouble := draw("trouble", 6)
	if trouble < 3 {
		return func(storetest.Call) storetest.Fault { return storetest.Fault{} }
	}
	seed := uint64(draw("seed of the trouble", 1<<16))
	switch {
	case trouble == 3:
		return storetest.Seeded(seed, 20, storetest.Honest()...)
	case trouble == 4 || !lies:
		return storetest.Seeded(seed, 150, storetest.Honest()...)
	}
	altered := storetest.Seeded(seed, 300, storetest.Flip, storetest.CutShort)
	return func(c storetest.Call) storetest.Fault {
		if c.Op != storetest.Get || !strings.Contains(c.Key, "data/") {
			return storetest.Fault{}
		}
		return altered(c)
	}
}

func (f *faults) End() func(error) bool {
	f.calls = f.faulty.Calls()
	f.faulty.Script(nil)
	f.cancel()
	injected := map[storetest.Kind]bool{}
	for kind, n := range f.faulty.Injected() {
		injected[kind] = n > f.before[kind]
	}
	return func(err error) bool {
		switch {
		case errors.Is(err, storetest.ErrInjected):
			return true
		case injected[storetest.Hang]:
			return errors.Is(err, context.Canceled)
		case injected[storetest.Flip] || injected[storetest.CutShort]:
			return errors.Is(err, storage.ErrCorrupted)
		}
		return false
	}
}
