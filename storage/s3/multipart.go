package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/dtool-go/dtool/storage"
)

const (
	fewParts = 1000  // some stores take no more
	maxParts = 10000 // S3 takes no more
)

// partSizeFor gives the bytes of each part of an object but the last: doubled
// until there are at most 1,000 parts, as long as two parts fit into the
// memory for buffers; from then on, until there are at most 10,000.
func (s *Store) partSizeFor(size int64) int64 {
	part := s.partSize
	for size > part*maxParts || (size > part*fewParts && part*4 <= s.limits.bytes) {
		part *= 2
	}
	return part
}

// partsOf gives how many parts of one size an object comes to.
func partsOf(size, part int64) int64 { return (size + part - 1) / part }

// An upload is an object on its way in parts. Whatever bucket and key the
// store says it is for, those that were asked for go on being used.
type upload struct {
	store *Store
	key   string
	id    string
	begun time.Time // by the store's clock, zero if not known
	opts  storage.PutOptions
	had   []string // ETags of the parts that were there already, empty for others; nil if the upload is a new one
}

// putParts sends an object in parts and gives its ETag.
func (s *Store) putParts(ctx context.Context, key string, body *storage.CheckedBody, opts storage.PutOptions) (string, error) {
	u, err := s.resumeOrBegin(ctx, key, opts)
	if err != nil {
		return "", err
	}
	parts, err := u.sendAll(ctx, body)
	if err != nil {
		u.giveUp(ctx, parts, err)
		return "", err
	}
	etag, err := u.complete(ctx, parts)
	if err != nil {
		u.giveUp(ctx, parts, err)
		return "", err
	}
	if u.had != nil {
		return u.confirm(ctx, etag)
	}
	return etag, nil
}

// begin begins an upload. If it is called off meanwhile the answer is waited for all
// the same, since without the ID in it the store could not be asked to forget the
// upload.
func (s *Store) begin(ctx context.Context, key string, opts storage.PutOptions) (*upload, error) {
	later, cancel := storage.Afterwards(ctx, s.grace)
	defer cancel()
	in := &s3.CreateMultipartUploadInput{
		Bucket: &s.bucket, Key: &key, ContentType: typeOf(opts), Metadata: opts.Metadata,
	}
	out, err := call(later, s, "CreateMultipartUpload", key, func(ctx context.Context, region func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
		return s.api.CreateMultipartUpload(ctx, in, region)
	})
	if err != nil && ctx.Err() != nil {
		return nil, s.error("CreateMultipartUpload", key, nil, context.Cause(ctx))
	}
	if err != nil {
		return nil, err
	}
	if aws.ToString(out.UploadId) == "" {
		return nil, s.oddAnswer("CreateMultipartUpload", key, "the answer has no upload ID")
	}
	begun, _ := awsmiddleware.GetServerTime(out.ResultMetadata)
	u := &upload{store: s, key: key, id: *out.UploadId, begun: begun, opts: opts}
	if ctx.Err() != nil {
		u.forget(later)
		return nil, s.error("CreateMultipartUpload", key, nil, context.Cause(ctx))
	}
	return u, nil
}

// sendAll reads the parts in order and sends several at once. It returns when
// none is under way any more, and without error only if the body was good. After
// an error it gives the parts that have arrived, among others that have no ETag.
func (u *upload) sendAll(ctx context.Context, body *storage.CheckedBody) ([]types.CompletedPart, error) {
	size := u.store.partSizeFor(u.opts.Size)
	parts := make([]types.CompletedPart, partsOf(u.opts.Size, size))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(u.store.inFlight)
	reading := u.readParts(ctx, body, size, func(i int, buf *buffer) {
		group.Go(func() error {
			defer buf.release()
			if etag := u.has(i, buf.data); etag != "" {
				parts[i] = types.CompletedPart{ETag: &etag, PartNumber: aws.Int32(int32(i + 1))}
				return nil
			}
			var err error
			parts[i], err = u.send(ctx, int32(i+1), buf.data)
			return err
		})
	})
	// One failure stops the other side, too; the first of them is the reason.
	readingFirst := reading != nil && ctx.Err() == nil
	if reading != nil {
		cancel()
	}
	sending := group.Wait()
	if readingFirst || sending == nil {
		return parts, reading
	}
	return parts, sending
}

// readParts hands out the parts, each in a buffer of its own that the taker
// releases.
func (u *upload) readParts(ctx context.Context, body *storage.CheckedBody, size int64, take func(int, *buffer)) error {
	left := u.opts.Size
	for i := 0; left > 0; i++ {
		buf, err := u.store.limits.buffer(ctx, min(size, left))
		if err != nil {
			return u.store.error("UploadPart", u.key, nil, err)
		}
		if _, err := io.ReadFull(body, buf.data); err != nil {
			buf.release()
			return u.store.bodyError(u.key, err)
		}
		left -= int64(len(buf.data))
		take(i, buf)
	}
	if err := atEnd(body); err != nil {
		return u.store.bodyError(u.key, err)
	}
	return nil
}

func (u *upload) send(ctx context.Context, number int32, data []byte) (types.CompletedPart, error) {
	s := u.store
	out, err := call(ctx, s, "UploadPart", u.key, func(ctx context.Context, region func(*s3.Options)) (*s3.UploadPartOutput, error) {
		return s.api.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &s.bucket, Key: &u.key, UploadId: &u.id, PartNumber: &number,
			Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		}, region)
	})
	if err != nil {
		return types.CompletedPart{}, err
	}
	if out.ETag == nil {
		return types.CompletedPart{}, s.oddAnswer("UploadPart", u.key, fmt.Sprintf("the answer for part %d has no ETag", number))
	}
	return types.CompletedPart{ETag: out.ETag, PartNumber: &number}, nil
}

// complete makes the object of its parts and gives its ETag. If the store's
// answer leaves in doubt whether it did, the object itself is asked.
func (u *upload) complete(ctx context.Context, parts []types.CompletedPart) (string, error) {
	s := u.store
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &s.bucket, Key: &u.key, UploadId: &u.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	}
	out, err := call(ctx, s, "CompleteMultipartUpload", u.key, func(ctx context.Context, region func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
		return s.api.CompleteMultipartUpload(ctx, in, region)
	})
	if err == nil && out.ETag != nil {
		return unquoted(out.ETag), nil
	}
	if err == nil {
		err = s.oddAnswer("CompleteMultipartUpload", u.key, "the answer has no ETag")
	}
	if ctx.Err() != nil || !doubtful(err) {
		return "", err
	}
	info, headErr := s.Stat(ctx, u.key)
	switch {
	case headErr == nil && u.made(info):
		return info.ETag, nil
	case headErr != nil && !errors.Is(headErr, storage.ErrNotFound):
		err = s.error("CompleteMultipartUpload", u.key, storage.ErrUnreachable,
			fmt.Errorf("whether the object was made cannot be told: %w; then: %w", err, headErr))
	}
	return "", err
}

// doubtful tells whether the upload may have been completed all the same. It
// was not, if the store refused in so many words, but for one: that there is
// no such upload is what the second try hears if only the answer to the first
// was lost.
func doubtful(err error) bool {
	var f *failure
	if !errors.As(err, &f) {
		return true
	}
	return f.code == "NoSuchUpload" || f.html || f.status/100 != 4 || f.status == http.StatusRequestTimeout || f.status == http.StatusTooManyRequests
}

// made tells whether an object is the one that this upload makes, and not one
// that was under its key before.
func (u *upload) made(info storage.Info) bool {
	if info.Size != u.opts.Size || u.begun.IsZero() || info.ModTime.Before(u.begun.Truncate(time.Second)) {
		return false
	}
	return len(u.opts.Metadata) == 0 || maps.Equal(info.Metadata, u.opts.Metadata)
}

// giveUp decides what becomes of the parts of an upload that has failed. If the
// store, or the one that the body comes from, is out of reach for now, they stay
// for a Put that resumes; to be rid of them would take the same store. They stay,
// too, if it was something else that failed. They are of no more use if the body was
// wrong or the store refused, and whoever interrupts an upload is not to find it in
// the bucket.
func (u *upload) giveUp(ctx context.Context, parts []types.CompletedPart, cause error) {
	passing := errors.Is(cause, storage.ErrUnreachable) || errors.Is(cause, storage.ErrThrottled) || failedElsewhere(ctx)
	arrived := slices.ContainsFunc(parts, func(p types.CompletedPart) bool { return p.ETag != nil })
	if !passing || u.opts.Once || !arrived && u.had == nil {
		u.abort(ctx)
		return
	}
	u.store.log.WarnContext(ctx, "parts of an upload that failed stay in the bucket, to be resumed", "key", u.key)
}

// failedElsewhere tells whether a context has ended because of a failure of what
// was done beside this. If somebody has called all of it off, the cause is
// [context.Canceled] or says that it is one of that kind.
func failedElsewhere(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded)
}

const (
	// tidyingAtMost bounds the tidying up after a failure.
	tidyingAtMost = 30 * time.Second
	// defaultGrace bounds it from when the work was called off. Somebody waits for
	// it, and the library around it tidies up for no longer than 0.7 s:
	// tidyingOnceCalledOff in package dtool.
	defaultGrace = 600 * time.Millisecond
)

// tidying gives a context for tidying up after a failure or an interruption.
func (s *Store) tidying(ctx context.Context) (context.Context, context.CancelFunc) {
	later, cancel := storage.Afterwards(ctx, s.grace)
	bounded, end := context.WithTimeout(later, tidyingAtMost)
	return bounded, func() {
		end()
		cancel()
	}
}

// abort has the store forget the parts, also if ctx has ended.
func (u *upload) abort(ctx context.Context) {
	later, cancel := u.store.tidying(ctx)
	defer cancel()
	u.forget(later)
}

// forget has the store forget the parts. It may be forbidden, and the failure that
// led here is the one to tell of, so its own is only logged.
func (u *upload) forget(ctx context.Context) {
	if err := u.store.abortUpload(ctx, u.key, u.id); err != nil {
		u.store.log.WarnContext(ctx, "parts of an upload that failed are left in the bucket", "error", err.Error())
	}
}

// abortUpload removes the parts of an upload. One that is not there is no error.
func (s *Store) abortUpload(ctx context.Context, key, id string) error {
	in := &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &key, UploadId: &id}
	_, err := call(ctx, s, "AbortMultipartUpload", key, func(ctx context.Context, region func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
		return s.api.AbortMultipartUpload(ctx, in, region)
	})
	if codeOf(err) == "NoSuchUpload" {
		return nil
	}
	return err
}
