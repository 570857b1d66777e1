//go:build !linux

package disk

import (
	"errors"
	"os"
	"time"
)

// setModTime cannot be done here to an open file.
func setModTime(*os.File, time.Time) error { return errors.ErrUnsupported }

// reserve cannot set room aside: a full disk is found when it is full.
func reserve(*os.File, int64) error { return nil }

// startSending leaves it to the system when to begin.
func startSending(*os.File, int64, int64) {}
