package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A Grant gives some users rights in a bucket.
type Grant struct {
	Bucket string
	// Below are the prefixes of the keys that may be written and removed. Without
	// any there is a right to read alone.
	Below []string
	// Publish adds the right to make a statement of the policy of the bucket. Who has it can
	// give any right in the bucket to anybody.
	Publish bool
	// Principals are those whom a policy of the bucket grants this, in the words of
	// the store. Without any it is the policy of a user, which applies to whoever has
	// it.
	Principals []string
}

// Statements gives what grants that: reading the whole bucket, and writing where
// that may be done.
func (g Grant) Statements() []Statement {
	all := []Statement{
		g.allow("List", listing(), Bucket(g.Bucket)),
		g.allow("Read", reading(), ObjectsBelow(g.Bucket, "")),
	}
	if len(g.Principals) == 0 {
		// Of a bucket this right is not.
		all = append(all, g.allow("ListBuckets", []string{"s3:ListAllMyBuckets"}, "*"))
	}
	if len(g.Below) > 0 {
		var resources []string
		for _, prefix := range g.Below {
			resources = append(resources, ObjectsBelow(g.Bucket, prefix))
		}
		write := g.allow("Write", writing(), resources...)
		write.Sid = g.sid("Write", g.Below...)
		all = append(all, write)
	}
	if g.Publish {
		all = append(all, g.allow("Policy", keepingPolicy(), Bucket(g.Bucket)))
	}
	return all
}

// What is granted, in the words of docs/format.md, section 7.

func listing() []string {
	return []string{"s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketLocation"}
}

func reading() []string {
	return []string{"s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging"}
}

func writing() []string { return []string{"s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl"} }

func keepingPolicy() []string {
	return []string{"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}
}

// AddTo grants this in a document, in place of what the same principals were granted
// there before. Where they may write below other prefixes they go on to, unless this is
// to read alone.
func (g Grant) AddTo(d *Document) {
	d.removeAll(func(sid string) bool {
		return sid == g.sid("Policy") || len(g.Below) == 0 && g.lets(sid, "Write")
	})
	for _, s := range g.Statements() {
		d.Set(s)
	}
}

// lets tells whether that is the Sid of a grant to the same principals, below whichever
// prefixes.
func (g Grant) lets(sid, what string) bool {
	if len(g.Principals) == 0 {
		return sid == g.sid(what)
	}
	return strings.HasPrefix(sid, g.sid(what))
}

func (g Grant) allow(what string, actions []string, resources ...string) Statement {
	return Statement{Sid: g.sid(what), Principals: g.Principals, Actions: actions, Resources: resources}
}

// sid gives a Sid that is the same for the same grant. In the policy of a bucket it
// is another one for other users, and of what they may write for other prefixes, so that
// the grants of many fit into one document.
func (g Grant) sid(what string, below ...string) string {
	if len(g.Principals) == 0 {
		return "Dtool" + what
	}
	sid := "Dtool" + what + short(g.Principals)
	if len(below) > 0 {
		sid += short(below)
	}
	return sid
}

func short(names []string) string {
	sum := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return hex.EncodeToString(sum[:4])
}
