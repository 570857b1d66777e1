package s3

import (
	"math/bits"
	"sync"
)

// spares are byte slices for use again and again, whose capacities are powers of
// two. Those in use and those that lie idle are never more bytes than limit
// together, as long as those in use are not more by themselves. When none is in
// use, none is kept.
//
// A sync.Pool would have no bound: it keeps slices of each capacity apart, and
// those of each processor besides.
type spares struct {
	limit int64

	mu          sync.Mutex
	idle        [64][][]byte // by the exponent of the capacity
	kept, inUse int64        // bytes
}

// capacityFor gives the bytes that a slice of a size takes.
func capacityFor(size int64) int64 { return 1 << bits.Len64(uint64(max(size, 1)-1)) }

func exponent(capacity int64) int { return bits.TrailingZeros64(uint64(capacity)) }

// take gives a slice of that size, with whatever is in it.
func (s *spares) take(size int64) []byte {
	capacity := capacityFor(size)
	if used := s.reuse(capacity); used != nil {
		return used[:size]
	}
	return make([]byte, size, capacity)
}

// reuse gives an idle slice of the capacity, or makes sure that there is room for
// a fresh one.
func (s *spares) reuse(capacity int64) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inUse += capacity
	if used := s.pop(exponent(capacity)); used != nil {
		return used
	}
	for e := len(s.idle) - 1; e >= 0 && s.kept+s.inUse > s.limit; {
		if s.pop(e) == nil {
			e--
		}
	}
	return nil
}

func (s *spares) pop(exponent int) []byte {
	list := s.idle[exponent]
	if len(list) == 0 {
		return nil
	}
	last := list[len(list)-1]
	list[len(list)-1] = nil
	s.idle[exponent] = list[:len(list)-1]
	s.kept -= int64(cap(last))
	return last
}

// give takes a slice back.
func (s *spares) give(used []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	capacity := int64(cap(used))
	s.inUse -= capacity
	if s.inUse == 0 {
		s.idle, s.kept = [64][][]byte{}, 0
		return
	}
	s.idle[exponent(capacity)] = append(s.idle[exponent(capacity)], used)
	s.kept += capacity
}
