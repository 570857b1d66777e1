package s3

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dtool-go/dtool/storage"
)

// defaultType is what S3 itself gives an object that comes without a type. The
// SDK would send another one.
const defaultType = "binary/octet-stream"

func typeOf(opts storage.PutOptions) *string {
	return aws.String(cmp.Or(opts.ContentType, defaultType))
}

// Put sends an object, in parts if it is large. Nothing is under the key before
// all of the body has been read and judged. S3 keeps no times: that of opts is
// not used, and the Info has none.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, opts storage.PutOptions) (storage.Info, error) {
	if err := s.checkPut(key, opts); err != nil {
		return storage.Info{}, err
	}
	checked := storage.NewCheckedBody(body, opts)
	send := s.putWhole
	if opts.Size > s.partSize {
		send = s.putParts
	}
	etag, err := send(ctx, key, checked, opts)
	if err != nil {
		return storage.Info{}, err
	}
	return storage.Info{Key: key, Size: opts.Size, ETag: etag, Metadata: maps.Clone(opts.Metadata)}, nil
}

// putWhole sends an object in one request and gives its ETag.
func (s *Store) putWhole(ctx context.Context, key string, body *storage.CheckedBody, opts storage.PutOptions) (string, error) {
	buf, err := s.limits.buffer(ctx, opts.Size)
	if err != nil {
		return "", s.error("PutObject", key, nil, err)
	}
	defer buf.release()
	if err := readAll(body, buf.data); err != nil {
		return "", s.bodyError(key, err)
	}
	out, err := call(ctx, s, "PutObject", key, func(ctx context.Context, region func(*s3.Options)) (*s3.PutObjectOutput, error) {
		return s.api.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(buf.data), ContentLength: aws.Int64(opts.Size),
			ContentMD5: inBase64(body.MD5()), ContentType: typeOf(opts), Metadata: opts.Metadata,
		}, region)
	})
	if err != nil {
		return "", err
	}
	if out.ETag == nil {
		return "", s.oddAnswer("PutObject", key, "the answer has no ETag")
	}
	etag := unquoted(out.ETag)
	s.sawMD5(etag, body.MD5())
	return etag, nil
}

// readAll fills the buffer with the whole body.
func readAll(body *storage.CheckedBody, p []byte) error {
	if _, err := io.ReadFull(body, p); err != nil {
		return err
	}
	return atEnd(body)
}

// atEnd reads what comes after the last byte, which is the judgement on the
// body.
func atEnd(body *storage.CheckedBody) error {
	_, err := io.ReadFull(body, make([]byte, 1))
	if err == io.EOF {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%w: more than the expected bytes", storage.ErrCorrupted)
	}
	return err
}

// bodyError is the failure of the body that was to be sent. Its kind is that of
// the cause.
func (s *Store) bodyError(key string, err error) error {
	return s.error("PutObject", key, nil, fmt.Errorf("read what is to be stored: %w", err))
}

// inBase64 gives a hex MD5 as Content-MD5 has it, or nothing where there is none.
func inBase64(md5 string) *string {
	sum, err := hex.DecodeString(md5)
	if err != nil || md5 == "" {
		return nil
	}
	return aws.String(base64.StdEncoding.EncodeToString(sum))
}
