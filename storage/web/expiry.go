package web

import (
	"net/url"
	"strconv"
	"time"
)

// Expiry gives when the signature of a URL ceases to be valid, if it has one and tells that.
func Expiry(text string) (time.Time, bool) {
	u, err := url.Parse(text)
	if err != nil {
		return time.Time{}, false
	}
	return expiry(u)
}

// expiry gives when the signature of a URL ceases to be valid, of those whose URL tells
// it: AWS, in both ways, and Google.
func expiry(u *url.URL) (time.Time, bool) {
	q := u.Query()
	for _, prefix := range []string{"X-Amz-", "X-Goog-"} {
		signed, err := time.Parse("20060102T150405Z", q.Get(prefix+"Date"))
		if seconds, ok := wholeSeconds(q.Get(prefix + "Expires")); ok && err == nil {
			return signed.Add(time.Duration(seconds) * time.Second), true
		}
	}
	if !q.Has("Signature") {
		return time.Time{}, false
	}
	seconds, ok := wholeSeconds(q.Get("Expires"))
	return time.Unix(seconds, 0).UTC(), ok
}

// wholeSeconds reads a number of seconds that a time may be made of.
func wholeSeconds(text string) (int64, bool) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	const most = 1 << 33 // what a duration can hold, and a moment of the year 2242
	return seconds, err == nil && seconds >= 0 && seconds <= most
}

// IsCutOff tells of a URL that it was signed, and has lost its signature.
func IsCutOff(u *url.URL) bool {
	q := u.Query()
	return q.Has("X-Amz-Algorithm") && !q.Has("X-Amz-Signature") || q.Has("X-Goog-Algorithm") && !q.Has("X-Goog-Signature")
}
