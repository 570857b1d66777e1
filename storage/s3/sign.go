package s3

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dtool-go/dtool/storage"
)

// maxWhole is the largest object, in bytes, that one request stores.
const maxWhole = 5 << 30

// What signing is called in errors.
const (
	signGet = "sign GetObject"
	signPut = "sign PutObject"
)

// SignGet signs a URL for the region that the bucket is in, as far as that is known:
// at AWS it follows from any request that was answered before. What is signed by
// credentials that hold for a session ends with it, so that it is an error to ask for
// more than is left of one. Where nobody has said how much that is, as of a token from
// the environment, a warning is logged.
func (s *Store) SignGet(ctx context.Context, key string, expires time.Duration) (string, error) {
	if err := s.checkKey(signGet, key); err != nil {
		return "", err
	}
	signed, err := s.sign(ctx, signGet, key, expires, func(p *s3.PresignClient) (*v4.PresignedHTTPRequest, error) {
		return p.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	})
	if err != nil {
		return "", err
	}
	return signed.URL, nil
}

// SignPut signs what opts says of the object: its MD5, if given, by which the store
// refuses any other body, its size, metadata and, unless it is empty, content type. A
// store also refuses headers beginning with x-amz- that are not among these. An object
// is put with one request, and so has at most 5 GiB. For session credentials see
// SignGet.
func (s *Store) SignPut(ctx context.Context, key string, opts storage.PutOptions, expires time.Duration) (storage.SignedPut, error) {
	if err := s.checkPut(key, opts); err != nil {
		return storage.SignedPut{}, err
	}
	if opts.Size > maxWhole {
		e := s.error(signPut, key, nil, fmt.Errorf("it has %d bytes, and one request stores at most %d", opts.Size, int64(maxWhole)))
		e.Hint = "whoever has the files and keys copies them with dtool cp, in parts"
		return storage.SignedPut{}, e
	}
	signed, err := s.sign(ctx, signPut, key, expires, func(p *s3.PresignClient) (*v4.PresignedHTTPRequest, error) {
		return p.PresignPutObject(ctx, &s3.PutObjectInput{
			Bucket: &s.bucket, Key: &key, ContentLength: aws.Int64(opts.Size),
			ContentMD5: inBase64(opts.MD5), ContentType: typeOf(opts), Metadata: opts.Metadata,
		})
	})
	if err != nil {
		return storage.SignedPut{}, err
	}
	headers := headersToSend(signed.SignedHeader)
	headers["Content-Type"] = *typeOf(opts) // which the SDK does not sign where there is no body
	return storage.SignedPut{URL: signed.URL, Header: headers}, nil
}

// sign has the SDK sign a request, without making any.
func (s *Store) sign(ctx context.Context, op, key string, expires time.Duration, do func(*s3.PresignClient) (*v4.PresignedHTTPRequest, error)) (*v4.PresignedHTTPRequest, error) {
	if expires < time.Second || expires > storage.MaxExpiry {
		return nil, s.error(op, key, nil, fmt.Errorf("it cannot be for %v: S3 takes 1 s to %.0f s", expires, storage.MaxExpiry.Seconds()))
	}
	if err := s.maySign(ctx, op, key, expires); err != nil {
		return nil, err
	}
	signed, err := do(s3.NewPresignClient(s.api, func(p *s3.PresignOptions) {
		p.Expires = expires
		p.ClientOptions = append(p.ClientOptions, inRegion(*s.region.Load()), nothingToTryAgain)
	}))
	if err != nil {
		return nil, s.requestError(ctx, op, key, err)
	}
	return signed, nil
}

// nothingToTryAgain leaves out the steps of an operation that see to its tries.
func nothingToTryAgain(o *s3.Options) { o.APIOptions = nil }

// maySign refuses to sign without credentials, and with those of a session that ends
// before the signature should.
func (s *Store) maySign(ctx context.Context, op, key string, expires time.Duration) error {
	if s.anonymous {
		e := s.error(op, key, storage.ErrForbidden, errors.New("there are no credentials to sign with"))
		e.Hint = "set " + s.keySetting.to("") + ", or sign in"
		return e
	}
	c, err := s.api.Options().Credentials.Retrieve(ctx)
	if err != nil {
		return s.requestError(ctx, op, key, err)
	}
	if left := time.Until(c.Expires); c.CanExpire && left < expires {
		e := s.error(op, key, nil, fmt.Errorf("the session of the credentials ends in %v, and what they sign ends with it", left.Round(time.Second)))
		e.Hint = "ask for less time, or use an access key that is not of a session"
		return e
	}
	if c.SessionToken != "" && !c.CanExpire {
		s.briefly.Do(func() {
			s.log.WarnContext(ctx, "what is signed ends with the session of the credentials, and when that is they do not say")
		})
	}
	return nil
}

// headersToSend gives the signed headers but for the host, which follows from the URL.
func headersToSend(signed http.Header) map[string]string {
	headers := map[string]string{}
	for name := range maps.Keys(signed) {
		if name != "Host" {
			headers[http.CanonicalHeaderKey(name)] = signed.Get(name)
		}
	}
	return headers
}

var _ storage.Signer = (*Store)(nil)
