package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"github.com/dtool-go/dtool/storage"
)

// Policy gives the bucket's policy, which is JSON. Where the store knows no policies
// it is [errors.ErrUnsupported].
func (s *Store) Policy(ctx context.Context) ([]byte, error) {
	const op = "GetBucketPolicy"
	out, err := call(ctx, s, op, "", func(ctx context.Context, region func(*s3.Options)) (*s3.GetBucketPolicyOutput, error) {
		return s.api.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &s.bucket}, region)
	})
	if err != nil {
		return nil, s.judgePolicy(err)
	}
	policy := []byte(aws.ToString(out.Policy))
	switch {
	case len(bytes.TrimSpace(policy)) == 0:
		return nil, s.error(op, "", storage.ErrNotFound, errors.New("the bucket has no policy"))
	case !json.Valid(policy):
		return nil, s.oddAnswer(op, "", "the answer is not JSON, as a policy is")
	}
	return policy, nil
}

// SetPolicy replaces or removes the bucket's policy. Where the store knows no policies
// it is [errors.ErrUnsupported]. It may take a while before all of a store goes by a
// new policy.
func (s *Store) SetPolicy(ctx context.Context, policy []byte) error {
	if len(policy) == 0 {
		return s.deletePolicy(ctx)
	}
	in := &s3.PutBucketPolicyInput{Bucket: &s.bucket, Policy: aws.String(string(policy))}
	_, err := call(ctx, s, "PutBucketPolicy", "", func(ctx context.Context, region func(*s3.Options)) (*s3.PutBucketPolicyOutput, error) {
		return s.api.PutBucketPolicy(ctx, in, region, once, s3.WithAPIOptions(md5InPlaceOfCRC))
	})
	return s.judgePolicy(err)
}

func (s *Store) deletePolicy(ctx context.Context) error {
	_, err := call(ctx, s, "DeleteBucketPolicy", "", func(ctx context.Context, region func(*s3.Options)) (*s3.DeleteBucketPolicyOutput, error) {
		return s.api.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &s.bucket}, region, once)
	})
	if err = s.judgePolicy(err); errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// once has a request made in one try, and nothing said of another.
func once(o *s3.Options) {
	o.Retryer = aws.NopRetryer{}
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		_, err := stack.Finalize.Remove(tryStep)
		return err
	})
}

// judgePolicy tells the refusals of policies from each other. AWS says 405 to whoever
// has the right and is not of the account that owns the bucket.
func (s *Store) judgePolicy(err error) error {
	var e *storage.Error
	var f *failure
	if !errors.As(err, &e) || !errors.As(err, &f) {
		return err
	}
	switch {
	case f.code == "NoSuchBucketPolicy":
		e.Kind, e.Hint = storage.ErrNotFound, ""
	case f.status == http.StatusForbidden && strings.Contains(f.message, "BlockPublicPolicy"):
		e.Hint = "Block Public Access is on, for the bucket or the whole account: whoever owns it has to turn that off before a policy can make anything public"
	case s.atAWS && f.status == http.StatusMethodNotAllowed:
		e.Kind, e.Hint = storage.ErrForbidden, "the bucket belongs to another account, which alone may deal with its policy"
	case f.code == "OperationAborted": // another change is being made
		e.Kind = storage.ErrThrottled
	case f.unknownOperation():
		e.Kind, e.Hint = errors.ErrUnsupported, "this store has no policies of buckets"
	}
	return e
}

var _ storage.PolicyKeeper = (*Store)(nil)
