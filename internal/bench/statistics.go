package main

import (
	"cmp"
	"slices"
)

// median gives the middle of some values, and of an even number the mean of the
// two in the middle. Of none it is zero.
func median[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// pairedRatio gives the median of the ratios of values that belong together: a
// disturbance of the machine that lasts for a round is in both of them.
func pairedRatio[T ~int64](of, to []T) float64 {
	var ratios []float64
	for i := range min(len(of), len(to)) {
		ratios = append(ratios, float64(of[i])/float64(to[i]))
	}
	return median(ratios)
}

// column gives one value of each of many.
func column[S, T any](from []S, value func(S) T) []T {
	values := make([]T, 0, len(from))
	for _, s := range from {
		values = append(values, value(s))
	}
	return values
}

// smallest gives the index of the smallest value, and -1 if there is none.
func smallest[T cmp.Ordered](values []T) int {
	if len(values) == 0 {
		return -1
	}
	return slices.Index(values, slices.Min(values))
}
