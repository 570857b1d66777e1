package s3

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/encoding/httpbinding"
	"golang.org/x/sync/errgroup"

	"github.com/dtool-go/dtool/storage"
)

// CopiesFrom tells whether the other store is a bucket at the same endpoint that is
// open to the same access key.
func (s *Store) CopiesFrom(ctx context.Context, from storage.Store) bool {
	other, ok := from.(*Store)
	if !ok || s.anonymous || other.anonymous {
		return false
	}
	here, there := s.api.Options(), other.api.Options()
	if aws.ToString(here.BaseEndpoint) != aws.ToString(there.BaseEndpoint) {
		return false
	}
	writer, err := here.Credentials.Retrieve(ctx)
	if err != nil {
		return false
	}
	reader, err := there.Credentials.Retrieve(ctx)
	return err == nil && reader.AccessKeyID == writer.AccessKeyID
}

// CopyFrom has the store itself copy an object. One without an ETag, by which a
// change could be told, is [errors.ErrUnsupported].
func (s *Store) CopyFrom(ctx context.Context, key string, from storage.Store, source storage.Info, opts storage.PutOptions) (storage.Info, error) {
	if err := ctx.Err(); err != nil {
		return storage.Info{}, s.error("CopyObject", key, nil, err)
	}
	other, ok := from.(*Store)
	if !ok || !s.CopiesFrom(ctx, other) {
		return storage.Info{}, s.error("CopyObject", key, errors.ErrUnsupported, fmt.Errorf("%v is not at the same endpoint, or not open to the same access key", from))
	}
	c := &copying{store: s, key: key, from: other, source: source, opts: opts}
	if err := c.check(); err != nil {
		return storage.Info{}, err
	}
	send := c.whole
	if source.Size > s.copySize {
		send = c.inParts
	}
	etag, err := send(ctx)
	if err != nil {
		return storage.Info{}, err
	}
	return storage.Info{Key: key, Size: opts.Size, ETag: etag, Metadata: maps.Clone(opts.Metadata)}, nil
}

// A copying is an object that is being made of another one.
type copying struct {
	store  *Store
	key    string
	from   *Store
	source storage.Info
	opts   storage.PutOptions
}

// check refuses what need not be asked for.
func (c *copying) check() error {
	s := c.store
	if err := s.checkPut(c.key, c.opts); err != nil {
		return err
	}
	if err := c.from.checkKey("CopyObject", c.source.Key); err != nil {
		return err
	}
	if c.source.ETag == "" {
		return s.error("CopyObject", c.key, errors.ErrUnsupported, fmt.Errorf("%v gives no ETag for the key %s", c.from, c.source.Key))
	}
	if c.source.Size != c.opts.Size {
		return s.error("CopyObject", c.key, nil, &storage.Mismatch{
			What: "size", Found: strconv.FormatInt(c.source.Size, 10), Expected: strconv.FormatInt(c.opts.Size, 10),
		})
	}
	return nil
}

// whole copies the object with one request and gives the ETag of the new one.
func (c *copying) whole(ctx context.Context) (string, error) {
	s := c.store
	in := &s3.CopyObjectInput{
		Bucket: &s.bucket, Key: &c.key, CopySource: c.place(), CopySourceIfMatch: c.condition(),
		ContentType: typeOf(c.opts), Metadata: c.opts.Metadata, MetadataDirective: types.MetadataDirectiveReplace,
	}
	out, err := call(ctx, s, "CopyObject", c.key, func(ctx context.Context, region func(*s3.Options)) (*s3.CopyObjectOutput, error) {
		return s.api.CopyObject(ctx, in, region)
	})
	if err != nil {
		return "", c.judge(err)
	}
	if out.CopyObjectResult == nil || out.CopyObjectResult.ETag == nil {
		return "", s.oddAnswer("CopyObject", c.key, "the answer has no ETag")
	}
	return unquoted(out.CopyObjectResult.ETag), nil
}

// inParts copies several ranges of the object at once and gives the ETag of the
// new one.
func (c *copying) inParts(ctx context.Context) (string, error) {
	u, err := c.store.begin(ctx, c.key, c.opts)
	if err != nil {
		return "", err
	}
	parts, err := c.parts(ctx, u)
	if err != nil {
		u.abort(ctx)
		return "", err
	}
	etag, err := u.complete(ctx, parts)
	if err != nil {
		u.abort(ctx)
		return "", err
	}
	return etag, nil
}

func (c *copying) parts(ctx context.Context, u *upload) ([]types.CompletedPart, error) {
	size := c.store.copySize
	parts := make([]types.CompletedPart, partsOf(c.source.Size, size))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.store.inFlight)
	for i := range parts {
		group.Go(func() error {
			r := storage.Range{Offset: int64(i) * size, Length: min(size, c.source.Size-int64(i)*size)}
			var err error
			parts[i], err = c.part(ctx, u, int32(i+1), r)
			return err
		})
	}
	return parts, group.Wait()
}

func (c *copying) part(ctx context.Context, u *upload, number int32, r storage.Range) (types.CompletedPart, error) {
	s := c.store
	in := &s3.UploadPartCopyInput{
		Bucket: &s.bucket, Key: &c.key, UploadId: &u.id, PartNumber: &number,
		CopySource: c.place(), CopySourceIfMatch: c.condition(), CopySourceRange: aws.String(rangeHeader(r)),
	}
	out, err := call(ctx, s, "UploadPartCopy", c.key, func(ctx context.Context, region func(*s3.Options)) (*s3.UploadPartCopyOutput, error) {
		return s.api.UploadPartCopy(ctx, in, region)
	})
	if err != nil {
		return types.CompletedPart{}, c.judge(err)
	}
	if out.CopyPartResult == nil || out.CopyPartResult.ETag == nil {
		return types.CompletedPart{}, s.oddAnswer("UploadPartCopy", c.key, fmt.Sprintf("the answer for part %d has no ETag", number))
	}
	return types.CompletedPart{ETag: out.CopyPartResult.ETag, PartNumber: &number}, nil
}

// place names the source. All but the plainest characters are escaped: a '+'
// would be a space to some stores, and what follows a '?' a version to others.
func (c *copying) place() *string {
	return aws.String(httpbinding.EscapePath(c.from.bucket+"/"+c.source.Key, false))
}

func (c *copying) condition() *string { return aws.String(`"` + c.source.ETag + `"`) }

// judge tells a refusal to copy, after which moving the bytes may still work,
// from a failure that would meet any way of copying.
func (c *copying) judge(err error) error {
	var e *storage.Error
	var f *failure
	if !errors.As(err, &e) || !errors.As(err, &f) {
		return err
	}
	switch {
	case f.code == "PreconditionFailed", f.status == http.StatusPreconditionFailed:
		e.Kind, e.Err, e.Hint = storage.ErrCorrupted, errors.New("what is to be copied was changed"), "copy it again"
	case e.Kind == storage.ErrNotFound:
		e.Store, e.Key = c.from.String(), c.source.Key
	case f.refusesToCopy(e.Kind):
		e.Kind, e.Hint = errors.ErrUnsupported, ""
	}
	return e
}

// refusesToCopy tells whether a store does not copy, or not this: it knows no such
// operation or no such header, thinks the object too large, or wants a right
// that moving the bytes does not take, say to read tags.
func (f *failure) refusesToCopy(kind error) bool {
	return f.unknownOperation() || f.code == "AccessDenied" || f.status == http.StatusBadRequest && kind == nil
}

var _ storage.Copier = (*Store)(nil)
