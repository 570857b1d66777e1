//go:build !linux && !darwin

package main

import (
	"errors"
	"os"
)

// peakMemory cannot be told here.
func peakMemory(*os.ProcessState) size { return 0 }

func ownPeakMemory() size { return 0 }

func freeDisk(string) (size, error) {
	return 0, errors.New("the free space cannot be told on this system")
}
