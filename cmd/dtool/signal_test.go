//go:build unix

package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dtool-go/dtool/internal/fixtures"
)

// TestSignalEndsTheProgram sends a signal while the program waits for a store
// that never answers.
func TestSignalEndsTheProgram(t *testing.T) {
	dataset, err := fixtures.CopyDisk(fixtures.Frozen, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args   []string
		signal syscall.Signal
		code   int
		stderr string
	}{
		{[]string{"ls", "s3://bucket"}, syscall.SIGINT, 130, "dtool: stopped by signal: interrupt\n"},
		{[]string{"ls", "s3://bucket"}, syscall.SIGTERM, 143, "dtool: stopped by signal: terminated\n"},
		{
			[]string{"cp", dataset, "s3://bucket"},
			syscall.SIGINT, 130,
			"dtool: stopped by signal: interrupt\nhint: dtool cp --resume " + dataset + " s3://bucket goes on from here\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.args[0]+" "+tt.signal.String(), func(t *testing.T) {
			asked := make(chan struct{}, 10)
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				asked <- struct{}{}
				<-r.Context().Done()
			}))
			defer server.Close()

			cmd := dtoolCommand(t, server.URL, tt.args...)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-asked
			if err := cmd.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			err := cmd.Wait()
			if ended, ok := errors.AsType[*exec.ExitError](err); !ok || ended.ExitCode() != tt.code {
				t.Errorf("ended with %v, want exit code %d", err, tt.code)
			}
			if stderr.String() != tt.stderr {
				t.Errorf("said %q, want %q", stderr.String(), tt.stderr)
			}
		})
	}
}

// TestPatienceEndsWithinASecond adds up what a program may take to end that hangs.
func TestPatienceEndsWithinASecond(t *testing.T) {
	if most := patience + patience/20; most >= time.Second {
		t.Errorf("it may take %v", most)
	}
}

// dtoolCommand gives the program with nothing of the environment but a bucket
// at an endpoint.
func dtoolCommand(t *testing.T, endpoint string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("dtool") // TestMain put this test's own there
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Clean(program), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"HOME=" + t.TempDir(),
		"TMPDIR=" + os.TempDir(),
		"GORACE=" + noRaceDelay,
		"DTOOL_S3_ENDPOINT_bucket=" + endpoint,
		"DTOOL_S3_ACCESS_KEY_ID_bucket=key",
		"DTOOL_S3_SECRET_ACCESS_KEY_bucket=secret",
	}
	return cmd
}
