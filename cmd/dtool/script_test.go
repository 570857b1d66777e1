package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/internal/s3test"
)

// TestMain lets scripts run this test's own program as dtool.
func TestMain(m *testing.M) {
	testscript.Main(m, programs())
}

// TestScripts runs the scripts that say how each command behaves. They see a
// home directory, a user and an environment of their own, whatever the machine
// has. Beyond the usual words they have:
//
//	exits CODE PROGRAM [ARG...]   run a program that must end with this exit code
//	fixture NAME DIR              copy a dataset that the Python tools wrote into a directory
//	bucket NAME                   set $NAME to a new bucket, and let dtool reach it
//	website NAME                  set $NAME to the URL of a dataset that a web server has
//	setenvfrom NAME FILE          set $NAME to what is in a file, without the line end
func TestScripts(t *testing.T) {
	// The server is started for the first script that asks for it.
	p := scripts(t, sync.OnceValue(func() *s3test.Server { return s3test.StartOwn(t) }))
	p.Dir = filepath.Join("..", "..", "testdata", "script")
	testscript.Run(t, p)
}

// scripts says how scripts are run whose buckets are on a server.
func scripts(t *testing.T, server func() *s3test.Server) testscript.Params {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return testscript.Params{
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			env.Setenv("HOME", home)
			env.Setenv("HOST", host)
			env.Setenv("GORACE", noRaceDelay)
			env.Setenv("LOGNAME", "olssont")
			env.Setenv("TZ", "UTC")
			return os.MkdirAll(home, 0o755)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":      exits,
			"fixture":    fixture,
			"bucket":     func(ts *testscript.TestScript, _ bool, args []string) { bucket(t, ts, server(), args) },
			"setenvfrom": setenvFrom,
			"website":    func(ts *testscript.TestScript, _ bool, args []string) { website(t, ts, args) },
		},
	}
}

// noRaceDelay is the setting GORACE that keeps a program built with the race
// detector from waiting for a second before it ends.
const noRaceDelay = "atexit_sleep_ms=0"

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func fixture(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: fixture NAME DIR")
	}
	dir := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(dir, 0o755))
	_, err := fixtures.CopyDisk(args[0], dir)
	ts.Check(err)
}

func bucket(t *testing.T, ts *testscript.TestScript, server *s3test.Server, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: bucket NAME")
	}
	name := server.NewBucket(t)
	inVariable := strings.NewReplacer("-", "_", ".", "_").Replace(name)
	ts.Setenv(args[0], name)
	ts.Setenv("ENDPOINT", server.Endpoint)
	ts.Setenv("ENDPOINT_HOST", strings.TrimPrefix(server.Endpoint, "http://"))
	ts.Setenv("ACCESS_KEY", server.AccessKey)
	ts.Setenv("SECRET_KEY", server.SecretKey)
	ts.Setenv(args[0]+"_VARIABLE", inVariable)
	ts.Setenv("DTOOL_S3_ENDPOINT_"+inVariable, server.Endpoint)
	ts.Setenv("DTOOL_S3_ACCESS_KEY_ID_"+inVariable, server.AccessKey)
	ts.Setenv("DTOOL_S3_SECRET_ACCESS_KEY_"+inVariable, server.SecretKey)
}

func website(t *testing.T, ts *testscript.TestScript, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: website NAME")
	}
	dir := t.TempDir()
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	ts.Check(fixtures.Publish(dir, server.URL))
	ts.Setenv(args[0], server.URL+"/"+fixtures.PublishedUUID)
}

func setenvFrom(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: setenvfrom NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSuffix(ts.ReadFile(args[1]), "\n"))
}
