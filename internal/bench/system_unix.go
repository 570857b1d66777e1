//go:build linux || darwin

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peakMemory gives the most memory that a process had resident.
func peakMemory(p *os.ProcessState) size {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return maxResident(usage)
	}
	return 0
}

// ownPeakMemory gives it of this process.
func ownPeakMemory() size {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return maxResident(&usage)
}

func maxResident(usage *syscall.Rusage) size {
	if runtime.GOOS == "darwin" {
		return size(usage.Maxrss)
	}
	return size(usage.Maxrss) * kib
}

// freeDisk gives what users may still write to the file system of a directory.
func freeDisk(dir string) (size, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return size(fs.Bavail * uint64(fs.Bsize)), nil
}
