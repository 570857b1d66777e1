package dtool

import (
	"sync"

	"github.com/dtool-go/dtool/internal/transfer"
)

// An Observer is told how an operation goes on. Its functions are never called
// at the same time. The zero Observer is told nothing.
type Observer struct {
	// Progress is told how far the operation is.
	Progress func(Progress)
	// Warn is told what the user should know although it is no failure.
	Warn func(message string)
}

// Progress is how far an operation is.
type Progress struct {
	Phase             string // what is being done: "Hashing", "Adding", "Copying", "Verifying"
	Items, TotalItems int
	Bytes, TotalBytes int64
}

func (o Observer) meter(phase string, items int, bytes int64) *transfer.Meter {
	if o.Progress == nil {
		return nil
	}
	return transfer.NewMeter(items, bytes, func(c transfer.Count) {
		o.Progress(Progress{phase, c.Items, c.TotalItems, c.Bytes, c.TotalBytes})
	})
}

// oneAtATime keeps what many workers tell apart.
func (o Observer) oneAtATime() Observer {
	var mu sync.Mutex
	one := Observer{}
	if o.Progress != nil {
		one.Progress = func(p Progress) { mu.Lock(); defer mu.Unlock(); o.Progress(p) }
	}
	one.Warn = func(message string) {
		if o.Warn != nil {
			mu.Lock()
			defer mu.Unlock()
			o.Warn(message)
		}
	}
	return one
}
