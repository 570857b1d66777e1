package cli

import (
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
)

// observe gives the library an observer. Warnings always go to standard error,
// and progress to bars there if it is a terminal. The function that is returned
// ends the display; until then nothing else may be printed.
func (a *app) observe(quiet bool) (dtool.Observer, func()) {
	d := &display{notes: a.notes, waits: a.waits}
	o := dtool.Observer{Warn: d.warn}
	if !quiet && a.showsProgress() {
		o.Progress = d.update
	}
	return o, d.end
}

func (a *app) showsProgress() bool {
	return !a.debug && isTerminal(a.Stderr) && !slices.Contains(a.Environ, "TERM=dumb")
}

// counter shows how far work is whose end nobody knows: a format with the number
// of calls of the first function, once that takes a second. The second function
// removes it; until then nothing else may be printed.
func (a *app) counter(format string) (one, end func()) {
	if !a.showsProgress() {
		return func() {}, func() {}
	}
	begin := make(chan any)
	bars := mpb.New(mpb.WithOutput(a.Stderr), mpb.WithRenderDelay(begin))
	wait := time.AfterFunc(time.Second, func() {
		close(begin)
		a.waits.through(above{bars, a.Stderr}) // until then bars swallow what they get
	})
	bar := bars.New(0, mpb.NopStyle(), mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.CurrentNoUnit(format)))
	return bar.Increment, func() {
		wait.Stop()
		bar.Abort(true)
		bars.Wait()
	}
}

// A display shows a bar for each phase of the work, one below the other.
type display struct {
	notes notes
	waits *teller
	bars  *mpb.Progress // nil until there is something to show
	now   *phase        // nil until then
}

func (d *display) update(p dtool.Progress) {
	if d.bars == nil {
		d.bars = mpb.New(mpb.WithOutput(d.notes.w))
		d.waits.through(above{d.bars, d.notes.w})
	}
	if d.now == nil || d.now.name != p.Phase {
		d.now.end()
		d.now = beginPhase(d.bars, p)
	}
	d.now.update(p)
}

// warn prints a warning, above the bars if there are any.
func (d *display) warn(message string) {
	n := d.notes
	if d.bars != nil {
		n.w = above{d.bars, d.notes.w}
	}
	n.Printf("dtool: warning: %s", message)
}

// above writes above bars, and in their place once they have ended.
type above struct {
	bars  *mpb.Progress
	place io.Writer
}

func (a above) Write(p []byte) (int, error) {
	if n, err := a.bars.Write(p); err == nil {
		return n, nil
	}
	return a.place.Write(p)
}

func (d *display) end() {
	d.now.end()
	d.now = nil
	if d.bars != nil {
		d.bars.Wait()
		d.bars = nil
	}
}

// A phase is one bar.
type phase struct {
	name string
	bar  *mpb.Bar
	last atomic.Pointer[dtool.Progress] // which the painter of the bar reads
}

func beginPhase(bars *mpb.Progress, p dtool.Progress) *phase {
	ph := &phase{name: p.Phase}
	ph.last.Store(&p)
	// A total of 0 keeps the bar open until it is told that all is done: progress
	// may go back behind the last byte, when a store asks for it again.
	ph.bar = bars.AddBar(0,
		mpb.BarWidth(24), // with the texts beside it the line fits 80 columns
		mpb.PrependDecorators(decor.Any(ph.counts)),
		mpb.AppendDecorators(
			decor.OnAbort(decor.AverageSpeed(decor.SizeB1024(0), "%.1f"), ""),
			decor.Name(" "),
			decor.OnAbort(decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO), "done"), "stopped"),
		),
	)
	return ph
}

func (ph *phase) update(p dtool.Progress) {
	ph.last.Store(&p)
	done, total := measure(p)
	ph.bar.SetTotal(total, false)
	ph.bar.SetCurrent(done)
}

// measure gives how far the work is: in bytes, or in items where all are empty.
func measure(p dtool.Progress) (done, total int64) {
	if p.TotalBytes > 0 {
		return p.Bytes, p.TotalBytes
	}
	return int64(p.Items), int64(p.TotalItems)
}

// counts is the text before the bar.
func (ph *phase) counts(decor.Statistics) string {
	p := ph.last.Load()
	if p.TotalBytes == 0 {
		return fmt.Sprintf("%s %d/%d ", ph.name, p.Items, p.TotalItems)
	}
	return fmt.Sprintf("%s %d/%d  %s/%s ", ph.name, p.Items, p.TotalItems, show.Size(p.Bytes), show.Size(p.TotalBytes))
}

func (ph *phase) end() {
	if ph == nil {
		return
	}
	if p := ph.last.Load(); p.Items >= p.TotalItems && p.Bytes >= p.TotalBytes {
		ph.bar.SetTotal(-1, true)
	} else {
		ph.bar.Abort(false)
	}
	ph.bar.Wait()
}
