package storage_test

import (
	"errors"
	"math"
	"testing"

	"github.com/dtool-go/dtool/storage"
)

func TestRangeIn(t *testing.T) {
	for _, c := range []struct {
		r    storage.Range
		size int64
		want int64 // -1 for a range that is refused
	}{
		{storage.Range{}, 0, 0},
		{storage.Range{}, 10, 10},
		{storage.Range{Offset: 3}, 10, 7},
		{storage.Range{Length: 10}, 10, 10},
		{storage.Range{Offset: 9, Length: 1}, 10, 1},
		{storage.Range{Length: 11}, 10, -1},
		{storage.Range{Offset: 9, Length: 2}, 10, -1},
		{storage.Range{Offset: 10}, 10, -1},
		{storage.Range{Offset: 11}, 10, -1},
		{storage.Range{Length: 1}, 0, -1},
		{storage.Range{Offset: -1}, 10, -1},
		{storage.Range{Length: -1}, 10, -1},
		{storage.Range{Offset: 1, Length: math.MaxInt64}, 10, -1},
		{storage.Range{Offset: math.MaxInt64, Length: math.MaxInt64}, 10, -1},
	} {
		got, err := c.r.In(c.size)
		switch {
		case c.want < 0 && !errors.Is(err, storage.ErrCorrupted):
			t.Errorf("%v in %d bytes: %d, %v; want ErrCorrupted", c.r, c.size, got, err)
		case c.want >= 0 && (err != nil || got != c.want):
			t.Errorf("%v in %d bytes: %d, %v; want %d", c.r, c.size, got, err, c.want)
		}
	}
}
