package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// waits is the log of the stores as a person sees it: a line for what keeps a command
// waiting, such as a request that is made again and again. Stores log that at the level
// Info, with the name of the store, and with how long somebody has waited for it. What
// passes soon is not told.
type waits struct {
	*teller
	store string
}

// The names of the attributes that mean something here.
const (
	attrStore  = "store"
	attrWaited = "waited"
)

const (
	toldAfter = time.Second      // before that nobody wonders
	toldEvery = 10 * time.Second // many requests may be in trouble at once
)

// A teller writes the lines, with enough time between them. It is safe for concurrent
// use.
type teller struct {
	now func() time.Time

	mu     sync.Mutex
	notes  notes
	last   time.Time // when the last line was written
	untold int       // what came since then
}

func newTeller(w io.Writer, now func() time.Time) *teller {
	if now == nil {
		now = time.Now
	}
	return &teller{now: now, notes: notes{w}}
}

// through has the lines go another way, past bars that are shown.
func (t *teller) through(w io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes.w = w
}

// tell writes a line, with what it is about in brackets, unless one was written just
// now.
func (t *teller) tell(line string, about []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if !t.last.IsZero() && now.Sub(t.last) < toldEvery {
		t.untold++
		return
	}
	if t.untold > 0 {
		about = append(about, fmt.Sprintf("%d more since the last such line", t.untold))
	}
	t.last, t.untold = now, 0
	t.notes.Printf("dtool: %s (%s)", line, strings.Join(about, ", "))
}

// Enabled leaves out what helps to find a fault alone, and what is no wait.
func (w waits) Enabled(_ context.Context, level slog.Level) bool { return level == slog.LevelInfo }

// Handle tells what a store has logged.
func (w waits) Handle(_ context.Context, r slog.Record) error {
	var waited time.Duration
	var about []string
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == attrWaited {
			waited = a.Value.Duration()
		} else {
			about = append(about, a.Key+" "+a.Value.String())
		}
		return true
	})
	if waited >= toldAfter {
		w.tell(w.store+": "+r.Message, about)
	}
	return nil
}

// WithAttrs takes the name of the store.
func (w waits) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		if a.Key == attrStore {
			w.store = a.Value.String()
		}
	}
	return w
}

// WithGroup changes nothing: the stores have no groups.
func (w waits) WithGroup(string) slog.Handler { return w }
