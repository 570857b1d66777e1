package s3

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/encoding/httpbinding"

	"github.com/dtool-go/dtool/storage"
)

// PublicURL gives the URL of an object as requests have it, in the bucket's region as
// far as that is known. It is empty if the settings lead to no host, in which case
// every request fails, too.
func (s *Store) PublicURL(key string) string {
	o := s.api.Options()
	at, err := o.EndpointResolverV2.ResolveEndpoint(context.Background(), s3.EndpointParameters{
		Bucket: &s.bucket, Region: s.region.Load(), Endpoint: o.BaseEndpoint, ForcePathStyle: aws.Bool(o.UsePathStyle),
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
	}.WithDefaults())
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(at.URI.String(), "/") + "/" + httpbinding.EscapePath(key, false)
}

// SetPublic gives an object the ACL "public-read" or "private".
func (s *Store) SetPublic(ctx context.Context, key string, public bool) error {
	if err := s.checkKey("PutObjectAcl", key); err != nil {
		return err
	}
	in := &s3.PutObjectAclInput{Bucket: &s.bucket, Key: &key, ACL: types.ObjectCannedACLPrivate}
	if public {
		in.ACL = types.ObjectCannedACLPublicRead
	}
	_, err := call(ctx, s, "PutObjectAcl", key, func(ctx context.Context, region func(*s3.Options)) (*s3.PutObjectAclOutput, error) {
		return s.api.PutObjectAcl(ctx, in, region, s3.WithAPIOptions(md5InPlaceOfCRC))
	})
	return judgeACL(err)
}

// judgeACL tells a store that has no ACLs, or may not use them, from a right that is
// missing.
func judgeACL(err error) error {
	var e *storage.Error
	var f *failure
	if !errors.As(err, &e) || !errors.As(err, &f) {
		return err
	}
	if hint := f.noACLs(); hint != "" {
		e.Kind, e.Hint = storage.ErrNoACLs, hint
	}
	return e
}

// noACLs says in words why a store refuses to set an ACL for good, or gives "".
func (f *failure) noACLs() string {
	const instead = "; a policy of the bucket can make objects public instead"
	message := strings.ToLower(f.message)
	switch {
	case f.code == "AccessControlListNotSupported":
		return "ACLs are turned off in this bucket, as in every new one at AWS" + instead
	case f.status == http.StatusForbidden && strings.Contains(message, "blockpublicacls"):
		return "Block Public Access is on, for the bucket or the whole account: whoever owns it has to turn that off before anything in it can be public"
	case strings.Contains(message, "uniform bucket-level access"): // Google's
		return "the bucket decides access for all objects alike" + instead
	case f.unknownOperation():
		return "this store has no ACLs for objects" + instead
	}
	return ""
}

var _ storage.Publisher = (*Store)(nil)
