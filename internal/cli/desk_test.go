package cli

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/internal/s3test"
)

// A desk is where somebody sits who knows plants, and reads what dtool says.
type desk struct {
	t       *testing.T
	real    *s3test.Server
	day     badday.Day
	environ map[string]string
	home    string

	source string // a frozen dataset in a directory, SOURCE in messages
	there  string // its copy in the bucket "leaves"
	uuid   string // of both, UUID in messages
	empty  string // an empty directory, DIR in messages
}

// newDesk makes a desk whose server has two buckets, with one dataset in all.
func newDesk(t *testing.T, server *s3test.Server) *desk {
	t.Helper()
	isolate(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	d := &desk{t: t, real: server, home: t.TempDir(), empty: t.TempDir(), environ: map[string]string{"LOGNAME": "olssont"}}
	front := d.day.Front(t, server)
	for _, bucket := range []string{"leaves", "roots"} {
		d.makeEmpty(bucket)
		d.reach(bucket, front.Endpoint)
	}
	base := t.TempDir()
	d.source = filepath.Join(base, "leaves")
	mustWrite(t, filepath.Join(base, "photos", "a.txt"), "content of a\n")
	d.must("create", "-q", "--from", filepath.Join(base, "photos"), "leaves", base)
	d.there = d.must("cp", "-q", d.source, "s3://leaves")
	d.uuid = strings.TrimPrefix(d.there, "s3://leaves/")
	return d
}

// makeEmpty makes a bucket, or removes what is in it.
func (d *desk) makeEmpty(bucket string) {
	d.t.Helper()
	dir := d.real.BucketDir(bucket)
	entries, err := os.ReadDir(dir)
	if err != nil {
		err = d.real.MakeBucket(d.t.Context(), bucket)
	}
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// reach lets dtool reach a bucket at an endpoint, with the server's keys.
func (d *desk) reach(bucket, endpoint string) {
	d.environ["DTOOL_S3_ENDPOINT_"+bucket] = endpoint
	d.environ["DTOOL_S3_ACCESS_KEY_ID_"+bucket] = d.real.AccessKey
	d.environ["DTOOL_S3_SECRET_ACCESS_KEY_"+bucket] = d.real.SecretKey
}

func (d *desk) dtool(args ...string) outcome {
	var stdout, stderr strings.Builder
	var environ []string
	for name, value := range d.environ {
		environ = append(environ, name+"="+value)
	}
	code := Run(d.t.Context(), Process{
		Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Environ: environ, Home: d.home, Hostname: "lab", Now: labTime,
	})
	return outcome{code, stdout.String(), stderr.String()}
}

func (d *desk) must(args ...string) string {
	d.t.Helper()
	o := d.dtool(args...)
	if o.code != 0 {
		d.t.Fatalf("dtool %q: exit code %d: %s", args, o.code, o.stderr)
	}
	lines := strings.Split(strings.TrimSpace(o.stdout), "\n")
	return lines[len(lines)-1]
}

func mustWrite(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

var (
	portInText  = regexp.MustCompile(`(127\.0\.0\.1|localhost):[0-9]{2,5}`)
	requestName = regexp.MustCompile(`request [0-9A-Z]{16}`)
	notKnown    = regexp.MustCompile(`(lookup store\.invalid).*`) // each resolver has its own words
)

// normal leaves out of a message what differs between machines and runs.
func (d *desk) normal(text string) string {
	for value, name := range map[string]string{d.source: "SOURCE", d.empty: "DIR", d.uuid: "UUID", strings.ReplaceAll(d.uuid, "-", ""): "HEX", d.home: "HOME"} {
		text = strings.ReplaceAll(text, value, name)
	}
	text = strings.ReplaceAll(text, filepath.Dir(d.source), "BASE")
	text = stable(text)
	text = portInText.ReplaceAllString(text, "$1:PORT")
	text = requestName.ReplaceAllString(text, "request ID")
	text = strings.ReplaceAll(text, strings.Repeat("d", 200), "LONG")
	return notKnown.ReplaceAllString(text, "$1 FAILS")
}
