//go:build !linux

package main

// programs gives what this test's own program can be, by the name that it is run by.
func programs() map[string]func() { return map[string]func(){"dtool": main, "curl": curl} }
