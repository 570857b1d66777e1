//go:build !crashpoint

package disk

// step marks a moment between two changes of the disk. It does nothing: only a
// build with the tag crashpoint, which is for tests, has the process killed there.
func step(string) {}
