// Package web reads objects that lie under URLs, over HTTP and HTTPS.
//
// It is told which URL belongs to which key. It knows redirects, ranges and the ways
// in which web servers and the networks before them misbehave. It does not know where
// the URLs come from, what the keys mean or who signed a URL, and it writes nothing.
package web
