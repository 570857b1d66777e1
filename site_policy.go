package dtool

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/dtool-go/dtool/internal/config"
	"github.com/dtool-go/dtool/internal/policy"
)

// A SitePolicy says which rights users have in a bucket: those of docs/format.md,
// section 7. Working with datasets takes no others.
type SitePolicy struct {
	Bucket string
	// Prefix is that of the keys of the datasets that may be made, changed and removed,
	// as the setting DTOOL_S3_DATASET_PREFIX_<bucket> has it; [OwnPrefix] gives
	// each user another one. Empty means the whole bucket.
	Prefix string
	// ReadOnly leaves out the right to write, and goes with no Prefix.
	ReadOnly bool
	// Publish adds the right to change the policy of the bucket, which publishing takes
	// where objects have no ACLs. Whoever has that right can take all others.
	Publish bool
	// Principals are those who get the rights, in the words of the store: ARNs at AWS,
	// access keys at others, or "*" alone for everybody. They make it the policy
	// of a bucket. Without any it is that of a user or a group.
	Principals []string
	// Into is the text of a policy that these rights are added to, in place of those
	// that it gave to the same principals. Where it lets them write below other prefixes it
	// goes on to, unless this is ReadOnly. All else in it stays to the letter.
	Into []byte
}

// OwnPrefix is a prefix that is another one for each user to whom a policy is given: u/,
// the name of the user, and a slash.
const OwnPrefix = "u/" + policy.UserName + "/"

// Text gives the policy as JSON, for people and for stores.
func (p SitePolicy) Text() ([]byte, error) {
	prefix, err := p.check()
	if err != nil {
		return nil, err
	}
	grant := policy.Grant{Bucket: p.Bucket, Publish: p.Publish, Principals: p.Principals}
	switch {
	case p.ReadOnly:
	case prefix == "":
		grant.Below = []string{""}
	default:
		grant.Below = []string{registrationPrefix, prefix}
	}
	document := policy.New()
	if len(p.Into) > 0 {
		if document, err = policy.Parse(p.Into); err != nil {
			return nil, err
		}
	}
	grant.AddTo(document)
	return document.Text(), nil
}

var bucketName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{1,254}$`)

// check gives the prefix as it stands before keys.
func (p SitePolicy) check() (prefix string, err error) {
	if !bucketName.MatchString(p.Bucket) {
		return "", fmt.Errorf("%s cannot be the name of a bucket", quoted(p.Bucket))
	}
	if p.ReadOnly && p.Publish {
		return "", errors.New("who only reads does not publish")
	}
	if p.ReadOnly && p.Prefix != "" {
		return "", errors.New("who only reads has no prefix to write below")
	}
	for _, who := range p.Principals {
		if err := p.checkPrincipal(who); err != nil {
			return "", err
		}
	}
	if prefix, err = config.Prefix(p.Prefix); err != nil {
		return "", fmt.Errorf("%s cannot be a prefix: %w", quoted(p.Prefix), err)
	}
	return prefix, nil
}

func (p SitePolicy) checkPrincipal(who string) error {
	switch {
	case who == "":
		return errors.New("a principal has no name")
	case who != policy.Everybody:
		return nil
	case len(p.Principals) > 1:
		return errors.New(`the principal "*" is everybody, and stands alone`)
	case !p.ReadOnly:
		return errors.New(`the principal "*" is everybody, who may read at most`)
	}
	return nil
}
