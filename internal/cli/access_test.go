package cli

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dtool-go/dtool/internal/s3test"
)

// An office is a bucket "plants" of a store with several users, and another bucket
// "animals" that is none of their business.
type office struct {
	*desk
	jane, olssont *s3test.Server // as it is for them

	file string // a file
	big  string // a file that is sent in parts

	mu   sync.Mutex
	seen []seenRequest
}

// A seenRequest is what a request asked for, and whether it was refused.
type seenRequest struct {
	op, key string
	refused bool
}

// newOffice makes an office in which the users have the rights that dtool s3 policy
// prints when it is called with these arguments, one call after the other.
func newOffice(t *testing.T, policies ...[]string) *office {
	t.Helper()
	isolate(t)
	o := &office{desk: &desk{t: t, real: s3test.StartOwn(t), home: t.TempDir(), environ: map[string]string{"LOGNAME": "olssont"}}}
	dir := t.TempDir()
	o.file, o.big = filepath.Join(dir, "small", "a.txt"), filepath.Join(dir, "big.bin")
	mustWrite(t, o.file, "content of a\n")
	mustWrite(t, o.big, strings.Repeat("0123456789abcdef", 17<<20/16))
	for _, bucket := range []string{"plants", "animals"} {
		o.makeEmpty(bucket)
	}
	o.jane, o.olssont = o.real.NewUser(t, "jane"), o.real.NewUser(t, "olssont")
	text := []byte(`{"Version": "2012-10-17", "Statement": []}`)
	into := filepath.Join(dir, "policy.json")
	for _, args := range policies {
		mustWrite(t, into, string(text))
		said := o.dtool(append([]string{"s3", "policy", "--into", into}, args...)...)
		if said.code != 0 {
			t.Fatal(said.stderr)
		}
		text = []byte(said.stdout)
	}
	o.real.SetPolicy(t, "plants", string(text))
	return o
}

// as lets dtool reach the buckets as a user of the store, whose requests are
// looked at, or without credentials.
func (o *office) as(user *s3test.Server) {
	front := user.Front(o.t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			op, key := s3test.Operation(r)
			status := &statusWriter{ResponseWriter: w}
			next.ServeHTTP(status, r)
			o.mu.Lock()
			defer o.mu.Unlock()
			o.seen = append(o.seen, seenRequest{op, key, status.code == http.StatusForbidden})
		})
	})
	o.environ = map[string]string{"LOGNAME": "olssont"}
	for _, bucket := range []string{"plants", "animals"} {
		o.environ["DTOOL_S3_ENDPOINT_"+bucket] = front.Endpoint
		if user.AccessKey != "" {
			o.environ["DTOOL_S3_ACCESS_KEY_ID_"+bucket] = user.AccessKey
			o.environ["DTOOL_S3_SECRET_ACCESS_KEY_"+bucket] = user.SecretKey
		}
	}
}

type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

// below sets the prefix of new datasets.
func (o *office) below(prefix string) { o.environ["DTOOL_S3_DATASET_PREFIX_plants"] = prefix }

// requests gives the requests since the last call.
func (o *office) requests() []seenRequest {
	o.mu.Lock()
	defer o.mu.Unlock()
	seen := o.seen
	o.seen = nil
	return seen
}

// plain makes a frozen dataset in a directory, with an item that is sent in parts.
func (o *office) plain(name string) string {
	o.t.Helper()
	dir := o.t.TempDir()
	data := filepath.Join(dir, "data")
	for _, file := range []string{o.file, o.big} {
		content, err := os.ReadFile(file)
		if err != nil {
			o.t.Fatal(err)
		}
		mustWrite(o.t, filepath.Join(data, filepath.Base(file)), string(content))
	}
	return o.must("create", "-q", "--from", data, name, dir)
}

// write does all that a dataset in a bucket is written with, and gives two URIs of
// frozen ones.
func (o *office) write() []string {
	o.t.Helper()
	proto := o.must("create", "-q", "made", "s3://plants")
	o.must("add", "item", o.file, proto)
	o.must("add", "item", o.big, proto)
	o.must("add", "metadata", proto, "a.txt", "kind", "leaf")
	o.must("freeze", proto)
	copied := o.plain("copied")
	there := o.must("cp", "-q", copied, "s3://plants")
	o.must("cp", "-q", "--resume", copied, "s3://plants")
	o.must("tag", "set", there, "field")
	o.must("tag", "set", there, "lab")
	o.must("tag", "delete", there, "lab")
	o.must("annotation", "set", there, "stars", "5")
	o.must("readme", "write", there, o.readme("Norwich"))
	o.must("name", there, "renamed")
	o.must("create", "-q", "--from", filepath.Dir(o.file), "direct", "s3://plants")
	return []string{proto, there}
}

func (o *office) readme(place string) string {
	path := filepath.Join(o.t.TempDir(), "README.yml")
	mustWrite(o.t, path, "place: "+place+"\n")
	return path
}

// read does all that a dataset in a bucket is read with.
func (o *office) read(uri string) {
	o.t.Helper()
	o.must("ls", "s3://plants")
	o.must("inventory", "s3://plants")
	for _, words := range []string{
		"ls -v", "summary", "identifiers", "verify -f", "status", "uri", "uuid", "name", "readme show", "tag ls", "annotation ls",
	} {
		o.must(append(strings.Fields(words), uri)...)
	}
	id := strings.Fields(o.must("ls", uri))[0]
	o.must("item", "properties", uri, id)
	o.must("item", "fetch", uri, id)
	o.must("diff", "-f", uri, o.must("cp", "-q", uri, o.t.TempDir()))
}

// needed gives the right that a request needs.
func needed(op string) string {
	return map[string]string{
		"ListObjectsV2": "s3:ListBucket", "GetObject": "s3:GetObject", "HeadObject": "s3:GetObject",
		"PutObject": "s3:PutObject", "CreateMultipartUpload": "s3:PutObject", "UploadPart": "s3:PutObject", "CompleteMultipartUpload": "s3:PutObject",
		"DeleteObject": "s3:DeleteObject", "DeleteObjects": "s3:DeleteObject",
	}[op]
}

// mustHaveNeeded fails the test if a request needed a right that is not among these.
func mustHaveNeeded(t *testing.T, seen []seenRequest, rights ...string) {
	t.Helper()
	used := map[string]bool{}
	for _, r := range seen {
		// Who resumes a copy asks for unfinished uploads, and makes do without an answer.
		if r.op == "ListMultipartUploads" && r.refused {
			continue
		}
		used[needed(r.op)] = true
		if r.refused || !slices.Contains(rights, needed(r.op)) {
			t.Errorf("%s of %q: refused: %v", r.op, r.key, r.refused)
		}
	}
	if got := slices.Sorted(maps.Keys(used)); len(got) != len(rights) {
		t.Errorf("of the rights %q these were needed: %q", rights, got)
	}
}

func TestEveryUserWritesInAPlaceOfTheirOwn(t *testing.T) {
	o := newOffice(
		t,
		[]string{"--principal", "olssont", "plants", "u/olssont/"},
		[]string{"--principal", "jane", "plants", "u/jane/"},
	)
	o.as(o.jane)
	o.below("u/jane/")
	theirs := o.write()

	o.as(o.olssont)
	o.below("u/olssont")
	o.requests()
	o.read(o.write()[0])
	o.read(theirs[1])
	mustHaveNeeded(t, o.requests(), "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject")

	o.mustBeRefusedToWriteElsewhere(theirs[1], func(prefix string) string { return "key " + prefix })
}

// mustBeRefusedToWriteElsewhere tries to change a dataset of somebody else, and to make
// new ones in places where the user may not write. first gives what the message begins
// to tell with of a place below a prefix.
func (o *office) mustBeRefusedToWriteElsewhere(theirs string, first func(prefix string) string) {
	o.t.Helper()
	plants, animals := o.real.Objects(o.t, "plants"), o.real.Objects(o.t, "animals")
	root := "u/jane/" + strings.TrimPrefix(theirs, "s3://plants/")
	for key, words := range map[string][]string{
		"/tags/lab":              {"tag", "set", theirs, "lab"},
		"/annotations/eyes.json": {"annotation", "set", theirs, "eyes", "2"},
		"/README.yml":            {"readme", "write", theirs, o.readme("Berlin")},
		"/dtool":                 {"name", theirs, "mine"},
	} {
		o.mustBeRefused(root+key, "s3:PutObject", words...)
	}
	o.mustBeRefused(root+"/tags/field", "s3:DeleteObject", "tag", "delete", theirs, "field")
	copied := o.plain("copied")
	for _, prefix := range []string{"u/jane/", "v/olssont/", ""} {
		o.below(prefix)
		for _, words := range [][]string{
			{"create", "-q", "mine", "s3://plants"},
			{"create", "-q", "--from", filepath.Dir(o.file), "mine", "s3://plants"},
			{"cp", copied, "s3://plants"},
		} {
			o.mustBeRefused(first(prefix), "s3:PutObject", words...)
		}
	}
	o.mustBeRefused("dtool-", "s3:PutObject", "create", "-q", "mine", "s3://animals")
	o.mustBeRefused("s3://animals", "the right s3:", "cp", copied, "s3://animals")
	o.mustBeRefused("s3://animals", "s3:ListBucket", "ls", "s3://animals")
	o.mustHold("plants", plants)
	o.mustHold("animals", animals)
}

// mustHold fails the test if a bucket does not hold these objects, and no others.
func (o *office) mustHold(bucket string, want map[string]s3test.Object) {
	o.t.Helper()
	got := o.real.Objects(o.t, bucket)
	if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
		o.t.Errorf("%s has %q, and had %q", bucket, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	for key := range want {
		if !bytes.Equal(got[key].Body, want[key].Body) {
			o.t.Errorf("%s of %s has changed", key, bucket)
		}
	}
}

// mustBeRefused runs a command that lacks a right on a key.
func (o *office) mustBeRefused(key, right string, args ...string) {
	o.t.Helper()
	said := o.dtool(args...)
	if said.code != 1 || said.stdout != "" || !strings.Contains(said.stderr, key) || !strings.Contains(said.stderr, right) {
		o.t.Errorf("dtool %q: exit code %d, %s, and not %q with %q", args, said.code, said.stdout+said.stderr, right, key)
	}
}

// TestRightsAreEnoughForADiagnosis has a user who may neither look for unfinished
// uploads nor call one off.
func TestRightsAreEnoughForADiagnosis(t *testing.T) {
	o := newOffice(t, []string{"--principal", "olssont", "plants", "u/olssont/"})
	o.as(o.olssont)
	o.below("u/olssont/")
	said := o.dtool("doctor", "s3://plants")
	if said.code != 0 || strings.Contains(said.stdout, "left in the bucket") || !strings.Contains(said.stdout, "may not be called off") ||
		!strings.HasSuffix(said.stdout, "\nDatasets can be made, copied, read and verified here\n") {
		t.Errorf("exit code %d: %s%s", said.code, said.stdout, said.stderr)
	}
	if left := slices.Concat(slices.Sorted(maps.Keys(o.real.Objects(t, "plants"))), o.real.Uploads(t, "plants")); left != nil {
		t.Errorf("left in the bucket: %q", left)
	}

	o.below("")
	said = o.dtool("doctor", "s3://plants")
	if said.code != 1 || !strings.Contains(said.stdout, "new datasets go to the root of the bucket, since DTOOL_S3_DATASET_PREFIX_plants is not set (dtool config s3 plants --prefix u/NAME/)") {
		t.Errorf("without a prefix: exit code %d: %s%s", said.code, said.stdout, said.stderr)
	}
}

func TestWhoMayOnlyReadWritesNothing(t *testing.T) {
	o := newOffice(
		t,
		[]string{"--principal", "jane", "plants", "u/jane/"},
		[]string{"--read-only", "--principal", "olssont", "plants"},
	)
	o.as(o.jane)
	o.below("u/jane/")
	theirs := o.write()
	o.as(o.olssont)
	o.requests()
	o.read(theirs[1])
	mustHaveNeeded(t, o.requests(), "s3:ListBucket", "s3:GetObject")
	o.mustBeRefusedToWriteElsewhere(theirs[1], func(string) string { return "key dtool-" })
}

func TestWhoHasNoCredentialsReadsWhatEverybodyMay(t *testing.T) {
	o := newOffice(
		t,
		[]string{"--principal", "jane", "plants", "u/jane/"},
		[]string{"--read-only", "--principal", "*", "plants"},
	)
	o.as(o.jane)
	o.below("u/jane/")
	theirs := o.write()
	nobody := *o.real
	nobody.AccessKey, nobody.SecretKey = "", ""
	o.as(&nobody)
	o.requests()
	o.read(theirs[1])
	mustHaveNeeded(t, o.requests(), "s3:ListBucket", "s3:GetObject")
	before := o.real.Objects(t, "plants")
	o.mustBeRefused("dtool-", "DTOOL_S3_ACCESS_KEY_ID_plants", "create", "-q", "mine", "s3://plants")
	o.mustBeRefused("tags/lab", "DTOOL_S3_ACCESS_KEY_ID_plants", "tag", "set", theirs[1], "lab")
	o.mustHold("plants", before)
}

// TestWhoKeepsThePolicyPublishes, and may not remove what others have for all that.
func TestWhoKeepsThePolicyPublishes(t *testing.T) {
	o := newOffice(
		t,
		[]string{"--principal", "jane", "plants", "u/jane/"},
		[]string{"--publish", "--principal", "olssont", "plants", "u/olssont/"},
	)
	o.as(o.jane)
	o.below("u/jane/")
	theirs := o.must("create", "-q", "--from", filepath.Dir(o.file), "theirs", "s3://plants")
	o.must("publish", "-q", "--expires", "1h", theirs)
	o.mustBeRefused("s3://plants", "s3:GetBucketPolicy", "publish", "--policy", "--apply", theirs)
	o.must("unpublish", theirs)

	o.as(o.olssont)
	o.below("u/olssont/")
	ours := o.must("create", "-q", "--from", filepath.Dir(o.file), "ours", "s3://plants")
	o.requests()
	url := o.must("publish", "-q", "--policy", "--apply", ours)
	for _, r := range o.requests() {
		if r.refused && r.op != "" {
			t.Errorf("%s of %q was refused", r.op, r.key)
		}
	}
	nobody := &desk{t: t, home: t.TempDir(), environ: map[string]string{"LOGNAME": "nobody"}}
	nobody.must("verify", "-f", url)
	o.must("unpublish", ours)
	if said := nobody.dtool("verify", url); said.code != 1 {
		t.Errorf("what was taken back can still be read: %s", said.stdout)
	}
	o.must("rm", "--yes", ours)
	o.mustBeRefused("u/jane/", "s3:DeleteObject", "rm", "-q", "--yes", theirs)
	o.must("verify", theirs)
}
