package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/memory"
	"github.com/dtool-go/dtool/storage/storetest"
)

func TestFaultyStoreWithoutFaultsIsAStore(t *testing.T) {
	features := storetest.Features{
		Metadata: true, ModTime: true, AnyName: true, DistinctNames: true, KeysBelowKeys: true, LargeSize: 1<<20 + 1,
	}
	storetest.Run(t, features, func(*testing.T) storage.Store { return storetest.NewFaulty(nil).Around(memory.New()) })
}

// A bench is a faulty store around one that holds "a", "b" and "c".
type bench struct {
	*testing.T
	faulty *storetest.Faulty
	inner  *memory.Store
	store  storage.Store
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, faulty: storetest.NewFaulty(nil), inner: memory.New()}
	b.store = b.faulty.Around(b.inner)
	for _, key := range []string{"a", "b", "c"} {
		if err := b.do(t.Context(), storetest.Put, key); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

const text = "the content of an object"

// do makes one call. Every put is of the text with its MD5.
func (b *bench) do(ctx context.Context, op storetest.Op, key string) error {
	calls := map[storetest.Op]func() error{
		storetest.Get: func() error {
			_, err := b.read(ctx, key)
			return err
		},
		storetest.Stat: func() error {
			_, err := b.store.Stat(ctx, key)
			return err
		},
		storetest.Put: func() error {
			_, err := b.store.Put(ctx, key, strings.NewReader(text), storage.PutOptions{Size: int64(len(text))})
			return err
		},
		storetest.List: func() error {
			_, err := b.list(ctx, b.store)
			return err
		},
		storetest.Delete: func() error { return b.store.Delete(ctx, key) },
		storetest.CopyFrom: func() error {
			source, err := b.inner.Stat(b.Context(), "b")
			if err != nil {
				return err
			}
			_, err = b.store.(storage.Copier).CopyFrom(ctx, key, b.store, source, storage.PutOptions{Size: source.Size})
			return err
		},
	}
	return calls[op]()
}

func (b *bench) read(ctx context.Context, key string) (string, error) {
	body, _, err := b.store.Get(ctx, key, storage.Range{})
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(body)
	return string(content), errors.Join(err, body.Close())
}

// list gives the keys of a store, one after another.
func (b *bench) list(ctx context.Context, store storage.Store) (string, error) {
	keys := ""
	for info, err := range store.List(ctx, "", storage.Deep) {
		if err != nil {
			return keys, err
		}
		keys += info.Key
	}
	return keys, nil
}

// suffers has a fault befall the next call of its kind.
func (b *bench) suffers(op storetest.Op, key string, fault storetest.Fault) {
	if op == storetest.List {
		key = ""
	}
	b.faulty.Script(storetest.Once(storetest.Call{Op: op, Key: key}, fault))
}

// injected fails unless the fault that was asked for was the only one.
func (b *bench) injected(kind storetest.Kind) {
	b.Helper()
	if diff := cmp.Diff(map[storetest.Kind]int{kind: 1}, b.faulty.Injected()); diff != "" {
		b.Errorf("injected (-want +got):\n%s", diff)
	}
}

func allOps() []storetest.Op {
	return []storetest.Op{storetest.Get, storetest.Stat, storetest.Put, storetest.List, storetest.Delete, storetest.CopyFrom}
}

// changed tells whether an operation was made, as far as that is to be seen.
func changed(b *bench, op storetest.Op) bool {
	b.Helper()
	keys, err := b.list(b.Context(), b.inner)
	if err != nil {
		b.Fatal(err)
	}
	switch op {
	case storetest.Put, storetest.CopyFrom:
		return keys == "abcnew"
	case storetest.Delete:
		return keys == "bc"
	default:
		return true // nothing is to be seen
	}
}

func keyFor(op storetest.Op) string {
	if op == storetest.Put || op == storetest.CopyFrom {
		return "new"
	}
	return "a"
}

func TestFailedCallIsNotMadeAndTheNextIs(t *testing.T) {
	for _, op := range allOps() {
		b := newBench(t)
		b.suffers(op, keyFor(op), storetest.Fault{Kind: storetest.Fail, Cause: storage.ErrForbidden})
		err := b.do(t.Context(), op, keyFor(op))
		var failure *storage.Error
		if !errors.Is(err, storage.ErrForbidden) || !errors.Is(err, storetest.ErrInjected) || !errors.As(err, &failure) || failure.Store != b.inner.String() {
			t.Errorf("%s: the error is %v", op, err)
		}
		if seen := op == storetest.Put || op == storetest.CopyFrom || op == storetest.Delete; seen && changed(b, op) {
			t.Errorf("%s was made", op)
		}
		b.injected(storetest.Fail)
		if err := b.do(t.Context(), op, keyFor(op)); err != nil || !changed(b, op) {
			t.Errorf("the %s after it gives %v", op, err)
		}
	}
}

func TestLostAnswerIsOfACallThatWasMade(t *testing.T) {
	for _, op := range allOps() {
		b := newBench(t)
		b.suffers(op, keyFor(op), storetest.Fault{Kind: storetest.LoseAnswer})
		if err := b.do(t.Context(), op, keyFor(op)); !errors.Is(err, storage.ErrUnreachable) || !errors.Is(err, storetest.ErrInjected) {
			t.Errorf("%s: the error is %v", op, err)
		}
		if !changed(b, op) {
			t.Errorf("%s was not made", op)
		}
		b.injected(storetest.LoseAnswer)
	}
}

func TestCallIsMadeTwice(t *testing.T) {
	for _, op := range allOps() {
		counted := storetest.NewFaulty(nil)
		b := newBench(t)
		b.store = b.faulty.Around(counted.Around(b.inner))
		b.suffers(op, keyFor(op), storetest.Fault{Kind: storetest.Twice})
		if err := b.do(t.Context(), op, keyFor(op)); err != nil || !changed(b, op) {
			t.Errorf("%s: %v", op, err)
		}
		b.injected(storetest.Twice)
		if got := len(counted.Calls()); got != 2 {
			t.Errorf("%s came to %q", op, counted.Calls())
		}
	}
}

func TestCallHangsUntilItsContextEnds(t *testing.T) {
	for _, op := range allOps() {
		b, counted := newBench(t), storetest.NewFaulty(nil)
		b.store = b.faulty.Around(counted.Around(b.inner))
		ctx, cancel := context.WithCancel(t.Context())
		b.faulty.Script(func(storetest.Call) storetest.Fault {
			cancel()
			return storetest.Fault{Kind: storetest.Hang}
		})
		if err := b.do(ctx, op, keyFor(op)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the error is %v", op, err)
		}
		if calls := counted.Calls(); len(calls) > 0 {
			t.Errorf("%s was made: %q", op, calls)
		}
		b.injected(storetest.Hang)
	}
}

func TestDelayedCallIsMadeLater(t *testing.T) {
	const delay = 20 * time.Millisecond
	for _, op := range allOps() {
		b := newBench(t)
		b.suffers(op, keyFor(op), storetest.Fault{Delay: delay})
		start := time.Now()
		if err := b.do(t.Context(), op, keyFor(op)); err != nil || !changed(b, op) || time.Since(start) < delay {
			t.Errorf("%s gives %v after %v", op, err, time.Since(start))
		}
	}
}

func TestBodyThatIsReadGoesWrong(t *testing.T) {
	for kind, want := range map[storetest.Kind]string{
		storetest.BreakOff: "the con",
		storetest.CutShort: "the con",
		storetest.Flip:     "the conuent of an object",
	} {
		b := newBench(t)
		b.suffers(storetest.Get, "a", storetest.Fault{Kind: kind, At: 7 + int64(len(text))})
		got, err := b.read(t.Context(), "a")
		if got != want || errors.Is(err, storetest.ErrInjected) != (kind == storetest.BreakOff) {
			t.Errorf("%s: read %q, %v", kind, got, err)
		}
		b.injected(kind)
	}
}

func TestBodyThatIsStoredGoesWrong(t *testing.T) {
	for kind, want := range map[storetest.Kind]string{
		storetest.BreakOff: "old",
		storetest.CutShort: "the con",
		storetest.Flip:     "the conuent of an object",
		storetest.Lose:     "old",
		storetest.Twice:    text,
	} {
		b := newBench(t)
		if _, err := b.inner.Put(t.Context(), "a", strings.NewReader("old"), storage.PutOptions{Size: 3}); err != nil {
			t.Fatal(err)
		}
		b.suffers(storetest.Put, "a", storetest.Fault{Kind: kind, At: 7})
		// A reader that cannot be read twice.
		_, err := b.store.Put(t.Context(), "a", io.MultiReader(strings.NewReader(text)), storage.PutOptions{Size: int64(len(text))})
		if errors.Is(err, storetest.ErrInjected) != (kind == storetest.BreakOff) {
			t.Errorf("%s: the error is %v", kind, err)
		}
		if got, err := b.read(t.Context(), "a"); got != want || err != nil {
			t.Errorf("%s: the object holds %q, %v", kind, got, err)
		}
		b.injected(kind)
	}
}

func TestStoreThatLiesStillRefusesAWrongBody(t *testing.T) {
	for _, kind := range []storetest.Kind{storetest.CutShort, storetest.Flip, storetest.Lose, storetest.Twice} {
		b := newBench(t)
		b.suffers(storetest.Put, "new", storetest.Fault{Kind: kind})
		_, err := b.store.Put(t.Context(), "new", bytes.NewReader([]byte("x")), storage.PutOptions{Size: 2})
		if !errors.Is(err, storage.ErrCorrupted) || changed(b, storetest.Put) {
			t.Errorf("%s: the error is %v", kind, err)
		}
	}
}

func TestListingGoesWrong(t *testing.T) {
	for kind, want := range map[storetest.Kind]string{
		storetest.BreakOff: "a", storetest.CutShort: "a", storetest.Omit: "ac", storetest.Lag: "ab",
	} {
		b := newBench(t)
		b.suffers(storetest.List, "", storetest.Fault{Kind: kind, At: 4})
		got, err := b.list(t.Context(), b.store)
		if got != want || errors.Is(err, storetest.ErrInjected) != (kind == storetest.BreakOff) {
			t.Errorf("%s: listed %q, %v", kind, got, err)
		}
		b.injected(kind)
		if got, err := b.list(t.Context(), b.store); got != "abc" || err != nil {
			t.Errorf("%s: the next listing gives %q, %v", kind, got, err)
		}
	}
}

func TestDeletionIsLost(t *testing.T) {
	b := newBench(t)
	b.suffers(storetest.Delete, "a", storetest.Fault{Kind: storetest.Lose})
	if err := b.do(t.Context(), storetest.Delete, "a"); err != nil || changed(b, storetest.Delete) {
		t.Errorf("the deletion gives %v, and was made: %v", err, changed(b, storetest.Delete))
	}
}

func TestSameSeedGoesWrongInTheSameWay(t *testing.T) {
	const uuid, other = "0eb3d1a2-5e61-44c8-9b0c-0a6c9d3f8f11", "77a1b6a0-9d3e-4f5c-8f0f-4f2f3a4b5c6d"
	script := storetest.Seeded(7, 200, storetest.Honest()...)
	again, different := storetest.Seeded(7, 200, storetest.Honest()...), storetest.Seeded(8, 200, storetest.Honest()...)
	var faults, others int
	for n := range 1000 {
		call := storetest.Call{Op: allOps()[n%6], Key: uuid + "/x", N: n}
		fault := script(call)
		call.Key = other + "/x"
		if again(call) != fault {
			t.Fatalf("the same call suffers %v and %v", fault, again(call))
		}
		if fault.Kind != storetest.None {
			faults++
		}
		if different(call) != fault {
			others++
		}
	}
	if faults < 150 || faults > 250 || others < 200 {
		t.Errorf("of 1000 calls %d suffer a fault, and %d are decided otherwise by another seed", faults, others)
	}
}

func TestFaultyRemembersCalls(t *testing.T) {
	b := newBench(t)
	b.suffers(storetest.Stat, "a", storetest.Fault{Kind: storetest.Fail})
	_ = b.do(t.Context(), storetest.Stat, "a")
	_ = b.do(t.Context(), storetest.Get, "b")
	want := []string{`stat ` + b.inner.String() + ` "a" fail`, `get ` + b.inner.String() + ` "b" `}
	if got := b.faulty.Calls(); !slices.Equal(got, want) {
		t.Errorf("the calls are %q", got)
	}
}
