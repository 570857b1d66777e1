package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtool-go/dtool/internal/s3test"
)

// Memory that the program may hold at most, in MiB: of a copy, however large the
// files, and of anything that is done with 100,000 items.
const (
	mostForCopies = 256
	mostForItems  = 400
)

// TestFootprint looks at what the program takes of the machine: memory and open
// files.
func TestFootprint(t *testing.T) {
	path := release(t)
	for name, test := range map[string]func(p *program){
		"a hundred thousand items take bounded memory": aHundredThousandItems,
		"a large file takes bounded memory":            aLargeFile,
		"a stalled store takes bounded memory":         aStalledStore,
		"few files are open at once":                   fewFilesOpen,
	} {
		t.Run(name, func(t *testing.T) {
			test(&program{t, path, []string{
				"HOME=" + t.TempDir(), "TMPDIR=" + os.TempDir(), "USER=olssont", "DTOOL_MAX_FILES_LIMIT=1000000",
			}})
		})
	}
}

// A program is dtool with an environment of its own.
type program struct {
	t       *testing.T
	path    string
	environ []string
}

// reach lets the program reach a new bucket at an endpoint, and gives its URI.
func (p *program) reach(server *s3test.Server, endpoint string) string {
	bucket := server.NewBucket(p.t)
	variable := strings.ReplaceAll(bucket, "-", "_")
	p.environ = append(p.environ,
		"DTOOL_S3_ENDPOINT_"+variable+"="+endpoint,
		"DTOOL_S3_ACCESS_KEY_ID_"+variable+"="+server.AccessKey,
		"DTOOL_S3_SECRET_ACCESS_KEY_"+variable+"="+server.SecretKey)
	return "s3://" + bucket
}

func (p *program) command(ctx context.Context, args ...string) (*exec.Cmd, *bytes.Buffer) {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.environ, &output, &output
	return cmd, &output
}

// run runs the program to its end, and gives what it printed. It must be through
// with no more than so many MiB resident.
func (p *program) run(most int, args ...string) string {
	p.t.Helper()
	output, peak, err := p.measure(p.t.Context(), args...)
	if err != nil {
		p.t.Fatalf("%v: %v: %s", args, err, output)
	}
	if peak > most {
		p.t.Errorf("%s takes %d MiB, want at most %d", strings.Join(args, " "), peak, most)
	}
	return output
}

// measure runs the program to its end, and gives what it printed and how many MiB it
// had resident at most.
func (p *program) measure(ctx context.Context, args ...string) (output string, peak int, err error) {
	p.t.Helper()
	into := filepath.Join(p.t.TempDir(), "peak")
	cmd, out := p.command(ctx, args...)
	cmd.Path, err = exec.LookPath("peak-of")
	mustDo(p.t, err)
	cmd.Args = append([]string{"peak-of", into, p.path}, args...)
	err = cmd.Run()
	if ctx.Err() != nil {
		return out.String(), 0, ctx.Err()
	}
	text, readErr := os.ReadFile(into)
	mustDo(p.t, readErr)
	kib, readErr := strconv.Atoi(string(text))
	mustDo(p.t, readErr)
	return out.String(), kib >> 10, err
}

// proto makes a proto dataset in a directory, and gives the path of its data.
func (p *program) proto(base, name string) (dataset, data string) {
	p.t.Helper()
	p.run(mostForCopies, "create", name, base)
	dataset = filepath.Join(base, name)
	return dataset, filepath.Join(dataset, "data")
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// scatter makes small files, a thousand in a directory. They are links to a few,
// which takes less time.
func scatter(t *testing.T, dir string, n int) {
	t.Helper()
	below, first := "", ""
	for i := range n {
		if i%1000 == 0 {
			below = filepath.Join(dir, fmt.Sprintf("dir-%03d", i/1000))
			mustDo(t, os.MkdirAll(below, 0o755))
		}
		path := filepath.Join(below, fmt.Sprintf("the-name-of-an-item-%06d.fastq.gz", i))
		if i%10_000 == 0 { // file systems allow some tens of thousands of links
			first = path
			write(t, first, "content\n")
			continue
		}
		mustDo(t, os.Link(first, path))
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func aHundredThousandItems(p *program) {
	base, other := p.t.TempDir(), p.t.TempDir()
	dataset, data := p.proto(base, "many")
	scatter(p.t, data, 100_000)
	p.run(mostForItems, "freeze", dataset)

	// A whole copy, whose items lie in the same place.
	there := filepath.Join(other, "many")
	mustDo(p.t, os.CopyFS(filepath.Join(there, ".dtool"), os.DirFS(filepath.Join(dataset, ".dtool"))))
	write(p.t, filepath.Join(there, "README.yml"), "")
	mustDo(p.t, os.Symlink(data, filepath.Join(there, "data")))

	for _, args := range [][]string{
		{"summary", dataset},
		{"ls", dataset},
		{"identifiers", dataset},
		{"verify", dataset},
		{"cp", "--resume", dataset, other},
	} {
		out := p.run(mostForItems, args...)
		if n := strings.Count(out, "\n"); args[0] == "identifiers" && n != 100_000 {
			p.t.Errorf("there are %d identifiers", n)
		}
	}
}

func aLargeFile(p *program) {
	server := s3test.StartOwn(p.t)
	bucket := p.reach(server, server.Endpoint)
	dataset, data := p.proto(p.t.TempDir(), "large")
	sparse(p.t, filepath.Join(data, "large.dat"), 2*mostForCopies<<20)
	sparse(p.t, filepath.Join(data, "half.dat"), mostForCopies<<20)
	p.run(mostForCopies, "freeze", dataset)
	there := strings.TrimSpace(p.run(mostForCopies, "cp", "--quiet", dataset, bucket))
	p.run(mostForCopies, "verify", "--full", there)
	p.run(mostForCopies, "cp", there, p.t.TempDir())
	other := s3test.StartOwn(p.t) // between servers, what is read and what is sent both take room
	p.run(mostForCopies, "cp", there, p.reach(other, other.Endpoint))
}

// sparse makes a file that takes no room.
func sparse(t *testing.T, path string, size int64) {
	t.Helper()
	write(t, path, "")
	mustDo(t, os.Truncate(path, size))
}

// fewFilesOpen has more items than files may be open, by far.
func fewFilesOpen(p *program) {
	server := s3test.StartOwn(p.t)
	bucket := p.reach(server, server.Endpoint)
	source, base := p.t.TempDir(), p.t.TempDir()
	scatter(p.t, source, 20_000)
	p.limited("create", "--from", source, "many", base)
	p.limited("verify", "--full", filepath.Join(base, "many"))

	dataset, data := p.proto(p.t.TempDir(), "fewer") // to a server and back
	scatter(p.t, data, 2_000)
	p.limited("freeze", dataset)
	there := strings.TrimSpace(p.limited("cp", "--quiet", dataset, bucket))
	p.limited("verify", "--full", there)
	p.limited("cp", there, p.t.TempDir())
}

// limited runs the program with no more than 256 files open.
func (p *program) limited(args ...string) string {
	p.t.Helper()
	shell := exec.CommandContext(p.t.Context(), "sh", append([]string{"-c", `ulimit -n 256; exec "$0" "$@"`, p.path}, args...)...)
	shell.Env = p.environ
	var stdout, stderr bytes.Buffer
	shell.Stdout, shell.Stderr = &stdout, &stderr
	if err := shell.Run(); err != nil {
		p.t.Fatalf("%v with few files open: %v: %s", args, err, &stderr)
	}
	return stdout.String()
}

// aStalledStore sends much to a store that stops reading.
func aStalledStore(p *program) {
	t := p.t
	server := s3test.StartOwn(t)
	stalling := stallAfter(t, server.Endpoint, 32<<20)
	bucket := p.reach(server, stalling.URL)
	dataset, data := p.proto(t.TempDir(), "large")
	for i := range 20 {
		sparse(t, filepath.Join(data, fmt.Sprintf("part-%02d.dat", i)), 64<<20)
	}
	p.run(mostForCopies, "freeze", dataset)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd, output := p.command(ctx, "cp", dataset, bucket)
	mustDo(t, cmd.Start())
	read := untilAtRest(t, cmd.Process.Pid)
	peak := status(t, cmd.Process.Pid, "VmHWM:") >> 10
	cancel()
	if err := cmd.Wait(); err == nil {
		t.Fatalf("the store did not stall: %s", output)
	}
	if read < 32<<20 || peak > mostForCopies {
		t.Errorf("after %d bytes were read, the program waits with %d MiB, want at most %d", read, peak, mostForCopies)
	}
}

// stallAfter gives a server that passes requests on, until so many bytes of bodies
// went through it. Then it takes no more.
func stallAfter(t *testing.T, endpoint string, n int64) *httptest.Server {
	t.Helper()
	to, err := url.Parse(endpoint)
	mustDo(t, err)
	var mu sync.Mutex
	over := make(chan struct{})
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = to.Scheme, to.Host, r.In.Host // the signature covers the host
	}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = &stallingBody{r.Body, func(read int) {
			mu.Lock()
			n -= int64(read)
			rest := n
			mu.Unlock()
			if rest < 0 {
				select {
				case <-over:
				case <-r.Context().Done():
				}
			}
		}}
		proxy.ServeHTTP(w, r)
	}))
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	return server
}

type stallingBody struct {
	io.ReadCloser
	passed func(n int)
}

func (b *stallingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.passed(n)
	return n, err
}

// untilAtRest returns when a process has read nothing for a while, and gives how
// many bytes it had read by then.
func untilAtRest(t *testing.T, pid int) int {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	before, still := 0, 0
	for still < 10 {
		<-tick.C
		now := processIO(t, pid)
		if now == before && now > 32<<20 {
			still++
		} else {
			still = 0
		}
		before = now
	}
	return before
}

func processIO(t *testing.T, pid int) int { t.Helper(); return field(t, pid, "io", "rchar:") }

// status gives a size of a process in KiB.
func status(t *testing.T, pid int, name string) int {
	t.Helper()
	return field(t, pid, "status", name)
}

func field(t *testing.T, pid int, file, name string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), file))
	mustDo(t, err)
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); words[0] == name {
			n, err := strconv.Atoi(words[1])
			mustDo(t, err)
			return n
		}
	}
	t.Fatalf("there is no %s in %s", name, text)
	return 0
}
