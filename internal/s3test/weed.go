package s3test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func seaweedFS() program {
	return program{"weed", "WEED", "github.com/seaweedfs/seaweedfs/weed", "tools/weed"}
}

// StartWeed starts a SeaweedFS, which unlike versitygw goes by the ACLs of objects, and
// stops it when the test ends. It takes ten seconds to start, has no directories of
// buckets and counts no requests.
func StartWeed(t testing.TB) *Server {
	t.Helper()
	s, err := RunWeed(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// RunWeed starts a SeaweedFS as Run does a versitygw.
func RunWeed(ctx context.Context, dir string) (*Server, error) {
	binary, err := seaweedFS().find(ctx)
	if err != nil {
		return nil, fmt.Errorf("find a SeaweedFS to test with: %w", err)
	}
	s := &Server{AccessKey: "s3test", SecretKey: rand.Text(), Region: "us-east-1"}
	if err := os.MkdirAll(dataDir(dir), 0o700); err != nil {
		return nil, err
	}
	if err := writeIdentities(weedIdentities(dir), s); err != nil {
		return nil, err
	}
	s.run, err = onFreePort(ctx, func(addr string) (*process, error) {
		return launchWeed(ctx, binary, addr, dir, s)
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	return s, nil
}

func weedIdentities(dir string) string { return filepath.Join(dir, "identities.json") }

// writeIdentities writes down who may do what: one may do everything, and whoever comes
// without a key only what a policy or an ACL lets everybody do.
func writeIdentities(path string, s *Server) error {
	text, err := json.Marshal(map[string]any{"identities": []any{map[string]any{
		"name":        "admin",
		"credentials": []any{map[string]string{"accessKey": s.AccessKey, "secretKey": s.SecretKey}},
		"actions":     []string{"Admin", "Read", "Write", "List", "Tagging"},
	}}})
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// launchWeed starts all that SeaweedFS is made of in one process: a master, one server of
// volumes, a filer and, at the address, what speaks S3. It returns when objects can be
// stored.
func launchWeed(ctx context.Context, binary, addr, dir string, s *Server) (*process, error) {
	ports, err := newWeedPorts(addr)
	if err != nil {
		return nil, err
	}
	output, err := os.Create(serverLog(dir))
	if err != nil {
		return nil, err
	}
	defer output.Close() // the child has its own handle
	p := &process{addr: addr, dir: dir, sockets: ports.sockets(), ended: make(chan struct{})}
	args := []string{
		"server", "-dir", dataDir(dir), "-ip", "127.0.0.1", "-ip.bind", "127.0.0.1",
		"-filer", "-s3", "-s3.config", weedIdentities(dir), "-s3.port.iceberg=0", "-s3.port.lance=0",
		"-s3.allowBackslashInKey", "-s3.autoCreateBucket=false", // as S3 does
		"-filer.localSocket", "filer.sock", "-s3.localSocket", "s3.sock",
		"-master.telemetry=false", "-master.electionTimeout=1s",
		"-master.volumeSizeLimitMB=64", "-volume.max=1000", // no room is taken beforehand, and each bucket has volumes of its own
	}
	p.cmd = exec.Command(binary, append(args, ports.flags()...)...)
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir, "WEED_MASTER_VOLUME_GROWTH_COPY_1=1")
	p.cmd.Stdout, p.cmd.Stderr = output, output
	s.Endpoint = "http://" + addr
	if err := p.run(ctx, s.stores); err != nil {
		return nil, explain(err, output.Name())
	}
	return p, nil
}

// stores tells whether an object can be stored. It takes all parts of the server, whose
// first ten seconds are for finding each other, and a secret that only this one knows.
func (s *Server) stores(ctx context.Context) bool {
	if !answers(ctx, s.Endpoint+"/status") {
		return false
	}
	bucket, client := aws.String("s3test-begins"), s.Client()
	_, _ = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}) // without one the rest fails
	_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("begins"), Body: strings.NewReader("begins")})
	return err == nil
}

// weedPorts is where the parts of one SeaweedFS are: for each a port of HTTP and one by
// which the parts talk to each other.
type weedPorts map[string]string

// newWeedPorts takes the port of S3 and finds the others.
func newWeedPorts(addr string) (weedPorts, error) {
	ports := weedPorts{}
	for _, name := range []string{
		"s3.port", "s3.port.grpc", "filer.port", "filer.port.grpc", "volume.port", "volume.port.grpc", "master.port", "master.port.grpc",
	} {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		ports[name] = port
		if addr, err = freeAddr(); err != nil {
			return nil, err
		}
	}
	return ports, nil
}

func (p weedPorts) flags() []string {
	var flags []string
	for name, port := range p {
		flags = append(flags, "-"+name+"="+port)
	}
	return flags
}

// sockets gives the paths, of a form that cannot be chosen, by which the parts may talk
// besides.
func (p weedPorts) sockets() []string {
	if runtime.GOOS == "windows" {
		return nil
	}
	var paths []string
	for name, port := range p {
		if part, inner := strings.CutSuffix(name, ".port.grpc"); inner {
			paths = append(paths, "/tmp/seaweedfs-"+part+"-grpc-"+port+".sock")
		}
	}
	return paths
}
