package cli

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

// A lab has what it takes to see how commands fare with an S3 store that has
// bad days.
type lab struct {
	t     *testing.T
	real  *s3test.Server // which has no bad days
	front *s3test.Server // the same, as it is on the day
	day   badday.Day
	at    map[string]*s3test.Server // by bucket, if it is reached otherwise than by the front
	stall time.Duration             // 0 is the usual one

	source string // a frozen dataset in a directory
	there  string // its copy in a bucket, at the front

	large, largeThere string // the same, with an item of two parts
}

// labTime is the time in a lab.
func labTime() time.Time { return time.Date(2024, 5, 17, 12, 0, 0, 0, time.UTC) }

func newLab(t *testing.T) *lab {
	t.Helper()
	isolate(t)
	l := &lab{t: t, real: s3test.StartOwn(t), at: map[string]*s3test.Server{}}
	l.front = l.day.Front(t, l.real)
	l.source = l.makeSource(map[string]string{"empty.dat": "", "a.txt": "content of a\n", "dir b/ü.txt": "content of ü\n"})
	l.there = l.must("cp", "-q", l.source, l.bucket())
	l.large = l.makeSource(map[string]string{"large.bin": strings.Repeat("0123456789abcdef", 330_000)})
	l.largeThere = l.must("cp", "-q", l.large, l.bucket())
	return l
}

// isolate has the AWS chain find nothing on this machine.
func isolate(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "",
		"AWS_DEFAULT_REGION": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "", "AWS_CA_BUNDLE": "", "AWS_MAX_ATTEMPTS": "",
	} {
		t.Setenv(name, value)
	}
}

// An outcome is what a command came to.
type outcome struct {
	code           int
	stdout, stderr string
}

// dtool carries out a command.
func (l *lab) dtool(args ...string) outcome {
	var stdout, stderr strings.Builder
	code := Run(l.t.Context(), Process{
		Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Environ: []string{"LOGNAME=olssont"}, Home: l.t.TempDir(), Hostname: "lab", Now: labTime,
		Buckets: map[string]storage.Opener{"s3": l.open},
	})
	return outcome{code, stdout.String(), stderr.String()}
}

func (l *lab) open(ctx context.Context, bucket string) (storage.Store, error) {
	server := l.front
	if other, ok := l.at[bucket]; ok {
		server = other
	}
	return badday.Open(ctx, server, bucket, l.stall)
}

// must carries out a command that succeeds, and gives the last line that it prints.
func (l *lab) must(args ...string) string {
	l.t.Helper()
	o := l.dtool(args...)
	if o.code != 0 {
		l.t.Fatalf("dtool %q: exit code %d: %s", args, o.code, o.stderr)
	}
	lines := strings.Split(strings.TrimSpace(o.stdout), "\n")
	return lines[len(lines)-1]
}

// bucket makes a bucket and gives its URI.
func (l *lab) bucket() string { return "s3://" + l.real.NewBucket(l.t) }

// makeSource makes a dataset with everything that a dataset can have.
func (l *lab) makeSource(files map[string]string) string {
	l.t.Helper()
	base := l.t.TempDir()
	l.must("create", "-q", "leaves", base)
	dataset := filepath.Join(base, "leaves")
	for relpath, content := range files {
		l.write(filepath.Join(dataset, "data", filepath.FromSlash(relpath)), content)
	}
	for relpath := range files {
		l.must("add", "metadata", dataset, relpath, "kind", `"leaf"`)
		break
	}
	l.must("annotation", "set", dataset, "species", "Arabidopsis thaliana")
	l.must("tag", "set", dataset, "field")
	l.must("freeze", dataset)
	l.write(filepath.Join(dataset, "README.yml"), "description: leaves\n")
	return dataset
}

func (l *lab) write(path, content string) {
	l.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

// A state is what lies in a place: contents by name, and for a bucket the metadata
// of each object behind its content. What differs from one run to the next, UUIDs
// and the times of servers, is left out.
type state map[string]string

func (l *lab) stateOf(place string) state {
	l.t.Helper()
	bucket, isBucket := strings.CutPrefix(place, "s3://")
	root := place
	if isBucket {
		root = l.real.BucketDir(bucket)
	}
	found := state{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".sgwtmp": // where the server keeps the parts of uploads
			return filepath.SkipDir
		case d.IsDir():
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if text := string(content); isBucket {
			object := l.real.Object(l.t, bucket, filepath.ToSlash(name))
			for _, key := range slices.Sorted(maps.Keys(object.Metadata)) {
				text += "\n" + key + ": " + object.Metadata[key]
			}
			found[stable(name)] = stable(text)
		} else {
			found[stable(name)] = stable(text)
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return found
}

var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|"utc_timestamp": [0-9.]+|test-[a-z0-9]{12}|http://127\.0\.0\.1:[0-9]+`)

// stable leaves out what differs from one run to the next.
func stable(text string) string {
	const large = 1 << 20
	if len(text) > large { // an item
		return fmt.Sprintf("%d bytes, %x", len(text), sha256.Sum256([]byte(text)))
	}
	return changing.ReplaceAllStringFunc(text, func(found string) string {
		switch found[0] {
		case '"':
			return `"utc_timestamp": 0`
		case 't':
			return "BUCKET"
		case 'h':
			return "ENDPOINT"
		}
		return "UUID"
	})
}
