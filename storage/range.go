package storage

import "fmt"

// A Range is a part of an object. The zero Range is the whole.
type Range struct {
	Offset int64 // bytes from the start
	Length int64 // bytes; 0 means up to the end
}

// In gives the number of bytes that the range names in an object of the given
// size. A range that reaches beyond the object, or begins at its end, is
// [ErrCorrupted], for whoever asked for it took the object to be larger. Only
// the zero Range names no byte, and only of an empty object.
func (r Range) In(size int64) (int64, error) {
	if r == (Range{}) {
		return size, nil
	}
	left := size - r.Offset
	if r.Offset < 0 || r.Length < 0 || left <= 0 || r.Length > left {
		return 0, fmt.Errorf("%w: no %s in an object of %d bytes", ErrCorrupted, r, size)
	}
	if r.Length == 0 {
		return left, nil
	}
	return r.Length, nil
}

// String says which bytes the range names.
func (r Range) String() string {
	if r.Length == 0 {
		return fmt.Sprintf("bytes from %d on", r.Offset)
	}
	return fmt.Sprintf("%d bytes from %d on", r.Length, r.Offset)
}
