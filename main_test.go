package dtool_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/dtool-go/dtool/internal/s3test"
)

// TestMain also fails if a goroutine is left when all tests have ended.
func TestMain(m *testing.M) {
	var options []goleak.Option
	if isExternal() {
		// A server that goes on running keeps idle connections open.
		options = append(options,
			goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
			goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
	}
	goleak.VerifyTestMain(allTests{m}, options...)
}

// allTests runs the tests of this binary and then stops the server that they
// shared, before goroutines are counted.
type allTests struct{ m *testing.M }

func (a allTests) Run() int {
	defer sharedServer.stop()
	restore := isolate()
	defer restore()
	return a.m.Run()
}

// isolate keeps the AWS configuration of whoever runs the tests out of them.
func isolate() (restore func()) {
	settings := map[string]string{
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_PROFILE":                 "",
		"AWS_ENDPOINT_URL":            "",
		"AWS_ENDPOINT_URL_S3":         "",
	}
	before := map[string]string{}
	for name, value := range settings {
		before[name] = os.Getenv(name)
		os.Setenv(name, value) //nolint:errcheck // these names are valid, and there is no test yet
	}
	return func() {
		for name, value := range before {
			os.Setenv(name, value) //nolint:errcheck // as above
		}
	}
}

// sharedServer is the one S3 server of all tests of this binary.
var sharedServer onceServer //nolint:gochecknoglobals // starting one takes longer than most tests

type onceServer struct {
	mu     sync.Mutex
	dir    string
	server *s3test.Server
}

// ownServer gives the S3 server that the tests share, on which each makes
// buckets of its own. It is started when it is first asked for.
func ownServer(t *testing.T) *s3test.Server {
	t.Helper()
	server, err := sharedServer.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// anyServer gives the server that S3_TEST_BASE_URI names, and else that of ownServer.
func anyServer(t *testing.T) *s3test.Server {
	t.Helper()
	if isExternal() {
		return s3test.Start(t)
	}
	return ownServer(t)
}

func isExternal() bool { return os.Getenv("S3_TEST_BASE_URI") != "" }

func (o *onceServer) start(ctx context.Context) (*s3test.Server, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.server != nil {
		return o.server, nil
	}
	dir, err := os.MkdirTemp("", "dtool-test-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the server: %w", err)
	}
	server, err := s3test.Run(ctx, dir)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	o.dir, o.server = dir, server
	return server, nil
}

func (o *onceServer) stop() {
	if o.server != nil {
		o.server.Stop()
		os.RemoveAll(o.dir)
	}
}
