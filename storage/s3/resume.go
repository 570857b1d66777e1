package s3

import (
	"context"
	"crypto/md5" // what stores commonly make the ETag of a part of
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/dtool-go/dtool/storage"
)

// A Put that resumes takes over an upload that is left for its key, whoever
// began it. These are the dangers, and why nothing comes of them:
//
//   - The parts may be of other bytes. A part is taken for sent only if its size and its
//     MD5 are those of the bytes that the body has in its place.
//   - The metadata may be others: they were given when the upload was begun, and
//     nobody can ask for them before there is an object. So the object is looked
//     at, see confirm. A process that is killed between the two leaves the right
//     bytes under metadata that may be others, such as another checksum; whoever
//     resumes then compares that with the one expected and puts the object again.
//   - Another process may be at work on it. Its parts of the same bytes are as good
//     as ours; if it replaces one by other bytes, that has another ETag, and
//     the store does not complete the upload with the ETag that it had. Which of the
//     two comes last finds no upload, and looks whether the object is the one that it
//     was about to make; if it has not sent all by then it fails, and can be resumed.
//     So can one whose upload is aborted since the body here was wrong.
//
// Other uploads for the key are left alone, since somebody may be at work on them.

// resumeOrBegin gives the upload that an interrupted Put left, if that is
// asked for and there is one to go on with, or else a new one.
func (s *Store) resumeOrBegin(ctx context.Context, key string, opts storage.PutOptions) (*upload, error) {
	if opts.Resume {
		u, err := s.leftover(ctx, key, opts)
		if err == nil && u != nil {
			return u, nil
		}
		if err != nil && ctx.Err() == nil {
			// The rights that this takes are other ones than those to put.
			s.log.InfoContext(ctx, "an earlier upload cannot be resumed, so that all parts are sent", "key", key, "error", err.Error())
		}
	}
	return s.begin(ctx, key, opts)
}

// leftover gives the upload for the key that was begun last, with the parts
// that the store has of it, which may be none, or nil if there is no upload.
func (s *Store) leftover(ctx context.Context, key string, opts storage.PutOptions) (*upload, error) {
	id, err := s.lastUpload(ctx, key)
	if err != nil || id == "" {
		return nil, err
	}
	part := s.partSizeFor(opts.Size)
	u := &upload{store: s, key: key, id: id, opts: opts, had: make([]string, partsOf(opts.Size, part))}
	if err := u.findParts(ctx, part); err != nil {
		return nil, err
	}
	return u, nil
}

// lastUpload gives the ID of the upload for the key that was begun last, or
// nothing. One that wants a checksum beside each part is not ours. The first page of
// the listing is enough, since keys are in order and no other key that begins with
// this one comes before it.
func (s *Store) lastUpload(ctx context.Context, key string) (string, error) {
	in := &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Prefix: &key, EncodingType: types.EncodingTypeUrl}
	out, err := call(ctx, s, "ListMultipartUploads", key, func(ctx context.Context, region func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error) {
		return s.api.ListMultipartUploads(ctx, in, region)
	})
	if err != nil {
		return "", err
	}
	var id string
	var begun time.Time
	for _, u := range out.Uploads {
		name, err := listedKey(u.Key, out.EncodingType)
		if err != nil {
			return "", s.oddAnswer("ListMultipartUploads", key, err.Error())
		}
		if name == key && u.ChecksumAlgorithm == "" && !aws.ToTime(u.Initiated).Before(begun) {
			id, begun = aws.ToString(u.UploadId), aws.ToTime(u.Initiated)
		}
	}
	return id, nil
}

// findParts notes the parts that the store has of an upload. One that is not cut
// like ours is not gone on with: it is of another program or another body.
func (u *upload) findParts(ctx context.Context, size int64) error {
	s := u.store
	in := &s3.ListPartsInput{Bucket: &s.bucket, Key: &u.key, UploadId: &u.id}
	for range maxParts / fewParts { // a page has a thousand
		out, err := call(ctx, s, "ListParts", u.key, func(ctx context.Context, region func(*s3.Options)) (*s3.ListPartsOutput, error) {
			return s.api.ListParts(ctx, in, region)
		})
		if err != nil {
			return err
		}
		for _, part := range out.Parts {
			i := int64(aws.ToInt32(part.PartNumber)) - 1
			if i < 0 || i >= int64(len(u.had)) || aws.ToInt64(part.Size) != min(size, u.opts.Size-i*size) {
				return fmt.Errorf("its part %d has %d bytes, and the parts of this object are others", i+1, aws.ToInt64(part.Size))
			}
			u.had[i] = aws.ToString(part.ETag)
		}
		if !aws.ToBool(out.IsTruncated) {
			// An object that is older than this answer is not of this upload.
			u.begun, _ = awsmiddleware.GetServerTime(out.ResultMetadata)
			return nil
		}
		in.PartNumberMarker = out.NextPartNumberMarker
	}
	return s.oddAnswer("ListParts", u.key, "the listing does not end")
}

// has gives the ETag of a part that the store has with these very bytes, or
// nothing. A store whose ETags are no MD5 gets all parts once more.
func (u *upload) has(i int, data []byte) string {
	if i >= len(u.had) || u.had[i] == "" {
		return ""
	}
	sum := md5.Sum(data)
	if unquoted(&u.had[i]) != hex.EncodeToString(sum[:]) {
		return ""
	}
	return u.had[i]
}

// confirm looks whether the object that a resumed upload made has the metadata that
// it should have, and gives its ETag. If it has others, it is copied onto itself
// with the right ones; if that fails, it is removed.
func (u *upload) confirm(ctx context.Context, etag string) (string, error) {
	s := u.store
	info, err := s.Stat(ctx, u.key)
	if err != nil {
		return "", err
	}
	if info.Size == u.opts.Size && maps.Equal(info.Metadata, u.opts.Metadata) {
		return etag, nil
	}
	if info.ETag != etag {
		return "", s.error("CompleteMultipartUpload", u.key, nil, errors.New("another object was put under the key meanwhile"))
	}
	s.log.InfoContext(ctx, "an upload that was resumed had been begun with other metadata", "key", u.key)
	mended, err := s.CopyFrom(ctx, u.key, s, info, u.opts)
	if err == nil {
		return mended.ETag, nil
	}
	if !errors.Is(err, storage.ErrCorrupted) && !errors.Is(err, storage.ErrNotFound) {
		u.remove(ctx) // it is still ours
	}
	e := s.error("CompleteMultipartUpload", u.key, nil, fmt.Errorf("the upload that was resumed had been begun with other metadata, which cannot be replaced: %w", err))
	e.Hint = "resume again: it is then sent anew"
	return "", e
}

// remove removes an object with the wrong metadata. The failure that led here is
// the one to tell of, so its own is only logged.
func (u *upload) remove(ctx context.Context) {
	ctx, cancel := u.store.tidying(ctx)
	defer cancel()
	if err := u.store.Delete(ctx, u.key); err != nil {
		u.store.log.WarnContext(ctx, "an object with the metadata of another upload is left in the bucket", "error", err.Error())
	}
}
