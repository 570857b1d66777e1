package s3test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

// A process is a server that was started here.
type process struct {
	addr    string   // host:port
	dir     string   // where the server keeps all that it has
	health  string   // the URL under which the server answers when it is ready
	sockets []string // files elsewhere that the server leaves behind
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process is gone
}

// dataDir is where a server has a directory for each bucket.
func dataDir(dir string) string { return filepath.Join(dir, "data") }

func serverLog(dir string) string { return filepath.Join(dir, "server.log") }

func accessLog(dir string) string { return filepath.Join(dir, "access.log") }

// startTries bounds how often another port is tried: a port that was free a
// moment ago may have been taken.
const startTries = 5

// errNoXattr is the server's complaint about a file system that cannot hold
// metadata beside the bytes of a file.
var errNoXattr = errors.New("the file system has no extended attributes")

func startProcess(ctx context.Context, binary, dir string, s *Server) (*process, error) {
	data, meta := dataDir(dir), filepath.Join(dir, "meta")
	for _, d := range []string{data, meta, usersDir(dir)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	backend := []string{"posix", data}
	return onFreePort(ctx, func(addr string) (*process, error) {
		p, err := launch(ctx, binary, addr, dir, s, backend)
		if errors.Is(err, errNoXattr) {
			// Files do as well, but for metadata that outlives its object.
			backend = []string{"posix", "--sidecar", meta, data}
		}
		return p, err
	})
}

// onFreePort starts a process on one port or another.
func onFreePort(ctx context.Context, start func(addr string) (*process, error)) (*process, error) {
	var err error
	for range startTries {
		var addr string
		if addr, err = freeAddr(); err != nil {
			return nil, err
		}
		var p *process
		if p, err = start(addr); err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// launch starts the server and waits until it answers.
func launch(ctx context.Context, binary, addr, dir string, s *Server, backend []string) (*process, error) {
	output, err := os.Create(serverLog(dir))
	if err != nil {
		return nil, err
	}
	defer output.Close() // the child has its own handle

	health := "/" + rand.Text()
	p := &process{addr: addr, dir: dir, health: "http://" + addr + health, ended: make(chan struct{})}
	args := []string{"--port", addr, "--quiet", "--keep-alive", "--health", health, "--access-log", accessLog(dir), "--iam-dir", usersDir(dir)}
	p.cmd = exec.Command(binary, append(args, backend...)...)
	p.cmd.Env = append(os.Environ(),
		"ROOT_ACCESS_KEY_ID="+s.AccessKey, "ROOT_SECRET_ACCESS_KEY="+s.SecretKey, "VGW_REGION="+s.Region)
	p.cmd.Stdout, p.cmd.Stderr = output, output
	if err := p.run(ctx, answering(p.health)); err != nil {
		return nil, explain(err, output.Name())
	}
	return p, nil
}

// explain adds what the server itself had to say.
func explain(err error, log string) error {
	said, readErr := os.ReadFile(log)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	if bytes.Contains(said, []byte("xattr check failed")) {
		return errNoXattr
	}
	return fmt.Errorf("%w; it said at last: %s", err, said[max(0, len(said)-1000):])
}

// freeAddr gives an address of this machine that nobody has. Its port is below those
// that systems give to whoever asks for any, so that it is still free when a server
// is started again, or a proxy takes connections again.
func freeAddr() (string, error) {
	const first, last = 12000, 32000
	var err error
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+mathrand.IntN(last-first)))
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", err
}

// start starts the process from a thread that lives as long as it does: Linux
// ends a child with the thread that started it, and Go ends threads.
func (p *process) start() error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		close(p.ended)
	}()
	return <-started
}

// run starts the process and returns when it is ready.
func (p *process) run(ctx context.Context, ready func(context.Context) bool) error {
	endWithParent(p.cmd)
	if err := p.start(); err != nil {
		return err
	}
	if err := p.await(ctx, ready); err != nil {
		p.stop()
		return err
	}
	return nil
}

func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	<-p.ended
	for _, path := range p.sockets {
		_ = os.Remove(path)
	}
}

// await returns when the server is ready, of which there is to be a sign that
// nobody else could give.
func (p *process) await(ctx context.Context, ready func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if ready(ctx) {
			return nil
		}
		select {
		case <-p.ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func answering(url string) func(context.Context) bool {
	return func(ctx context.Context) bool { return answers(ctx, url) }
}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
