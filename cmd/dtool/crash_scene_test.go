//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtool-go/dtool/internal/s3test"
)

// A stage is what many crashes share: programs, a server, and datasets to begin
// with, which are only read.
type stage struct {
	program  string // as people have it
	crashing string // built with the tag crashpoint
	server   *s3test.Server
	files    string             // a directory of files
	proto    map[string]dataset // a proto dataset with all that one can have, by the kind of base
	frozen   map[string]dataset // what became of it, and a README that was replaced
	large    map[string]dataset // a frozen dataset with an item that is sent in parts
}

// The kinds of bases.
const (
	onDisk = "disk"
	inS3   = "S3"
)

// A dataset is where a dataset lies.
type dataset struct {
	dir    string // of the dataset, or
	bucket string // that holds it, alone
	uuid   string
}

func (d dataset) uri() string {
	if d.bucket != "" {
		return "s3://" + d.bucket + "/" + d.uuid
	}
	return d.dir
}

// A scene is a place of its own for one run of a command, a directory or a bucket,
// and how the program reaches it.
type scene struct {
	t       *testing.T
	stage   *stage
	program string
	environ []string
	place   dataset // dir is that of the base
	passed  string  // the UUID of a dataset that is of no interest any more
}

// newScene makes a place of a kind. The program reaches buckets through a server,
// which may be a front.
func (st *stage) newScene(t *testing.T, kind string, through *s3test.Server) *scene {
	t.Helper()
	s := &scene{t: t, stage: st, program: st.program, environ: []string{
		"HOME=" + t.TempDir(), "TMPDIR=" + os.TempDir(), "USER=olssont", "AWS_EC2_METADATA_DISABLED=true",
	}}
	if kind == inS3 {
		s.place.bucket = st.server.NewBucket(t)
	} else {
		s.place.dir = t.TempDir()
	}
	s.reach(through)
	return s
}

// reach lets the program reach all buckets through a server, from now on.
func (s *scene) reach(through *s3test.Server) {
	for _, bucket := range []string{
		s.place.bucket, s.stage.proto[inS3].bucket, s.stage.frozen[inS3].bucket, s.stage.large[inS3].bucket,
	} {
		if bucket == "" {
			continue
		}
		variable := strings.ReplaceAll(bucket, "-", "_")
		s.environ = append(s.environ, // of two settings the last one counts
			"DTOOL_S3_ENDPOINT_"+variable+"="+through.Endpoint,
			"DTOOL_S3_ACCESS_KEY_ID_"+variable+"="+through.AccessKey,
			"DTOOL_S3_SECRET_ACCESS_KEY_"+variable+"="+through.SecretKey)
	}
}

// base gives the place as the URI of a base.
func (s *scene) base() string {
	if s.place.bucket != "" {
		return "s3://" + s.place.bucket
	}
	return s.place.dir
}

// dataset gives the URI of the dataset in the place, which has the UUID of another
// one, or on disk the name that all have.
func (s *scene) dataset(uuid string) string {
	if s.place.bucket != "" {
		return s.base() + "/" + uuid
	}
	return filepath.Join(s.base(), name)
}

// name is that of every dataset here.
const name = "plants"

// An outcome is what a run of the program came to.
type outcome struct {
	code           int // -1 if it was killed
	stdout, stderr string
	took           time.Duration
}

func (s *scene) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.WithoutCancel(s.t.Context()), s.program, args...)
	cmd.Dir, cmd.Env = s.t.TempDir(), s.environ
	return cmd
}

// run runs the program to its end.
func (s *scene) run(args ...string) outcome {
	s.t.Helper()
	return s.finish(s.command(args...), (*exec.Cmd).Run)
}

// finish has a command run to its end by a function.
func (s *scene) finish(cmd *exec.Cmd, run func(*exec.Cmd) error) outcome {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begun := time.Now()
	err := run(cmd)
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		s.t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), time.Since(begun)}
}

// must runs the program, which must succeed, and gives the last line that it prints.
func (s *scene) must(args ...string) string {
	s.t.Helper()
	o := s.run(args...)
	if o.code != 0 {
		s.t.Fatalf("dtool %s: exit code %d: %s", strings.Join(args, " "), o.code, o.stderr)
	}
	lines := strings.Split(strings.TrimSpace(o.stdout), "\n")
	return lines[len(lines)-1]
}

// A state is all that lies in a place, by key. What names an item's time is among it.
type state map[string]string

func (s *scene) state() state {
	s.t.Helper()
	if s.place.bucket == "" {
		return tree(s.t, s.place.dir)
	}
	found := objects(s.t, s.stage.server, s.place.bucket)
	maps.DeleteFunc(found, func(key, _ string) bool { return s.passed != "" && strings.Contains(key, s.passed) })
	return found
}

func tree(t *testing.T, dir string) state {
	t.Helper()
	found := state{}
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || file == dir {
			return err
		}
		key := filepath.ToSlash(strings.TrimPrefix(file, dir+string(filepath.Separator)))
		if entry.IsDir() {
			found[key+"/"] = ""
			return nil
		}
		if entry.Type() == fs.ModeSymlink {
			target, err := os.Readlink(file)
			found[key] = "a link to " + target
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		found[key] = shown(content)
		if info, err := entry.Info(); err == nil && strings.Contains(key, "/data/") {
			found[key] += " of " + info.ModTime().UTC().Format(time.RFC3339Nano)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func objects(t *testing.T, server *s3test.Server, bucket string) state {
	t.Helper()
	found := state{}
	for key, o := range server.Objects(t, bucket) {
		found[key] = fmt.Sprintf("%s %s %v", shown(o.Body), o.ContentType, o.Metadata)
	}
	return found
}

// shown gives a content, or of a long one the hash.
func shown(content []byte) string {
	if len(content) < 64<<10 {
		return string(content)
	}
	return fmt.Sprintf("%d bytes of MD5 %x", len(content), md5.Sum(content))
}

// uploads gives the keys of uploads that are under way in the place.
func (s *scene) uploads() []string {
	s.t.Helper()
	if s.place.bucket == "" {
		return nil
	}
	return s.stage.server.Uploads(s.t, s.place.bucket)
}

// put lays a dataset into the place.
func (s *scene) put(d dataset) {
	s.t.Helper()
	if d.bucket == "" {
		copyTree(s.t, d.dir, filepath.Join(s.place.dir, filepath.Base(d.dir)))
		return
	}
	s.stage.server.CopyObjects(s.t, d.bucket, s.place.bucket)
}

// copyTree copies a directory with the times of its files.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(from, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return os.Chtimes(filepath.Join(to, strings.TrimPrefix(file, from)), time.Time{}, info.ModTime())
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	anyUUID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	anyTime = regexp.MustCompile(`\b1[0-9]{9}\.[0-9]+\b`)
)

// timeless gives a state without what no two runs have alike: the UUID of a new
// dataset, and times. Those in keys are told apart by their order.
func (st state) timeless() state {
	plain := func(text string) string {
		return anyTime.ReplaceAllString(anyUUID.ReplaceAllString(text, "UUID"), "TIME")
	}
	out := state{}
	for _, key := range slices.Sorted(maps.Keys(st)) {
		name := plain(key)
		for {
			if _, taken := out[name]; !taken {
				break
			}
			name += "'"
		}
		out[name] = plain(st[key])
	}
	return out
}

// differences tells how a state is not the one that it should be.
func (st state) differences(want state) []string {
	var found []string
	for _, key := range slices.Sorted(maps.Keys(st)) {
		if content, ok := want[key]; !ok && isEmptyTemp(key) {
			continue
		} else if !ok {
			found = append(found, key+" should not be there")
		} else if content != st[key] {
			found = append(found, fmt.Sprintf("%s holds %.300q, want %.300q", key, st[key], content))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, ok := st[key]; !ok {
			found = append(found, key+" is missing")
		}
	}
	return found
}

// isEmptyTemp tells the key of the directory for unfinished files, which may be left
// empty.
func isEmptyTemp(key string) bool {
	return strings.HasSuffix(key, "/.dtool/tmp/") || key == ".tmp/"
}

// makeFile makes a file with the time that all have.
func makeFile(t *testing.T, file, content string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = os.WriteFile(file, []byte(content), 0o644)
	}
	if err == nil {
		err = os.Chtimes(file, time.Time{}, time.Date(2017, 7, 14, 2, 40, 0, 123456000, time.UTC))
	}
	if err != nil {
		t.Fatal(err)
	}
}
