package cli

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dtool-go/dtool/internal/show"
)

// An output is standard output: buffered, with its first failure kept for the end.
// What is printed is on its way to the reader within outputDelay, whatever the
// command waits for by then, and much that is printed at once goes together. It
// is safe for concurrent use.
type output struct {
	terminal bool

	mu    sync.Mutex
	w     *bufio.Writer
	timer *time.Timer // not nil while something waits in the buffer
}

const outputDelay = 100 * time.Millisecond

func newOutput(w io.Writer) *output {
	return &output{w: bufio.NewWriter(w), terminal: isTerminal(w)}
}

// Printf prints results. Texts among the arguments may come from a dataset that
// anybody wrote: on a terminal what it would act on is shown escaped, while a pipe
// gets them verbatim.
func (o *output) Printf(format string, args ...any) {
	if o.terminal {
		args = ofOneLine(args)
	}
	fmt.Fprintf(o, format, args...)
	if o.terminal {
		_ = o.Flush() // the failure is kept, and Flush gives it at the end
	}
}

// ofOneLine escapes the texts among arguments, line ends and all.
func ofOneLine(args []any) []any {
	args = slices.Clone(args)
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = show.Escape(text, "")
		}
	}
	return args
}

// Text prints a text of several lines: as it is, or on a terminal with all but
// its line ends and tabs escaped.
func (o *output) Text(text []byte) {
	if o.terminal {
		text = []byte(show.Escape(string(text), "\n\t"))
	}
	_, _ = o.Write(text)
}

// Write takes text of the program's own, such as help.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.w.Write(p)
	if o.timer == nil && o.w.Buffered() > 0 {
		o.timer = time.AfterFunc(outputDelay, func() { _ = o.Flush() })
	}
	return n, err
}

// Flush brings out what is buffered, and tells whether everything since the
// start could be written. When it has returned, nothing is written by itself.
func (o *output) Flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
	if err := o.w.Flush(); err != nil {
		return &outputError{err}
	}
	return nil
}

// An outputError means that results did not reach standard output.
type outputError struct{ err error }

func (e *outputError) Error() string { return "writing to standard output: " + e.err.Error() }

func (e *outputError) Unwrap() error { return e.err }

// Notes go to standard error: whatever is said beside the results. Terminal or
// not, nothing in them reaches one as a command. They are kept in logs, where nobody
// expects secrets: no note has what a URL was signed with.
type notes struct{ w io.Writer }

// Printf prints a note of one line, without its end in the format. An error among the
// arguments may have several lines, a text has one.
func (n notes) Printf(format string, args ...any) {
	text := withoutQueries(fmt.Sprintf(format, ofOneLine(args)...))
	text = show.Escape(shortened(text), "\n\t")
	// Further lines are indented, so that no text from elsewhere can pass for a
	// note of ours.
	fmt.Fprintln(n.w, strings.ReplaceAll(text, "\n", "\n  "))
}

var queryInURL = regexp.MustCompile(`(?i)(https?://[^\s?]*)\?[^\s'"]+`)

// withoutQueries shows of URLs that they have a query, and not which.
func withoutQueries(text string) string { return queryInURL.ReplaceAllString(text, "$1?...") }

// maxLine is how many bytes a line of a note has at most: room for two of the longest
// paths that Linux takes, and what is said about them.
const maxLine = 12 << 10

// shortened leaves out the middle of lines that are too long. It is an argument that
// makes them so, and what is said of it stands before and behind.
func shortened(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if len(line) > maxLine {
			lines[i] = line[:maxLine/2] + " ... " + line[len(line)-maxLine/2:]
		}
	}
	return strings.Join(lines, "\n")
}
