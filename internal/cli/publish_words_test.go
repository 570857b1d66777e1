package cli

import (
	"context"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/storage"
)

// publishingWords are those of publishing and taking it back.
func publishingWords() []word {
	return []word{
		{"ACLs are off", on("PutObjectAcl", badday.Refuse(400, "AccessControlListNotSupported", "The bucket does not allow ACLs"), "publish", "THERE"), 1, `
dtool: s3://leaves/UUID is not published: PutObjectAcl s3://leaves at ENDPOINT, key UUID/README.txt: no object can be made public by itself: AccessControlListNotSupported: The bucket does not allow ACLs (HTTP 400, request ID)
hint: ACLs are turned off in this bucket, as in every new one at AWS; a policy of the bucket can make objects public instead; --expires 7d gives a URL that is good for a week, and needs nothing to be public; --policy prints the statement that the policy of the bucket needs, and with --apply puts it there; --public-url URL is for a bucket that is public already, or has a web server before it
`},
		{"public ACLs are blocked", on("PutObjectAcl", badday.Refuse(403, "AccessDenied", "User: olssont is not authorized to perform: s3:PutObjectAcl because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."), "publish", "THERE"), 1, `
dtool: s3://leaves/UUID is not published: PutObjectAcl s3://leaves at ENDPOINT, key UUID/README.txt: no object can be made public by itself: AccessDenied: User: olssont is not authorized to perform: s3:PutObjectAcl because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access. (HTTP 403, request ID)
hint: Block Public Access is on, for the bucket or the whole account: whoever owns it has to turn that off before anything in it can be public; --expires 7d gives a URL that is good for a week, and needs nothing to be public; --policy prints the statement that the policy of the bucket needs, and with --apply puts it there; --public-url URL is for a bucket that is public already, or has a web server before it
`},
		{"the store has no ACLs", on("PutObjectAcl", badday.Refuse(501, "NotImplemented", "A header you provided implies functionality that is not implemented."), "publish", "THERE"), 1, `
dtool: s3://leaves/UUID is not published: PutObjectAcl s3://leaves at ENDPOINT, key UUID/README.txt: no object can be made public by itself: NotImplemented: A header you provided implies functionality that is not implemented. (HTTP 501, request ID)
hint: this store has no ACLs for objects; a policy of the bucket can make objects public instead; --expires 7d gives a URL that is good for a week, and needs nothing to be public; --policy prints the statement that the policy of the bucket needs, and with --apply puts it there; --public-url URL is for a bucket that is public already, or has a web server before it
`},
		{"may not set ACLs", on("PutObjectAcl", denied(), "publish", "THERE"), 1, `
dtool: s3://leaves/UUID is not published: PutObjectAcl s3://leaves at ENDPOINT, key UUID/README.txt: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:PutObjectAcl is missing, or the keys are not those for this bucket
`},
		{"may set some ACLs", func(d *desk) []string {
			d.day.Becomes(func(op, key string, _ *http.Request) badday.Fault {
				switch {
				case op != "PutObjectAcl":
					return nil
				case strings.Contains(key, "/data/"):
					return denied()
				}
				return badday.Answer(200, "")
			})
			return []string{"--concurrency", "1", "publish", d.there}
		}, 1, `
dtool: s3://leaves/UUID is not published, although some of it may be readable for everybody: PutObjectAcl s3://leaves at ENDPOINT, key UUID/data/cfc7b4885384957ae445bc14914d4588f607651c: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:PutObjectAcl is missing, or the keys are not those for this bucket; the same command goes on; dtool unpublish s3://leaves/UUID takes it back
`},
		{"ACLs count for nothing", on("PutObjectAcl", badday.Answer(200, ""), "publish", "THERE"), 1, `
dtool: s3://leaves/UUID was published, and cannot be read without credentials: GET ENDPOINT/leaves/UUID, key http_manifest.json: forbidden: 403 Forbidden: AccessDenied, at ENDPOINT/leaves/UUID/http_manifest.json (request ID)
hint: the store took the ACLs and yet lets nobody read: Block Public Access (IgnorePublicAcls) of the bucket or the account, or a policy that denies it, stands above them; dtool unpublish s3://leaves/UUID takes it back
`},
		{"may not see the policy", on("GetBucketPolicy", denied(), "publish", "--policy", "--apply", "THERE"), 1, `
dtool: s3://leaves/UUID is not published: GetBucketPolicy s3://leaves at ENDPOINT: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:GetBucketPolicy is missing, or the keys are not those for this bucket; without --apply, it prints the statement for whoever may change the policy
`},
		{"public policies are blocked", on("PutBucketPolicy", badday.Refuse(403, "AccessDenied", "User: olssont is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."), "publish", "--policy", "--apply", "THERE"), 1, `
dtool: s3://leaves/UUID is not published: PutBucketPolicy s3://leaves at ENDPOINT: forbidden: AccessDenied: User: olssont is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access. (HTTP 403, request ID)
hint: Block Public Access is on, for the bucket or the whole account: whoever owns it has to turn that off before a policy can make anything public; without --apply, it prints the statement for whoever may change the policy
`},
		{"a public URL of private objects", func(d *desk) []string {
			return []string{"publish", "--public-url", d.real.Endpoint + "/leaves", d.there}
		}, 1, `
dtool: s3://leaves/UUID is not published: GET without credentials, key UUID/README.txt: forbidden: 403 Forbidden: AccessDenied, at ENDPOINT/leaves/UUID/README.txt (request ID)
hint: everybody must be able to read all of the dataset there; --public-url is to be the URL below which the keys of the bucket lie
`},
		{"a public URL that is none", func(d *desk) []string {
			return []string{"publish", "--public-url", "leaves.example.org", d.there}
		}, 2, `
dtool: invalid URI as the public URL: a URL is relative
hint: --public-url begins with https:// or http://
`},
		{"published on a disk", func(d *desk) []string { return []string{"publish", d.source} }, 2, `
dtool: file://labSOURCE: cannot be published: only what lies in a bucket can others be let read
hint: publishing, and taking it back, is done at the s3:// URI of a dataset; dtool cp copies one into a bucket
`},
		{"a proto dataset is published", func(d *desk) []string {
			proto := d.must("create", "-q", "buds", "s3://roots")
			d.uuid = strings.TrimPrefix(proto, "s3://roots/")
			return []string{"publish", proto}
		}, 2, `
dtool: s3://roots/UUID: not frozen: a proto dataset
hint: dtool freeze makes a dataset of a proto dataset
`},
		{"signed for too long by the settings", func(d *desk) []string {
			d.environ["DTOOL_S3_PUBLISH_EXPIRY"] = "2592000"
			return []string{"publish", d.there}
		}, 2, `
dtool: DTOOL_S3_PUBLISH_EXPIRY: "2592000" is longer than 7 d (604800 seconds), which is the most
hint: set it to a number of seconds, 604800 at most, or to nothing, or use --expires
`},
		{"signed for no time", func(d *desk) []string { return []string{"publish", "--expires", "0.5", d.there} }, 2, `
dtool: publish: invalid argument "0.5" for "--expires" flag: "0.5" is less than a second
hint: dtool publish DS [flags]
`},
		{"signed for everybody", func(d *desk) []string { return []string{"publish", "--expires", "1d", "--policy", "--apply", d.there} }, 2, `
dtool: publish: --expires goes with neither --policy nor --public-url, by which everybody can read
hint: dtool publish DS [flags]
`},
		{"taken back where all is public", func(d *desk) []string {
			d.makePublic("leaves")
			return []string{"unpublish", d.there}
		}, 1, `
dtool: 6 objects can still be read without credentials, UUID/README.txt for one
hint: what dtool publish did is taken back: look for a policy of the bucket that lets everybody read, or a web server before it
`},
		{"taken back, and the policy cannot be seen", func(d *desk) []string {
			d.must("publish", "--expires", "1d", d.there)
			d.has("GetBucketPolicy", denied())
			return []string{"unpublish", d.there}
		}, 0, ""},
		{"taken back where all is public, and the policy cannot be seen", func(d *desk) []string {
			d.makePublic("leaves")
			d.has("GetBucketPolicy", denied())
			return []string{"unpublish", d.there}
		}, 1, `
dtool: 6 objects can still be read without credentials, UUID/README.txt for one: whether the policy of the bucket has the statement DtoolPublishHEX is not known: GetBucketPolicy s3://leaves at ENDPOINT: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: whoever may change the policy has to take that statement out; if it has none, another one lets everybody read, or a web server before the bucket
`},
		{"taken back, and may not be", func(d *desk) []string {
			d.publishByPolicy()
			d.has("PutBucketPolicy", denied())
			d.has("DeleteBucketPolicy", denied())
			return []string{"unpublish", d.there}
		}, 1, `
dtool: 6 objects can still be read without credentials, UUID/README.txt for one: the policy of the bucket has the statement DtoolPublishHEX: DeleteBucketPolicy s3://leaves at ENDPOINT: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: whoever may change the policy has to take that statement out; if it has none, another one lets everybody read, or a web server before the bucket
`},
		{"taken back of what is gone, and the policy says nothing of it", func(d *desk) []string {
			d.must("rm", "-y", "-q", d.there)
			return []string{"unpublish", d.there}
		}, 2, `
dtool: s3://leaves/UUID: not a dataset
hint: dtool ls BASE lists the datasets of a directory or a bucket; dtool create --from DIR NAME makes one of a plain directory
`},
		{"taken back of what is gone", func(d *desk) []string {
			d.must("rm", "-y", "-q", d.there)
			sid := "DtoolPublish" + strings.ReplaceAll(path.Base(d.there), "-", "")
			d.setPolicy(d.t.Context(), "leaves", `{"Version":"2012-10-17","Statement":[{"Sid":"`+sid+`","Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::leaves/*"]}]}`)
			if told := d.must("unpublish", d.there); told != "Taken back: the statement is taken out of the policy of the bucket" {
				d.t.Errorf("said is %q", told)
			}
			return []string{"unpublish", d.there}
		}, 2, `
dtool: s3://leaves/UUID: not a dataset
hint: dtool ls BASE lists the datasets of a directory or a bucket; dtool create --from DIR NAME makes one of a plain directory
`},
		{"removed, and the statement may not be", func(d *desk) []string {
			d.publishByPolicy()
			d.has("PutBucketPolicy", denied())
			d.has("DeleteBucketPolicy", denied())
			return []string{"rm", "-y", "-q", d.there}
		}, 1, `
dtool: warning: s3://leaves/UUID is published, or URLs of it were signed: they will lead to nothing
dtool: s3://leaves/UUID: not all was removed, 0 of 8 objects: it is published by a statement of the policy of the bucket that cannot be taken out, DtoolPublishHEX: DeleteBucketPolicy s3://leaves at ENDPOINT: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:DeleteBucketPolicy is missing, or the keys are not those for this bucket; whoever may change the policy runs dtool unpublish s3://leaves/UUID before
`},
		{"taken back, and may not be removed", func(d *desk) []string {
			d.must("publish", "--expires", "1d", d.there)
			d.has("DeleteObjects", denied())
			return []string{"unpublish", d.there}
		}, 1, `
dtool: DeleteObjects s3://leaves at ENDPOINT, key UUID/http_manifest.json: forbidden: AccessDenied: Access Denied (HTTP 403, request ID)
hint: the right s3:DeleteObject is missing, or the keys are not those for this bucket; until somebody who has the right runs dtool unpublish s3://leaves/UUID, everybody may read what is not taken back
`},
		{"taken back where it is read", func(d *desk) []string {
			return []string{"unpublish", d.publishByPolicy()}
		}, 2, `
dtool: ENDPOINT/leaves/UUID: cannot be published: only what lies in a bucket can others be let read
hint: publishing, and taking it back, is done at the s3:// URI of a dataset; dtool cp copies one into a bucket
`},
		{"an annotation of what is published by policy", func(d *desk) []string {
			d.publishByPolicy()
			return []string{"annotation", "set", d.there, "note", "new"}
		}, 0, `
note: the dataset is published by the policy of the bucket; until it is published again, others may not be able to read what has changed: dtool publish --policy --apply s3://leaves/UUID
`},
		{"a tag of what is published by signed URLs", func(d *desk) []string {
			d.must("publish", "--expires", "1d", d.there)
			return []string{"tag", "set", d.there, "new"}
		}, 0, `
note: the dataset is published by signed URLs; until it is published again, others may not be able to read what has changed: dtool publish --expires 7d s3://leaves/UUID
`},
		{"a README of what was published", func(d *desk) []string {
			d.must("publish", "--expires", "1d", d.there)
			d.must("unpublish", d.there)
			mustWrite(d.t, filepath.Join(d.empty, "new.yml"), "---\na: b\n")
			return []string{"readme", "write", d.there, filepath.Join(d.empty, "new.yml")}
		}, 0, ""},
		{"published in part", func(d *desk) []string {
			d.publishByPolicy()
			if err := os.Remove(filepath.Join(d.real.BucketDir("leaves"), d.uuid, "http_manifest.json")); err != nil {
				d.t.Fatal(err)
			}
			return []string{"publish", "--status", d.there}
		}, 0, `
hint: dtool publish --policy --apply s3://leaves/UUID publishes what has changed since
`},
		{"the statement of a dataset", func(d *desk) []string { return []string{"publish", "--policy", d.there} }, 0, `
note: the policy that the bucket has must keep its other statements: --into FILE adds this one to them
Once it is the policy of the bucket: dtool publish s3://leaves/UUID
`},
	}
}

// makePublic lets everybody read a bucket, until the test ends.
func (d *desk) makePublic(bucket string) {
	d.t.Helper()
	d.setPolicy(d.t.Context(), bucket, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::`+bucket+`/*"]}]}`)
	d.makePrivate(bucket)
}

// makePrivate takes the bucket's policy away when the test ends.
func (d *desk) makePrivate(bucket string) {
	d.t.Cleanup(func() { d.setPolicy(context.WithoutCancel(d.t.Context()), bucket, "") })
}

// publishByPolicy publishes what is there, until the test ends, and gives the access URL.
func (d *desk) publishByPolicy() string {
	d.t.Helper()
	d.makePrivate("leaves")
	return d.must("publish", "-q", "--policy", "--apply", d.there)
}

func (d *desk) setPolicy(ctx context.Context, bucket, policy string) {
	d.t.Helper()
	store, err := badday.Open(ctx, d.real, bucket, 0)
	if err == nil {
		err = store.(storage.PolicyKeeper).SetPolicy(ctx, []byte(policy))
	}
	if err != nil {
		d.t.Fatal(err)
	}
}
