package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignalEndsAllKindsOfWaiting sends a signal to a program that waits for something
// which does not come, or has much to do. It is to end all the same, and soon.
func TestSignalEndsAllKindsOfWaiting(t *testing.T) {
	program := release(t)
	dir := t.TempDir()
	for i := range 10_000 {
		makeFile(t, filepath.Join(dir, "many", fmt.Sprint(i%100), fmt.Sprint(i)), "")
	}
	makeFile(t, filepath.Join(dir, "large", "hole"), "")
	if err := os.Truncate(filepath.Join(dir, "large", "hole"), 1<<40); err != nil { // half an hour's work to hash
		t.Fatal(err)
	}
	waiting := func(t *testing.T, args ...string) *waiter { return startWaiting(t, program, dir, args...) }
	waiting(t, "create", "--from", "many", "listed").mustEnd(0)
	waiting(t, "create", "-s", "large", "linked").mustEnd(0)

	for name, test := range map[string]struct {
		args  []string
		until func(w *waiter)
	}{
		"hashing a large file":        {[]string{"freeze", "linked"}, func(w *waiter) { w.untilRead(100 << 20) }},
		"taking in many files":        {[]string{"create", "--from", "many", "more"}, func(w *waiter) { w.untilThere("more/data") }},
		"asking a silent store":       {[]string{"ls", "s3://bucket"}, (*waiter).untilAsked},
		"creating in a silent store":  {[]string{"create", "a", "s3://bucket"}, (*waiter).untilAsked},
		"filling a silent store":      {[]string{"create", "--from", "many/0", "a", "s3://bucket"}, (*waiter).untilAsked},
		"awaiting standard input":     {[]string{"readme", "write", "listed", "-"}, (*waiter).untilFed},
		"printing what nobody reads":  {[]string{"ls", "listed"}, (*waiter).untilPrinted},
		"copying to where none looks": {[]string{"cp", "listed", "s3://bucket"}, (*waiter).untilAsked},
	} {
		t.Run(name, func(t *testing.T) {
			w := waiting(t, test.args...)
			test.until(w)
			begun := time.Now()
			w.signal(syscall.SIGINT)
			w.mustEnd(130)
			if took := time.Since(begun); took > patienceOfTests {
				t.Errorf("it took %v to end", took)
			} else {
				t.Logf("it took %v", took)
			}
			if _, err := os.Stat(filepath.Join(dir, "more")); err == nil && !w.saysThatSomethingIsLeft() {
				t.Errorf("half of a dataset is left, and it said %s", w.said.String())
			}
			if err := os.RemoveAll(filepath.Join(dir, "more")); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestTheSecondSignalEndsTheProgramAtOnce sends it while the program tidies up.
func TestTheSecondSignalEndsTheProgramAtOnce(t *testing.T) {
	w := startWaiting(t, release(t), t.TempDir(), "create", "a", "s3://bucket")
	w.untilAsked()
	w.signal(syscall.SIGINT)
	w.untilAsked() // to remove what was begun
	w.signal(syscall.SIGTERM)
	<-w.ended
	const said = "dtool: stopped by signal: terminated, before all was tidied up\nhint: "
	if code := w.cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGTERM) || !strings.HasPrefix(w.said.String(), said) {
		t.Errorf("it ended with %v and said %q, want it to end by the second signal", w.cmd.ProcessState, w.said.String())
	}
}

// A waiter is a program that runs beside a store which never answers.
type waiter struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *os.File
	said  strings.Builder // to be read when it has ended
	asked chan struct{}
	ended chan struct{} // closed when it has
}

func startWaiting(t *testing.T, program, dir string, args ...string) *waiter {
	t.Helper()
	w := &waiter{t: t, asked: make(chan struct{}, 100), ended: make(chan struct{})}
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		w.asked <- struct{}{}
		<-end
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(end) })
	w.cmd = exec.Command(program, args...)
	w.cmd.Dir = dir
	w.cmd.Env = []string{
		"HOME=" + dir, "USER=olssont", "DTOOL_S3_ENDPOINT_bucket=" + server.URL,
		"DTOOL_S3_ACCESS_KEY_ID_bucket=key", "DTOOL_S3_SECRET_ACCESS_KEY_bucket=secret", "DTOOL_MAX_FILES_LIMIT=20000",
	}
	out, printed, err := os.Pipe()
	if err == nil {
		w.in, err = w.cmd.StdinPipe()
	}
	if err != nil {
		t.Fatal(err)
	}
	w.out, w.cmd.Stdout, w.cmd.Stderr = out, printed, &w.said
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	printed.Close()
	go func() {
		_ = w.cmd.Wait() // its state tells
		close(w.ended)
	}()
	t.Cleanup(func() {
		_ = w.cmd.Process.Kill()
		<-w.ended
		out.Close()
	})
	return w
}

func (w *waiter) signal(s syscall.Signal) {
	w.t.Helper()
	if err := w.cmd.Process.Signal(s); err != nil {
		w.t.Fatal(err)
	}
}

func (w *waiter) mustEnd(code int) {
	w.t.Helper()
	<-w.ended
	if got := w.cmd.ProcessState.ExitCode(); got != code {
		w.t.Errorf("it ended with %v, want exit code %d: %s", w.cmd.ProcessState, code, w.said.String())
	}
}

// saysThatSomethingIsLeft is for a disk that takes longer than the program may.
func (w *waiter) saysThatSomethingIsLeft() bool {
	said := w.said.String()
	return strings.Contains(said, "could not be removed") || strings.Contains(said, "before all was tidied up")
}

func (w *waiter) untilAsked() {
	w.t.Helper()
	select {
	case <-w.asked:
	case <-w.ended:
		w.hasEnded()
	}
}

// hasEnded fails the test of a program that was to be at work.
func (w *waiter) hasEnded() {
	w.t.Helper()
	w.t.Fatalf("it ended early with %v: %s", w.cmd.ProcessState, w.said.String())
}

// untilFed gives more than a pipe holds, so that some of it was read.
func (w *waiter) untilFed() {
	w.t.Helper()
	if _, err := w.in.Write(make([]byte, 1<<20)); err != nil {
		w.t.Fatal(err)
	}
}

// untilPrinted reads the beginning of a text that does not fit into a pipe.
func (w *waiter) untilPrinted() {
	w.t.Helper()
	if _, err := io.ReadFull(w.out, make([]byte, 1)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *waiter) untilThere(name string) {
	w.t.Helper()
	w.until(func() bool {
		_, err := os.Stat(filepath.Join(w.cmd.Dir, name))
		return err == nil
	})
}

// untilRead waits until the program has read so many bytes, of whatever.
func (w *waiter) untilRead(bytes int64) {
	w.t.Helper()
	w.until(func() bool {
		var read int64
		counts, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", w.cmd.Process.Pid))
		if err == nil {
			_, err = fmt.Sscanf(string(counts), "rchar: %d", &read)
		}
		return err == nil && read > bytes
	})
}

func (w *waiter) until(done func() bool) {
	w.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-w.ended:
			w.hasEnded()
		}
	}
}
