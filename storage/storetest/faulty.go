package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// ErrInjected is in every error that a [Faulty] makes up.
var ErrInjected = errors.New("a fault was injected")

// A Faulty makes chosen calls of stores go wrong. What decides is a function of
// the call, given by script or by seed; stores are put under its hand by
// [Faulty.Around]. It counts what it injected, and remembers the calls for the
// message of a test that fails. It is safe for concurrent use.
type Faulty struct {
	mu       sync.Mutex
	decide   func(Call) Fault
	seen     map[Call]int // by a call without its N
	calls    []string
	injected map[Kind]int
	latest   map[string]string // the key that was put last into each store
}

// NewFaulty makes a Faulty that goes by a script, see [Faulty.Script].
func NewFaulty(decide func(Call) Fault) *Faulty {
	f := &Faulty{injected: map[Kind]int{}, latest: map[string]string{}}
	f.Script(decide)
	return f
}

// Script has another function decide from now on, which may be called by several
// goroutines at once. Nil lets everything go right. Calls are counted and remembered
// anew; what was injected goes on being added up.
func (f *Faulty) Script(decide func(Call) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decide, f.seen, f.calls = decide, map[Call]int{}, nil
}

// Injected gives how often each kind of fault was injected. What a script asks for and
// no such call can suffer is no fault.
func (f *Faulty) Injected() map[Kind]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.injected)
}

// Calls gives a line for each call since the last Script, with what went wrong.
func (f *Faulty) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// A Call is what a script decides by.
type Call struct {
	Op  Op
	Key string // of a listing the prefix, of a deletion the first key, of CheckKeys, Sync and Sweep empty
	N   int    // how many calls of this Op with this Key there were before, but for the UUIDs in them
}

// An Op names a method of a store or of what only some stores can do.
type Op string

// The operations. Get stands for the reading of its body, too.
const (
	Get          Op = "get"
	Stat         Op = "stat"
	Put          Op = "put"
	List         Op = "list"
	Delete       Op = "delete"
	CopyFrom     Op = "copy"
	MakeDir      Op = "make directory"
	LinkDir      Op = "link directory"
	RemoveDir    Op = "remove directory"
	CheckRemoval Op = "check removal"
	Sync         Op = "sync"
	Sweep        Op = "sweep"
	CheckKeys    Op = "check keys"
)

// A Fault is what goes wrong with a call. The zero value is nothing.
type Fault struct {
	Kind  Kind
	At    int64         // where in a body or listing, in bytes or entries, counted round if it has fewer
	Delay time.Duration // before anything else
	Cause error         // the kind of the error, such as [storage.ErrForbidden]; nil means [storage.ErrUnreachable]
}

// A Kind is a kind of fault.
type Kind string

// What an honest store can suffer, or a network do to it: whoever called is told,
// or nothing is different.
const (
	None       Kind = ""
	Fail       Kind = "fail"        // an error, and nothing was done
	LoseAnswer Kind = "lose answer" // an error, although it was done
	Twice      Kind = "twice"       // it is done a second time, and the second answer is given
	Hang       Kind = "hang"        // nothing is done until the context ends
	BreakOff   Kind = "break off"   // a body read, sent or a listing ends early with an error
)

// What a lying store does.
const (
	CutShort Kind = "cut short" // a body read or a listing ends early and without an error, a body stored is cut
	Flip     Kind = "flip"      // a byte of a body read or stored is another
	Lose     Kind = "lose"      // a put or a deletion is acknowledged and not made
	Omit     Kind = "omit"      // a listing leaves one key out
	Lag      Kind = "lag"       // a listing leaves out what was put last
)

// Honest gives the kinds of fault that a caller can know of.
func Honest() []Kind { return []Kind{Fail, LoseAnswer, Twice, Hang, BreakOff} }

// befalls tells which calls a kind of fault can befall.
func (k Kind) befalls(op Op) bool {
	switch k {
	case Fail, LoseAnswer, Twice, Hang:
		return true
	case BreakOff, CutShort:
		return op == Get || op == Put || op == List
	case Flip:
		return op == Get || op == Put
	case Lose:
		return op == Put || op == Delete || op == SetPublic || op == SetPolicy
	case Omit, Lag:
		return op == List
	case None:
	}
	return false
}

// Once gives a script by which a fault befalls one call: the first of its Op and
// Key, whose N is 0, or another one.
func Once(call Call, fault Fault) func(Call) Fault {
	return func(c Call) Fault {
		if c == call {
			return fault
		}
		return Fault{}
	}
}

// next decides about a call.
func (f *Faulty) next(op Op, store, key string) Fault {
	f.mu.Lock()
	call := Call{Op: op, Key: anyUUID.ReplaceAllString(key, "*")}
	n := f.seen[call]
	f.seen[call]++
	decide := f.decide
	f.mu.Unlock()

	var fault Fault
	if decide != nil {
		fault = decide(Call{Op: op, Key: key, N: n})
	}
	if !fault.Kind.befalls(op) {
		fault.Kind = None
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf("%s %s %q %s", op, store, key, fault.Kind))
	if fault.Kind != None {
		f.injected[fault.Kind]++
	}
	return fault
}

// error makes an error of a fault.
func (f Fault) error(op Op, store storage.Store, key string) error {
	cause := f.Cause
	if cause == nil {
		cause = storage.ErrUnreachable
	}
	return &storage.Error{Op: string(op), Store: store.String(), Key: key, Kind: cause, Err: fmt.Errorf("%w: %s", ErrInjected, f.Kind)}
}

// wasPut remembers what was put last, for listings that lag behind.
func (f *Faulty) wasPut(store, key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.latest[store] = key
}

func (f *Faulty) lastPut(store string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.latest[store]
}
