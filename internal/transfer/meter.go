package transfer

import (
	"io"
	"sync"
)

// Count is how far some work is.
type Count struct {
	Items, TotalItems int
	Bytes, TotalBytes int64
}

// A Meter counts items and bytes as work goes on, and tells a function. A nil
// Meter counts nothing.
type Meter struct {
	mu    sync.Mutex
	count Count
	tell  func(Count)
	told  int64 // bytes when the function was told last
}

// NewMeter makes a Meter that tells a function, which may be nil, never twice
// at the same time.
func NewMeter(items int, bytes int64, tell func(Count)) *Meter {
	if tell == nil {
		return nil
	}
	m := &Meter{count: Count{TotalItems: items, TotalBytes: bytes}, tell: tell}
	m.mu.Lock()
	defer m.mu.Unlock()
	tell(m.count)
	return m
}

// ItemDone counts one more item.
func (m *Meter) ItemDone() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count.Items++
	m.told = m.count.Bytes
	m.tell(m.count)
}

// Skip counts items and bytes that need no work.
func (m *Meter) Skip(items int, bytes int64) {
	if m == nil || items == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count.Items += items
	m.count.Bytes += bytes
	m.told = m.count.Bytes
	m.tell(m.count)
}

// tellEvery is how many bytes pass between two tellings within an item.
const tellEvery = 1 << 20

// Add counts bytes that did not pass through the Reader of a Try.
func (m *Meter) Add(bytes int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count.Bytes += bytes
	if bytes < 0 || m.count.Bytes-m.told >= tellEvery {
		m.told = m.count.Bytes
		m.tell(m.count)
	}
}

// A Try counts the bytes of one try of something that may be tried again.
type Try struct {
	meter *Meter
	bytes int64
}

// Try begins to count a try.
func (m *Meter) Try() *Try { return &Try{meter: m} }

// Reader counts the bytes that are read through it.
func (t *Try) Reader(r io.Reader) io.Reader {
	if t.meter == nil {
		return r
	}
	return triedReader{r, t}
}

// Undo takes back what the try has counted.
func (t *Try) Undo() {
	t.meter.Add(-t.bytes)
	t.bytes = 0
}

type triedReader struct {
	r io.Reader
	t *Try
}

func (r triedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if n > 0 {
		r.t.bytes += int64(n)
		r.t.meter.Add(int64(n))
	}
	return n, err
}
