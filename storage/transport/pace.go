package transport

import (
	"time"

	"golang.org/x/time/rate"
)

// A Pace is a bound on the bytes per second of all connections that share it,
// up and down together. A nil Pace is none.
type Pace struct {
	limiter *rate.Limiter
	step    int // bytes
}

// Each connection has its turn after a step: it is small enough for many of them
// to have theirs within a second or two, and large enough not to cost much.
const (
	stepsPerSecond = 32
	minStep        = 512
	maxStep        = 64 << 10
)

// NewPace makes a bound on bandwidth. That of nothing is none.
func NewPace(bytesPerSecond int64) *Pace {
	if bytesPerSecond <= 0 {
		return nil
	}
	step := int(min(max(bytesPerSecond/stepsPerSecond, minStep), maxStep))
	return &Pace{rate.NewLimiter(rate.Limit(bytesPerSecond), step), step}
}

// part gives as much of the bytes as may move at once.
func (p *Pace) part(b []byte) []byte {
	if p == nil {
		return b
	}
	return b[:min(len(b), p.step)]
}

// wait takes the turn for a number of bytes that part allowed, and tells when that
// is if it has to wait. It ends early if the connection is closed, and then
// leaves its turn to others.
func (p *Pace) wait(bytes int, closed <-chan struct{}, tell func(turn time.Time)) {
	if p == nil || bytes == 0 {
		return
	}
	now := time.Now()
	turn := p.limiter.ReserveN(now, bytes)
	delay := turn.DelayFrom(now)
	if delay == 0 {
		return
	}
	tell(now.Add(delay))
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closed:
		turn.Cancel()
	}
}
