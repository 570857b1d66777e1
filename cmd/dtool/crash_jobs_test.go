//go:build unix

package main

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
)

// setStage builds the programs and makes the datasets.
func setStage(t *testing.T) *stage {
	t.Helper()
	st := &stage{
		program: release(t), crashing: release(t, "-tags", "crashpoint"),
		server: s3test.StartOwn(t), files: t.TempDir(),
		proto: map[string]dataset{}, frozen: map[string]dataset{}, large: map[string]dataset{},
	}
	makeFile(t, filepath.Join(st.files, "empty.dat"), "")
	makeFile(t, filepath.Join(st.files, "reads.txt"), "ACGT\n")
	makeFile(t, filepath.Join(st.files, "sub", "with space.csv"), "id,value\n")
	makeFile(t, filepath.Join(st.files, "image.bin"), strings.Repeat("0123456789abcde\n", 20<<10)) // more than is written at once
	for _, kind := range []string{onDisk, inS3} {
		s := st.newScene(t, kind, st.server)
		st.proto[kind] = s.made(s.makeProto())
		s = st.newScene(t, kind, st.server)
		uri := s.makeProto()
		s.must("freeze", uri)
		s.must("readme", "write", uri, s.file("---\ndescription: a second text\n"))
		st.frozen[kind] = s.made(uri)
		s = st.newScene(t, kind, st.server)
		st.large[kind] = s.made(s.must("create", "-q", "--from", st.largeFile(t), name, s.base()))
	}
	return st
}

// largeFile gives a directory with a file that goes in parts.
func (st *stage) largeFile(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	makeFile(t, filepath.Join(dir, "genome.fa"), strings.Repeat("ACGTTGCA\n", 2<<20)) // two parts of 16 MiB at most
	return dir
}

// makeProto makes a proto dataset with all that one can have, and gives its URI.
func (s *scene) makeProto() string {
	s.t.Helper()
	uri := s.must("create", "-q", name, s.base())
	s.must("add", "item", s.stage.files, uri, ".")
	s.must("add", "metadata", uri, "reads.txt", "kind", "reads")
	s.must("add", "metadata", uri, "image.bin", "kind", "image")
	s.must("readme", "write", uri, s.file("---\ndescription: plants\n"))
	s.must("tag", "set", uri, "green")
	s.must("annotation", "set", uri, "project", "leaves")
	return uri
}

// file makes a file with a text and gives its path.
func (s *scene) file(text string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "text")
	makeFile(s.t, path, text)
	return path
}

// made gives the dataset that was made in the place.
func (s *scene) made(uri string) dataset {
	s.t.Helper()
	uuid := anyUUID.FindString(uri)
	if s.place.bucket == "" {
		return dataset{dir: filepath.Join(s.place.dir, name)}
	}
	return dataset{bucket: s.place.bucket, uuid: uuid}
}

// nothing is what is there before a job that makes a dataset.
func nothing(*scene) {}

// theProto and theFrozen are there before a job that changes them.
func theProto(s *scene)  { s.put(s.stage.proto[s.kind()]) }
func theFrozen(s *scene) { s.put(s.stage.frozen[s.kind()]) }

func (s *scene) kind() string {
	if s.place.bucket == "" {
		return onDisk
	}
	return inS3
}

// delivered is there before a delivery is completed.
func delivered(s *scene) {
	s.t.Helper()
	o := s.run("sign", "-q", "--upload", "--json", s.stage.frozen[onDisk].uri(), s.base())
	var delivery struct {
		Items []struct {
			Relpath, URL string
			Headers      map[string]string
		}
	}
	if err := json.Unmarshal([]byte(o.stdout), &delivery); err != nil || len(delivery.Items) == 0 {
		s.t.Fatalf("the delivery is %s: %v: %s", o.stdout, err, o.stderr)
	}
	for _, item := range delivery.Items {
		args := []string{"-T", filepath.Join(s.stage.files, filepath.FromSlash(item.Relpath))}
		for name, value := range item.Headers {
			args = append(args, "-H", name+": "+value)
		}
		if status, err := put(append(args, item.URL)); err != nil {
			s.t.Fatalf("item %s: status %d: %v", item.Relpath, status, err)
		}
	}
}

// there gives the URI of the dataset that theProto or theFrozen has laid into the place.
func there(s *scene, of map[string]dataset) string { return s.dataset(of[s.kind()].uuid) }

// onProto gives the arguments of a command that changes the proto dataset: their
// URI stands for "URI".
func onProto(args ...string) func(s *scene) []string {
	return func(s *scene) []string { return withURI(args, there(s, s.stage.proto)) }
}

func onFrozen(args ...string) func(s *scene) []string {
	return func(s *scene) []string { return withURI(args, there(s, s.stage.frozen)) }
}

func withURI(args []string, uri string) []string {
	var out []string
	for _, arg := range args {
		if arg == "URI" {
			arg = uri
		}
		out = append(out, arg)
	}
	return out
}

func jobs() []job {
	both := []string{onDisk, inS3}
	return append([]job{
		{what: "create", kinds: both, fresh: true, begin: nothing, args: create, again: createAgain(create), then: freezeNew},
		{what: "create --from", kinds: both, fresh: true, begin: nothing, args: createFrom, again: createAgain(createFrom)},
		{what: "create -s", kinds: []string{onDisk}, fresh: true, begin: nothing, args: createLinked, again: createAgain(createLinked), then: freezeNew},
		{what: "item fetch from S3 to", kinds: []string{onDisk}, begin: withCache, args: func(s *scene) []string {
			return []string{"item", "fetch", s.stage.frozen[inS3].uri(), fmt.Sprintf("%x", sha1.Sum([]byte("image.bin")))}
		}},
		{what: "add item", kinds: both, begin: theProto, args: func(s *scene) []string {
			return []string{"add", "item", s.stage.files, there(s, s.stage.proto), "more"}
		}},
		{what: "add metadata", kinds: both, begin: theProto, args: onProto("add", "metadata", "URI", "reads.txt", "origin", "field")},
		{what: "annotation set", kinds: both, begin: theFrozen, args: onFrozen("annotation", "set", "-t", "int", "URI", "project", "5")},
		{what: "tag set", kinds: both, begin: theFrozen, args: onFrozen("tag", "set", "URI", "tall")},
		{what: "tag delete", kinds: both, begin: theFrozen, args: onFrozen("tag", "delete", "URI", "green")},
		{what: "name", kinds: both, begin: theFrozen, args: onFrozen("name", "URI", "weeds")},
		{what: "readme write", kinds: both, fresh: true, begin: theFrozen, args: func(s *scene) []string {
			return []string{"readme", "write", there(s, s.stage.frozen), s.file("---\ndescription: a third text\n")}
		}},
		{what: "freeze", kinds: both, fresh: true, begin: theProto, args: onProto("freeze", "URI"), again: freezeAgain},
		{what: "sign --upload to", kinds: []string{inS3}, begin: nothing, args: func(s *scene) []string {
			return []string{"sign", "-q", "--upload", s.stage.frozen[onDisk].uri(), s.base()}
		}, only: regexp.MustCompile("PutObject")},
		{what: "sign --complete in", kinds: []string{inS3}, begin: delivered, args: func(s *scene) []string {
			return []string{"sign", "-q", "--complete", s.dataset(s.must("uuid", s.stage.frozen[onDisk].uri()))}
		}},
	}, slices.Concat(copies(), removals(), publications())...)
}

func copies() []job {
	frozen := func(kind string) func(s *scene) dataset {
		return func(s *scene) dataset { return s.stage.frozen[kind] }
	}
	large := func(kind string) func(s *scene) dataset { return func(s *scene) dataset { return s.stage.large[kind] } }
	parts, bytes, onDiskAlone := regexp.MustCompile("Multipart|UploadPart"), regexp.MustCompile("GetObject|PutObject"), regexp.MustCompile("^[a-z]")
	disk, s3 := []string{onDisk}, []string{inS3}
	return []job{
		copyOf("cp from disk to", disk, frozen(onDisk)),
		copyOf("cp from disk to", s3, frozen(onDisk)),
		copyOf("cp from S3 to", disk, frozen(inS3)),
		copyOf("cp from S3 to", s3, frozen(inS3)),
		copyOf("cp --verify from S3 to", s3, frozen(inS3), "--verify").at(bytes),
		copyOf("cp of a large item from disk to", s3, large(onDisk)).at(parts),
		copyOf("cp --resume from disk to", s3, frozen(onDisk)).killedBefore(moment{op: "PutObject", n: 8, phase: after}),
		copyOf("cp --resume from S3 to", disk, frozen(inS3)).killedBefore(moment{onDisk: true, n: 30}).at(onDiskAlone),
		copyOf("cp --resume of a large item from disk to", s3, large(onDisk)).killedBefore(moment{op: "UploadPart", n: 2, phase: inBody}).at(parts),
	}
}

func copyOf(what string, kinds []string, source func(s *scene) dataset, flags ...string) job {
	args := func(s *scene) []string {
		return append(append([]string{"cp", "-q"}, flags...), source(s).uri(), s.base())
	}
	resume := func(s *scene) []string { return append([]string{"cp", "--resume"}, args(s)[1:]...) }
	return job{
		what: what, kinds: kinds, begin: nothing, args: args, resume: resume,
		again: func(s *scene) { s.must(resume(s)...) },
	}
}

// at leaves out the moments of other steps and operations, which are those of
// another job.
func (j job) at(only *regexp.Regexp) job {
	j.only = only
	return j
}

// killedBefore makes of a copy one that goes on with what an earlier one, which was
// killed, has left.
func (j job) killedBefore(m moment) job {
	first := j.args
	j.begin = func(s *scene) {
		b := newBarrier(s.t, s.stage.server, m)
		s.reach(b.Server)
		o := s.disturb(b, m, syscall.SIGKILL, first(s)...)
		b.open()
		if o.code != -1 {
			s.t.Fatalf("the copy was not killed: exit code %d: %s", o.code, o.stderr)
		}
	}
	j.args = j.resume
	return j
}

func create(s *scene) []string { return []string{"create", "-q", name, s.base()} }

func createFrom(s *scene) []string {
	return []string{"create", "-q", "--from", s.stage.files, name, s.base()}
}

func createLinked(s *scene) []string {
	return []string{"create", "-q", "-s", s.stage.files, name, s.base()}
}

// withCache has the cache in the place.
func withCache(s *scene) {
	s.environ = append(s.environ, "DTOOL_CACHE_DIRECTORY="+s.place.dir)
}

// createAgain makes the dataset once more, unless it is there. What is unfinished
// is removed before that, as the message says. In a bucket nobody knows the UUID of
// what was begun.
func createAgain(args func(s *scene) []string) func(s *scene) {
	return func(s *scene) {
		s.t.Helper()
		if s.place.bucket != "" {
			for key := range s.state() {
				s.passed = anyUUID.FindString(key)
			}
			s.must(args(s)...)
			return
		}
		o := s.run(args(s)...)
		if o.code == 2 && strings.Contains(o.stderr, "exists already, and is unfinished") && strings.Contains(o.stderr, "dtool rm URI removes") {
			s.must("rm", "--yes", s.dataset(""))
			o = s.run(args(s)...)
		}
		if o.code != 0 && (o.code != 2 || !strings.Contains(o.stderr, "exists already\n")) {
			s.t.Fatalf("it is made again with exit code %d: %s", o.code, o.stderr)
		}
	}
}

// freezeNew freezes the dataset that was made. One without items may be frozen, too.
func freezeNew(s *scene) {
	s.t.Helper()
	uris := s.datasets()
	s.must("freeze", uris[0])
}

// freezeAgain freezes the dataset, unless it is frozen, which it is told then.
func freezeAgain(s *scene) {
	s.t.Helper()
	uri := there(s, s.stage.proto)
	if o := s.run("freeze", uri); o.code != 0 && (o.code != 2 || !strings.Contains(o.stderr, "frozen already")) {
		s.t.Fatalf("it is frozen again with exit code %d: %s", o.code, o.stderr)
	}
	s.must("verify", "--full", uri)
}
