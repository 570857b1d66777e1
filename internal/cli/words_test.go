package cli

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/internal/s3test"
)

// TestPlainWords fixes what dtool says of each fault: what happened, to which
// item, where, and what to do. What differs between machines and runs is in
// capitals.
func TestPlainWords(t *testing.T) {
	server := s3test.StartOwn(t)
	for _, tt := range slices.Concat(words(), publishingWords()) {
		t.Run(tt.fault, func(t *testing.T) {
			d := newDesk(t, server)
			o := d.dtool(tt.begin(d)...)
			if diff := cmp.Diff(strings.TrimPrefix(tt.says, "\n"), d.normal(o.stderr)); o.code != tt.code || diff != "" {
				t.Errorf("exit code %d, want %d (-want +got):\n%s", o.code, tt.code, diff)
			}
		})
	}
}

// has makes the day one on which every request for an operation gets an answer.
func (d *desk) has(op string, fault badday.Fault) { d.day.Becomes(badday.Always(op, fault)) }

// mayNotBegin makes the day one on which a registration may be written, and no dataset.
func (d *desk) mayNotBegin() {
	d.day.Becomes(func(op, key string, _ *http.Request) badday.Fault {
		if op == "PutObject" && strings.HasSuffix(key, "/README.txt") {
			return denied()
		}
		return nil
	})
}

// deliver has the dataset delivered to the bucket "roots", and not completed.
func (d *desk) deliver() {
	d.t.Helper()
	o := d.dtool("sign", "-q", "--upload", "--json", d.source, "s3://roots")
	if status := carry(d.t, o.stdout, filepath.Join(d.source, "data")); status != http.StatusOK {
		d.t.Fatalf("the items were answered with %d", status)
	}
}

// lonelyManifest makes the manifest.json of one item in the empty directory.
func (d *desk) lonelyManifest(relpath, hash string, size int64) {
	d.t.Helper()
	mustWrite(d.t, filepath.Join(d.empty, "manifest.json"), fmt.Sprintf(
		`{"hash_function": "md5sum_hexdigest", "items": {%q: {"relpath": %q, "hash": %q, "size_in_bytes": %d, "utc_timestamp": 0.0}}}`,
		dtool.Identifier(relpath), relpath, hash, size))
}

type word struct {
	fault string
	begin func(d *desk) (args []string)
	code  int
	says  string
}

func (d *desk) overwrite(key, content string) {
	d.t.Helper()
	mustWrite(d.t, filepath.Join(d.real.BucketDir("leaves"), filepath.FromSlash(key)), content)
}

func on(op string, fault badday.Fault, args ...string) func(d *desk) []string {
	return func(d *desk) []string {
		d.has(op, fault)
		for i, arg := range args {
			args[i] = strings.NewReplacer("THERE", d.there, "SOURCE", d.source, "DIR", d.empty).Replace(arg)
		}
		return args
	}
}

// keepingVersions has the bucket be one with versioning.
func keepingVersions(args ...string) func(d *desk) []string {
	return func(d *desk) []string {
		begin := on("", nil, args...)(d)
		d.day.Becomes(func(_, _ string, r *http.Request) badday.Fault {
			if !r.URL.Query().Has("versioning") {
				return nil
			}
			return badday.Answer(200, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
		})
		return begin
	}
}

func denied() badday.Fault { return badday.Refuse(403, "AccessDenied", "Access Denied") }

func words() []word {
	return []word{
		{"throttled", on("", badday.Refuse(503, "SlowDown", "Please reduce your request rate."), "ls", "s3://leaves"), 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: throttled: SlowDown: Please reduce your request rate. (HTTP 503, request ID)
hint: try again later, or with fewer requests at once: dtool --concurrency 4
`},
		{"too many requests", on("GetObject", badday.Refuse(429, "TooManyRequests", "Slow down."), "cp", "SOURCE", "s3://roots"), 1, `
dtool: GetObject s3://roots at ENDPOINT, key dtool-UUID: throttled: TooManyRequests: Slow down. (HTTP 429, request ID)
hint: try again later, or with fewer requests at once: dtool --concurrency 4; dtool cp --resume SOURCE s3://roots goes on once the cause is gone
`},
		{"an internal error", on("PutObject", badday.Refuse(500, "InternalError", "We encountered an internal error. Please try again."), "cp", "SOURCE", "s3://roots"), 1, `
dtool: PutObject s3://roots at ENDPOINT, key dtool-UUID: unreachable: InternalError: We encountered an internal error. Please try again. (HTTP 500, request ID)
hint: the store has a fault of its own: try again later, or tell whoever runs it, with the request; dtool cp --resume SOURCE s3://roots goes on once the cause is gone
`},
		{"another region, not said which", on("", badday.Refuse(301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint."), "ls", "s3://leaves"), 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: unreachable: PermanentRedirect: The bucket you are attempting to access must be addressed using the specified endpoint. (HTTP 301, request ID)
hint: the bucket is in another region, or the store has moved: set DTOOL_S3_REGION_leaves (dtool config s3 leaves --region REGION), or DTOOL_S3_ENDPOINT_leaves (dtool config s3 leaves --endpoint URL)
`},
		{"another region, and back", on("", badday.Refuse(301, "PermanentRedirect", "Elsewhere.", "X-Amz-Bucket-Region: eu-north-1"), "ls", "s3://leaves"), 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: unreachable: PermanentRedirect: Elsewhere. (HTTP 301, request ID)
hint: the bucket is in another region, or the store has moved: set DTOOL_S3_REGION_leaves (dtool config s3 leaves --region REGION), or DTOOL_S3_ENDPOINT_leaves (dtool config s3 leaves --endpoint URL)
`},
		{"a page in place of a listing", on("", badday.Page(200), "ls", "s3://leaves"), 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: unreachable: the answer is an HTML page and not one of S3 (HTTP 200)
hint: check that the endpoint is that of an S3 store, and that no proxy answers in its place
`},
		{"a page in place of a document", on("", badday.Page(200), "summary", "THERE"), 1, `
dtool: GetObject s3://leaves at ENDPOINT, key dtool-UUID: unreachable: the answer is an HTML page and not one of S3 (HTTP 200)
hint: check that the endpoint is that of an S3 store, and that no proxy answers in its place
`},
		{"a gateway has nobody to ask", on("", badday.Page(502), "ls", "s3://leaves"), 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: unreachable: the answer is an HTML page and not one of S3 (HTTP 502, request ID)
hint: check that the endpoint is that of an S3 store, and that no proxy answers in its place
`},
		{"a web server that knows no such page", on("", badday.Page(404), "summary", "THERE"), 1, `
dtool: GetObject s3://leaves at ENDPOINT, key dtool-UUID: unreachable: the answer is an HTML page and not one of S3 (HTTP 404, request ID)
hint: check that the endpoint is that of an S3 store, and that no proxy answers in its place
`},
		{"no such bucket", func(d *desk) []string {
			d.reach("stems", d.environ["DTOOL_S3_ENDPOINT_leaves"])
			return []string{"ls", "s3://stems"}
		}, 1, `
dtool: ListObjectsV2 s3://stems at ENDPOINT, key dtool-: no such bucket or directory: NoSuchBucket: The specified bucket does not exist. (HTTP 404, request ID)
hint: check the name of the bucket
`},
		{"no such bucket to begin in", func(d *desk) []string {
			d.reach("stems", d.environ["DTOOL_S3_ENDPOINT_leaves"])
			return []string{"create", "buds", "s3://stems"}
		}, 2, `
dtool: PutObject s3://stems at ENDPOINT, key dtool-UUID: no such bucket or directory: NoSuchBucket: The specified bucket does not exist. (HTTP 404, request ID)
hint: check the name of the bucket
`},
		{"unknown access key", func(d *desk) []string {
			d.environ["DTOOL_S3_ACCESS_KEY_ID_leaves"] = "somebody"
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: forbidden: InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records. (HTTP 403, request ID)
hint: the store does not know this access key ID: check it, and whether it belongs to this endpoint
`},
		{"wrong secret key", func(d *desk) []string {
			d.environ["DTOOL_S3_SECRET_ACCESS_KEY_leaves"] = "sesame"
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: forbidden: SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method. (HTTP 403, request ID)
hint: the secret access key is most likely wrong
`},
		{"a key without the other", func(d *desk) []string {
			delete(d.environ, "DTOOL_S3_SECRET_ACCESS_KEY_leaves")
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: DTOOL_S3_ACCESS_KEY_ID_leaves is set, and DTOOL_S3_SECRET_ACCESS_KEY_leaves is not
`},
		{"no keys", func(d *desk) []string {
			delete(d.environ, "DTOOL_S3_SECRET_ACCESS_KEY_leaves")
			delete(d.environ, "DTOOL_S3_ACCESS_KEY_ID_leaves")
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: forbidden: AccessDenied: Access Denied. (HTTP 403, request ID)
hint: there are no credentials for this bucket, so the request was not signed: set DTOOL_S3_ACCESS_KEY_ID_leaves (dtool config s3 leaves --keys), or sign in
`},
		{"the clock is wrong", on("", badday.Refuse(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."), "ls", "s3://leaves"), 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: forbidden: RequestTimeTooSkewed: The difference between the request time and the current time is too large. (HTTP 403, request ID)
hint: the clock of this computer is wrong: set it
`},
		{"the session is over", on("", badday.Refuse(400, "ExpiredToken", "The provided token has expired."), "ls", "s3://leaves"), 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: forbidden: ExpiredToken: The provided token has expired. (HTTP 400, request ID)
hint: the session is over or its token wrong: sign in again
`},
		{"an archived item", func(d *desk) []string {
			d.day.Becomes(onItems(-1, badday.Refuse(403, "InvalidObjectState", "The operation is not valid for the object's storage class")))
			return []string{"cp", d.there, d.empty}
		}, 1, `
dtool: copying item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): GetObject s3://leaves at ENDPOINT, key UUID/data/cfc7b4885384957ae445bc14914d4588f607651c: InvalidObjectState: The operation is not valid for the object's storage class (HTTP 403, request ID)
hint: the object is archived and must be restored before it can be read; dtool cp --resume s3://leaves/UUID DIR goes on once the cause is gone
`},
		{"may not list", on("ListObjectsV2", denied(), "ls", "s3://leaves"), 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:ListBucket is missing, or the keys are not those for this bucket
`},
		{"may not read a document", on("GetObject", denied(), "summary", "THERE"), 1, `
dtool: GetObject s3://leaves at ENDPOINT, key dtool-UUID: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:GetObject is missing, or the keys are not those for this bucket
`},
		{"may not read an item", func(d *desk) []string {
			d.day.Becomes(onItems(-1, denied()))
			return []string{"verify", "-f", d.there}
		}, 1, `
dtool: verifying item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): GetObject s3://leaves at ENDPOINT, key UUID/data/cfc7b4885384957ae445bc14914d4588f607651c: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:GetObject is missing, or the keys are not those for this bucket
`},
		{"may not write", on("PutObject", denied(), "cp", "SOURCE", "s3://roots"), 1, `
dtool: PutObject s3://roots at ENDPOINT, key dtool-UUID: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:PutObject is missing, or the keys are not those for this bucket; dtool cp --resume SOURCE s3://roots goes on once the cause is gone
`},
		{"may not write items", func(d *desk) []string {
			d.day.Becomes(func(op, key string, _ *http.Request) badday.Fault {
				if op == "PutObject" && strings.Contains(key, "/data/") {
					return denied()
				}
				return nil
			})
			return []string{"cp", d.source, "s3://roots"}
		}, 1, `
dtool: copying item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): PutObject s3://roots at ENDPOINT, key UUID/data/cfc7b4885384957ae445bc14914d4588f607651c: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:PutObject is missing, or the keys are not those for this bucket; dtool cp --resume SOURCE s3://roots goes on once the cause is gone
`},
		{"may not write where no prefix is set", func(d *desk) []string {
			d.mayNotBegin()
			return []string{"cp", d.source, "s3://roots"}
		}, 1, `
dtool: PutObject s3://roots at ENDPOINT, key UUID/README.txt: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:PutObject is missing, or the keys are not those for this bucket; new datasets go to the root of the bucket, since DTOOL_S3_DATASET_PREFIX_roots is not set (dtool config s3 roots --prefix u/NAME/); dtool cp --resume SOURCE s3://roots goes on once the cause is gone
`},
		{"may not write below the prefix", func(d *desk) []string {
			d.mayNotBegin()
			d.environ["DTOOL_S3_DATASET_PREFIX_roots"] = "u/jane"
			return []string{"cp", d.source, "s3://roots"}
		}, 1, `
dtool: PutObject s3://roots at ENDPOINT, key u/jane/UUID/README.txt: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:PutObject is missing, or the keys are not those for this bucket; new datasets go below u/jane/, which DTOOL_S3_DATASET_PREFIX_roots says: is that your own? (dtool config s3 roots --prefix u/NAME/); dtool cp --resume SOURCE s3://roots goes on once the cause is gone
`},
		{"may not write to a dataset of somebody's", func(d *desk) []string {
			d.day.Becomes(func(op, key string, _ *http.Request) badday.Fault {
				if op == "PutObject" && strings.Contains(key, "/tags/") {
					return denied()
				}
				return nil
			})
			return []string{"tag", "set", d.there, "buds"}
		}, 1, `
dtool: PutObject s3://leaves at ENDPOINT, key UUID/tags/buds: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:PutObject is missing, or the keys are not those for this bucket
`},
		{"may not look at items", func(d *desk) []string {
			proto := d.must("create", "-q", "buds", "s3://roots")
			d.must("add", "item", filepath.Join(d.source, "data", "a.txt"), proto)
			d.uuid = strings.TrimPrefix(proto, "s3://roots/")
			d.has("HeadObject", badday.Answer(403, ""))
			return []string{"freeze", proto}
		}, 1, `
dtool: HeadObject s3://roots at ENDPOINT, key UUID/data/cfc7b4885384957ae445bc14914d4588f607651c: forbidden: Forbidden (HTTP 403, request ID)
hint: the right s3:GetObject is missing, or the keys are not those for this bucket; without the right s3:ListBucket this is also the answer where there is no such object
`},
		{"may not write a delivery", on("PutObject", denied(), "sign", "--upload", "SOURCE", "s3://roots"), 1, `
dtool: PutObject s3://roots at ENDPOINT, key dtool-UUID: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:PutObject is missing, or the keys are not those for this bucket
`},
		{"may not read what was delivered", func(d *desk) []string {
			d.deliver()
			d.day.Becomes(onItems(-1, denied()))
			return []string{"sign", "--complete", "s3://roots/" + d.uuid}
		}, 1, `
dtool: verifying item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): GetObject s3://roots at ENDPOINT, key UUID/data/cfc7b4885384957ae445bc14914d4588f607651c: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:GetObject is missing, or the keys are not those for this bucket
`},
		{"a delivery that lacks an item", func(d *desk) []string {
			d.must("sign", "-q", "--upload", d.source, "s3://roots")
			return []string{"sign", "--complete", "s3://roots/" + d.uuid}
		}, 1, `
dtool: s3://roots/UUID: not complete, and not frozen: 1 of 1 item missing or wrong
hint: dtool sign --upload s3://roots/UUID signs that again
`},
		{"no keys to sign with", func(d *desk) []string {
			delete(d.environ, "DTOOL_S3_ACCESS_KEY_ID_roots")
			delete(d.environ, "DTOOL_S3_SECRET_ACCESS_KEY_roots")
			d.lonelyManifest("a.txt", "d41d8cd98f00b204e9800998ecf8427e", 0)
			return []string{"sign", "--upload", "--name", "buds", filepath.Join(d.empty, "manifest.json"), "s3://roots"}
		}, 1, `
dtool: signing item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): sign PutObject s3://roots at ENDPOINT, key UUID/data/cfc7b4885384957ae445bc14914d4588f607651c: forbidden: there are no credentials to sign with
hint: set DTOOL_S3_ACCESS_KEY_ID_roots (dtool config s3 roots --keys), or sign in
`},
		{"a manifest that leads out", func(d *desk) []string {
			d.lonelyManifest("../.ssh/authorized_keys", "d41d8cd98f00b204e9800998ecf8427e", 0)
			return []string{"sign", "--upload", "--name", "buds", filepath.Join(d.empty, "manifest.json"), "s3://roots"}
		}, 1, `
dtool: signing item ../.ssh/authorized_keys (3b2fa0f10a04db075e034df8355dc5079f2f54ae): invalid relpath ../.ssh/authorized_keys: it leads upwards
hint: a relpath is relative, does not lead upwards, and is one that the destination can hold
`},
		{"a manifest without MD5", func(d *desk) []string {
			d.lonelyManifest("a.txt", "d41d8cd98f00b204e9800998ecf8427e-2", 0)
			return []string{"sign", "--upload", "--name", "buds", filepath.Join(d.empty, "manifest.json"), "s3://roots"}
		}, 1, `
dtool: signing item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): cannot be delivered: the manifest does not have its MD5, which alone keeps other bytes out
hint: whoever has the files and keys copies them with dtool cp
`},
		{"an item too large for a request", func(d *desk) []string {
			d.lonelyManifest("a.txt", "d41d8cd98f00b204e9800998ecf8427e", 5<<30+1)
			return []string{"sign", "--upload", "--name", "buds", filepath.Join(d.empty, "manifest.json"), "s3://roots"}
		}, 1, `
dtool: signing item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): sign PutObject s3://roots at ENDPOINT, key UUID/data/cfc7b4885384957ae445bc14914d4588f607651c: it has 5368709121 bytes, and one request stores at most 5368709120
hint: whoever has the files and keys copies them with dtool cp, in parts
`},
		{"may not copy", on("CopyObject", denied(), "cp", "THERE", "s3://roots"), 0, `
dtool: warning: items pass through this machine, since the store does not copy them by itself: CopyObject s3://roots at ENDPOINT, key UUID/data/cfc7b4885384957ae445bc14914d4588f607651c: unsupported operation: AccessDenied: Access Denied (HTTP 403, request ID)
`},
		{"may not remove", func(d *desk) []string {
			proto := d.must("create", "-q", "buds", "s3://roots")
			d.must("add", "item", filepath.Join(d.source, "data", "a.txt"), proto)
			d.must("add", "metadata", proto, "a.txt", "kind", "leaf")
			d.uuid = strings.TrimPrefix(proto, "s3://roots/")
			d.has("DeleteObjects", denied())
			return []string{"freeze", proto}
		}, 0, `
dtool: warning: the dataset is frozen, but what only a proto dataset has could not be removed, which another freeze tries again: DeleteObjects s3://roots at ENDPOINT, key UUID/fragments/cfc7b4885384957ae445bc14914d4588f607651c.kind.json: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
`},
		{"may not remove a dataset", on("DeleteObjects", denied(), "rm", "-q", "--yes", "THERE"), 1, `
dtool: s3://leaves/UUID: not all was removed, 0 of 6 objects: DeleteObjects s3://leaves at ENDPOINT, key UUID/nothing-has-this-key: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:DeleteObject is missing, or the keys are not those for this bucket; dtool rm --yes s3://leaves/UUID goes on once the cause is gone
`},
		{"may not look for parts of uploads", on("ListMultipartUploads", denied(), "rm", "-q", "--yes", "THERE"), 0, ""},
		{"a bucket that keeps versions", keepingVersions("rm", "-q", "--yes", "THERE"), 0, `
dtool: warning: s3://leaves/UUID is not gone for good: the bucket keeps what is removed as older versions, until a rule of the bucket or its owner removes those
`},
		{"cannot look for parts of uploads", on("ListMultipartUploads", badday.Refuse(400, "InvalidArgument", "Invalid prefix."), "rm", "-q", "--yes", "THERE"), 0, `
dtool: warning: parts of interrupted uploads may be left below UUID/: ListMultipartUploads s3://leaves at ENDPOINT, key UUID/: InvalidArgument: Invalid prefix. (HTTP 400, request ID)
`},
		{"a delivery is removed", func(d *desk) []string {
			d.deliver()
			return []string{"rm", "-q", "--yes", "s3://roots/" + d.uuid}
		}, 0, `
dtool: warning: s3://roots/UUID is being delivered: files can still come as long as what was signed for it holds, 7 days at most; dtool rm again removes those
`},
		{"a delivery is frozen as if all had come", func(d *desk) []string {
			d.deliver()
			return []string{"freeze", "s3://roots/" + d.uuid}
		}, 2, `
dtool: s3://roots/UUID: unfinished: a delivery is under way
hint: dtool sign --complete URI checks and freezes what was delivered; dtool sign --upload URI signs what is missing
`},
		{"a delivery is read", func(d *desk) []string {
			d.deliver()
			return []string{"verify", "s3://roots/" + d.uuid}
		}, 2, `
dtool: s3://roots/UUID: not frozen: a proto dataset, unfinished: a delivery is under way
hint: dtool sign --complete URI checks and freezes what was delivered; dtool sign --upload URI signs what is missing
`},
		{"a delivery gets a tag", func(d *desk) []string {
			d.deliver()
			return []string{"tag", "set", "s3://roots/" + d.uuid, "early"}
		}, 2, `
dtool: s3://roots/UUID: unfinished: a delivery is under way
hint: dtool sign --complete URI checks and freezes what was delivered; dtool sign --upload URI signs what is missing
`},
		{"a delivery of no manifest", func(*desk) []string {
			return []string{"sign", "--upload", "nowhere/manifest.json", "s3://roots"}
		}, 2, `
dtool: open nowhere/manifest.json: no such file or directory
`},
		{"a delivery of no manifest, with a name", func(*desk) []string {
			return []string{"sign", "--upload", "nowhere/manifest.json", "--name", "buds", "s3://roots"}
		}, 2, `
dtool: open nowhere/manifest.json: no such file or directory
`},
		{"what was begun may not be removed", func(d *desk) []string {
			d.day.Becomes(func(op, key string, _ *http.Request) badday.Fault {
				if op == "DeleteObjects" || strings.HasSuffix(key, "manifest.json") {
					return denied()
				}
				return nil
			})
			return []string{"create", "--from", filepath.Join(filepath.Dir(d.source), "photos"), "buds", "s3://roots"}
		}, 1, `
dtool: PutObject s3://roots at ENDPOINT, key UUID/manifest.json: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
  s3://roots/UUID: was begun and could not be removed: DeleteObjects s3://roots at ENDPOINT, key UUID/README.txt: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: what is left is no whole dataset and passes for none: dtool rm s3://roots/UUID removes it; then run the command again
`},
		{"a name that no bucket can have", on("", badday.Refuse(400, "InvalidBucketName", "The specified bucket is not valid."), "ls", "s3://leaves"), 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: InvalidBucketName: The specified bucket is not valid. (HTTP 400, request ID)
hint: check the name of the bucket: no bucket can have this one
`},
		{"a dangling link among the items", func(d *desk) []string {
			proto := filepath.Join(d.empty, "buds")
			d.must("create", "-q", "buds", d.empty)
			if err := os.Symlink("nowhere", filepath.Join(proto, "data", "a.txt")); err != nil {
				d.t.Fatal(err)
			}
			return []string{"freeze", proto}
		}, 1, `
dtool: cannot be read as an item: data/a.txt in DIR/buds is a dangling link
hint: a dataset is made of files, and of links to files: mend what is named, or move it out of the way
`},
		{"a dataset to be removed that is a link", func(d *desk) []string {
			link := filepath.Join(d.empty, "link")
			if err := os.Symlink(d.source, link); err != nil {
				d.t.Fatal(err)
			}
			return []string{"rm", "--yes", link}
		}, 2, `
dtool: invalid URI file://labDIR/link: it is a link to a directory: name the directory itself, and remove the link by hand
`},
		{"a manifest cut short", func(d *desk) []string {
			mustWrite(d.t, filepath.Join(d.source, ".dtool", "manifest.json"), `{"dtoolcore_version": "3.18.0", "items": {"86`)
			return []string{"ls", d.source}
		}, 1, `
dtool: file://labSOURCE: .dtool/manifest.json: broken document: manifest: line 1, column 46: expected the rest of a string, found the end of the text
hint: if there is a good copy of the dataset, dtool cp --resume COPY BASE puts its manifest right
`},
		{"a README that the store has damaged", func(d *desk) []string {
			readme := filepath.Join(d.home, "README.yml")
			mustWrite(d.t, readme, "---\nproject: leaves\n")
			d.must("readme", "write", d.there, readme)
			d.overwrite(d.uuid+"/README.yml", "---\nproject: l")
			return []string{"readme", "show", d.there}
		}, 1, `
dtool: corrupted: UUID/README.yml is not what the store says that it holds: MD5 ebc349894fe73c8b8d358e44599f2fac where a8af3ff85769bb3f953299d63256cb4e was expected
hint: if files are being written to, wait until that is done and try again; dtool verify --full tells which items of a dataset are damaged
`},
		{"an empty manifest", func(d *desk) []string {
			mustWrite(d.t, filepath.Join(d.source, ".dtool", "manifest.json"), "")
			return []string{"cp", d.source, "s3://roots"}
		}, 1, `
dtool: file://labSOURCE: .dtool/manifest.json: broken document: manifest: line 1, column 1: expected a value, found the end of the text
hint: if there is a good copy of the dataset, dtool cp --resume COPY BASE puts its manifest right
`},
		{"a manifest with a wrong identifier", func(d *desk) []string {
			path := filepath.Join(d.source, ".dtool", "manifest.json")
			text, err := os.ReadFile(path)
			if err != nil {
				d.t.Fatal(err)
			}
			mustWrite(d.t, path, strings.Replace(string(text), "a.txt", "b.txt", 1))
			return []string{"verify", d.source}
		}, 1, `
dtool: file://labSOURCE: .dtool/manifest.json: broken document: manifest: item cfc7b4885384957ae445bc14914d4588f607651c: the identifier of its relpath b.txt would be aceba96ffdf13ce4cd4171c0248420cc03108ef0
hint: if there is a good copy of the dataset, dtool cp --resume COPY BASE puts its manifest right
`},
		{"no manifest", func(d *desk) []string {
			if err := os.Remove(filepath.Join(d.source, ".dtool", "manifest.json")); err != nil {
				d.t.Fatal(err)
			}
			return []string{"verify", d.source}
		}, 1, `
dtool: broken document: manifest: the dataset is frozen and has none: open SOURCE, key .dtool/manifest.json: not found: statat .dtool/manifest.json: no such file or directory
hint: if there is a good copy of the dataset, dtool cp --resume COPY BASE puts its manifest right
`},
		{"a byte of an item is wrong", func(d *desk) []string {
			mustWrite(d.t, filepath.Join(d.source, "data", "a.txt"), "content of b\n")
			return []string{"cp", d.source, "s3://roots"}
		}, 1, `
dtool: copying item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): corrupted: at file://labSOURCE it is not what the manifest says: MD5 f088bb3ab64ae8b83547308a2e34ddea where 5be6c5adf48ffaba115943a9400786e5 was expected
hint: dtool verify --full SOURCE tells what is damaged; once that is right, dtool cp --resume SOURCE s3://roots goes on
`},
		{"an item is cut short", func(d *desk) []string {
			mustWrite(d.t, filepath.Join(d.source, "data", "a.txt"), "content")
			return []string{"cp", d.source, "s3://roots"}
		}, 1, `
dtool: copying item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): corrupted: at file://labSOURCE it is not what the manifest says: size 7 where 13 was expected
hint: dtool verify --full SOURCE tells what is damaged; once that is right, dtool cp --resume SOURCE s3://roots goes on
`},
		{"an item is gone", func(d *desk) []string {
			if err := os.Remove(filepath.Join(d.source, "data", "a.txt")); err != nil {
				d.t.Fatal(err)
			}
			return []string{"cp", d.source, "s3://roots"}
		}, 1, `
dtool: copying item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): open SOURCE, key data/a.txt: not found: stat SOURCE/data/a.txt: no such file or directory
hint: dtool cp --resume SOURCE s3://roots goes on once the cause is gone
`},
		{"a byte of an item is wrong in the bucket", func(d *desk) []string {
			d.day.Becomes(onItems(-1, badday.Alter()))
			return []string{"cp", d.there, d.empty}
		}, 1, `
dtool: copying item a.txt (cfc7b4885384957ae445bc14914d4588f607651c): corrupted: at s3://leaves/UUID it is not what the manifest says: MD5 9d26c6c5c068c036db67a5c78e198af7 where 5be6c5adf48ffaba115943a9400786e5 was expected
hint: dtool verify --full s3://leaves/UUID tells what is damaged; once that is right, dtool cp --resume s3://leaves/UUID DIR goes on
`},
		{"a file changes while it is added", func(d *desk) []string {
			photos := filepath.Join(filepath.Dir(d.source), "photos")
			d.day.Becomes(func(op, key string, _ *http.Request) badday.Fault {
				if op == "PutObject" && strings.HasSuffix(key, "structure.json") {
					mustWrite(d.t, filepath.Join(photos, "a.txt"), "other contents!")
				}
				return nil
			})
			return []string{"create", "--from", photos, "buds", "s3://roots"}
		}, 1, `
dtool: corrupted: item a.txt is not what was added
hint: if files are being written to, wait until that is done and try again; dtool verify --full tells which items of a dataset are damaged
`},
		{"another dataset of that name", func(d *desk) []string {
			d.must("create", "-q", "leaves", d.empty)
			return []string{"cp", "--resume", d.source, d.empty}
		}, 2, `
dtool: file://labDIR/leaves: exists already, and is another dataset: its UUID is UUID, not UUID
hint: choose another base
`},
		{"the copy is there already", func(d *desk) []string { return []string{"cp", d.source, "s3://leaves"} }, 2, `
dtool: s3://leaves/UUID: exists already
hint: dtool cp --resume SOURCE s3://leaves completes it, if it is an interrupted copy of this dataset; otherwise choose another base
`},
		{"a file of that name", func(d *desk) []string {
			mustWrite(d.t, filepath.Join(d.empty, "leaves"), "")
			return []string{"cp", d.source, d.empty}
		}, 2, `
dtool: file://labDIR/leaves: exists already, and is no directory
hint: dtool cp --resume SOURCE DIR completes it, if it is an interrupted copy of this dataset; otherwise choose another base
`},
		{"a file in place of a directory", func(d *desk) []string {
			mustWrite(d.t, filepath.Join(d.empty, "file"), "")
			return []string{"cp", d.source, filepath.Join(d.empty, "file")}
		}, 1, `
dtool: list DIR/file: no such bucket or directory: it is a file
hint: directories and buckets are not made by dtool: check the name
`},
		{"no such directory", func(d *desk) []string { return []string{"cp", d.source, filepath.Join(d.empty, "nowhere")} }, 1, `
dtool: list DIR/nowhere: no such bucket or directory
hint: directories and buckets are not made by dtool: check the name
`},
		{"nobody listens", func(d *desk) []string {
			d.reach("leaves", "http://127.0.0.1:1")
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: unreachable: dial tcp 127.0.0.1:1: connect: connection refused
hint: check the network and the endpoint
`},
		{"connections break", on("", badday.HangUp(), "ls", "s3://leaves"), 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: unreachable: the connection was closed without an answer
hint: check the network and the endpoint
`},
		{"no such host", func(d *desk) []string {
			d.reach("leaves", "http://store.invalid")
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: ListObjectsV2 s3://leaves at http://store.invalid, key dtool-: unreachable: dial tcp: lookup store.invalid FAILS
hint: check the network and the endpoint
`},
		{"a certificate that nobody knows", func(d *desk) []string {
			d.reach("leaves", quietTLS(d.t))
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: ListObjectsV2 s3://leaves at https://127.0.0.1:PORT, key dtool-: unreachable: tls: failed to verify certificate: x509: certificate signed by unknown authority
hint: nobody whom this computer trusts vouches for the store's certificate: if it is the right store, set AWS_CA_BUNDLE to the file with the certificate of its authority
`},
		{"a certificate for another host", func(d *desk) []string {
			d.reach("leaves", strings.Replace(quietTLS(d.t), "127.0.0.1", "localhost", 1))
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: ListObjectsV2 s3://leaves at https://localhost:PORT, key dtool-: unreachable: tls: failed to verify certificate: x509: certificate is valid for example.com, *.example.com, not localhost
hint: check the endpoint: the certificate is for another host
`},
		{"https where http is spoken", func(d *desk) []string {
			d.reach("leaves", strings.Replace(d.real.Endpoint, "http:", "https:", 1))
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: ListObjectsV2 s3://leaves at https://127.0.0.1:PORT, key dtool-: unreachable: http: server gave HTTP response to HTTPS client
hint: the endpoint speaks plain HTTP: begin it with http://
`},
		{"http where https is spoken", func(d *desk) []string {
			d.reach("leaves", strings.Replace(quietTLS(d.t), "https:", "http:", 1))
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: ListObjectsV2 s3://leaves at ENDPOINT, key dtool-: unreachable: the answer is not one of S3, or was cut short (HTTP 400)
hint: the endpoint may speak HTTPS alone: begin it with https://
`},
		{"no such bundle of certificates", func(d *desk) []string {
			d.t.Setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem")
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: open s3://leaves: read the configuration of AWS tools, AWS_CA_BUNDLE and ~/.aws/config among it: open /nowhere/ca.pem: no such file or directory
`},
		{"an endpoint that is no URL", func(d *desk) []string {
			d.environ["DTOOL_S3_ENDPOINT_leaves"] = "store.example.org"
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: DTOOL_S3_ENDPOINT_leaves cannot be an endpoint: it has not the form https://host or http://host:port
`},
		{"an endpoint with a port that there cannot be", func(d *desk) []string {
			d.environ["DTOOL_S3_ENDPOINT_leaves"] = "http://127.0.0.1:99999"
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: open s3://leaves: DTOOL_S3_ENDPOINT_leaves has the port 99999, and ports go from 1 to 65535
`},
		{"an endpoint with a password", func(d *desk) []string {
			d.environ["DTOOL_S3_ENDPOINT_leaves"] = "https://olssont:sesame@store.example.org"
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: open s3://leaves: DTOOL_S3_ENDPOINT_leaves has more than scheme, host, port and path
`},
		{"an endpoint with the bucket", func(d *desk) []string {
			d.environ["DTOOL_S3_ENDPOINT_leaves"] = "https://store.example.org/leaves"
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: DTOOL_S3_ENDPOINT_leaves cannot be an endpoint: it ends in the name of the bucket, which is added by itself
`},
		{"settings that are no JSON", func(d *desk) []string {
			mustWrite(d.t, filepath.Join(d.home, ".config", "dtool", "dtool.json"), "DTOOL_NUM_PROCESSES=4\n")
			return []string{"ls", "s3://leaves"}
		}, 1, `
dtool: configuration file HOME/.config/dtool/dtool.json: line 1, column 1: expected a value, found 'D'
`},
		{"a URI without slashes", func(*desk) []string { return []string{"ls", "s3:leaves"} }, 2, `
dtool: invalid URI s3:leaves: after s3: come two slashes; with ./ before it, it would be a path
`},
		{"a URI of nothing known", func(*desk) []string { return []string{"ls", "ftp://leaves"} }, 2, `
dtool: invalid URI ftp://leaves: the scheme ftp is none of ecs, s3, file, symlink, http, https
`},
		{"a URI within a bucket", func(d *desk) []string { return []string{"cp", d.source, "s3://leaves/2024"} }, 2, `
dtool: invalid URI s3://leaves/2024: a bucket holds datasets directly: use s3://leaves
`},
		{"no dataset in the bucket", func(*desk) []string { return []string{"summary", "s3://leaves/00000000-0000-4000-8000-000000000000"} }, 2, `
dtool: s3://leaves/UUID: not a dataset
hint: dtool ls BASE lists the datasets of a directory or a bucket; dtool create --from DIR NAME makes one of a plain directory
`},
		{"no dataset in the directory", func(d *desk) []string { return []string{"summary", d.empty} }, 2, `
dtool: file://labDIR: not a dataset
hint: dtool ls BASE lists the datasets of a directory or a bucket; dtool create --from DIR NAME makes one of a plain directory
`},
		{"a name that cannot be stored in a bucket", func(d *desk) []string {
			mustWrite(d.t, filepath.Join(d.empty, strings.Repeat(strings.Repeat("d", 200)+"/", 8), "file"), "")
			return []string{"create", "--from", d.empty, "deep", "s3://roots"}
		}, 1, `
dtool: invalid relpath LONG/LONG/LONG/LONG/LONG/LONG/LONG/LONG/file: a bucket has room for 2002 bytes of it in base64, not 2152
hint: a relpath is relative, does not lead upwards, and is one that the destination can hold
`},
		{"a copy that was not finished", func(d *desk) []string {
			d.day.Becomes(onPut("manifest.json", denied()))
			d.dtool("cp", d.source, "s3://roots")
			d.day.Becomes(nil)
			return []string{"cp", "s3://roots/" + d.uuid, d.empty}
		}, 2, `
dtool: s3://roots/UUID: not frozen: a proto dataset, unfinished
hint: dtool cp --resume SOURCE BASE completes a copy that was interrupted; dtool rm URI removes what dtool create left
`},
	}
}

// quietTLS gives the URL of a server with a certificate of its own making.
func quietTLS(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // whoever does not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}
