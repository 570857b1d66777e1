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

// Add counts bytes that did not pass through a Reader.
func (m *Meter) Add(bytes int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count.Bytes += bytes
	if m.count.Bytes-m.told >= tellEvery {
		m.told = m.count.Bytes
		m.tell(m.count)
	}
}

// Reader counts the bytes that are read through it.
func (m *Meter) Reader(r io.Reader) io.Reader {
	if m == nil {
		return r
	}
	return meteredReader{r, m}
}

type meteredReader struct {
	r io.Reader
	m *Meter
}

func (r meteredReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if n > 0 {
		r.m.Add(int64(n))
	}
	return n, err
}
