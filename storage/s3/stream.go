package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// A stream is a part of an object as it comes from the network. One that breaks
// off is continued.
type stream struct {
	ctx       context.Context //nolint:containedctx // the body is read within the request
	store     *Store
	key, etag string
	body      io.ReadCloser // nil before and between requests
	next, end int64         // bytes from the start of the object
	fruitless int           // how often in a row it broke off without a byte
	since     time.Time     // when that began
	err       error
}

func (s *stream) Read(p []byte) (int, error) {
	if len(p) == 0 || s.err != nil {
		return 0, s.err
	}
	for s.next < s.end {
		if s.body == nil {
			if s.err = s.reopen(); s.err != nil {
				return 0, s.err
			}
		}
		n, err := s.body.Read(p[:min(int64(len(p)), s.end-s.next)])
		s.next += int64(n)
		if n > 0 {
			s.fruitless = 0
		}
		if err != nil && s.next < s.end {
			if s.err = s.broken(err); s.err != nil {
				return n, s.err
			}
		}
		if n > 0 {
			return n, nil
		}
	}
	s.err = io.EOF
	return 0, io.EOF
}

// broken notes that the body broke off, and decides whether to go on. It waits
// like the retries of the SDK do.
func (s *stream) broken(cause error) error {
	s.body.Close()
	s.body = nil
	if s.ctx.Err() != nil {
		return s.store.error("GetObject", s.key, nil, s.ctx.Err())
	}
	if cause == io.EOF {
		cause = io.ErrUnexpectedEOF
	}
	s.fruitless++
	if s.fruitless >= s.store.retryer.MaxAttempts() || s.etag == "" {
		return s.store.error("GetObject", s.key, storage.ErrUnreachable,
			fmt.Errorf("the body broke off at byte %d of %d: %w", s.next, s.end, transportCause(cause)))
	}
	if s.fruitless == 1 {
		s.since = time.Now()
	}
	s.store.log.InfoContext(s.ctx, "a body broke off and is continued", "key", s.key, "byte", s.next, "error", cause.Error(), "waited", time.Since(s.since))
	if err := s.store.pause(s.ctx, s.fruitless, cause); err != nil {
		return s.store.error("GetObject", s.key, nil, err)
	}
	return nil
}

func (s *stream) reopen() error {
	body, info, err := s.store.fetch(s.ctx, s.key, storage.Range{Offset: s.next, Length: s.end - s.next}, s.etag)
	if err != nil {
		return err
	}
	if info.ETag != s.etag {
		body.Close()
		return s.store.error("GetObject", s.key, storage.ErrCorrupted, errors.New("it was changed while it was read"))
	}
	s.body = body
	return nil
}

// Close gives the connection back, or ends it if there is more to come on it.
func (s *stream) Close() error {
	if s.err == nil {
		s.err = errClosed
	}
	if s.body == nil {
		return nil
	}
	body := s.body
	s.body = nil
	return body.Close()
}

var errClosed = errors.New("read of a closed body")
