package web

import "net/url"

// Shown gives what is told of a URL.
func Shown(u *url.URL) string { return shown(u) }
