package s3

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// A source is the object that a body comes from, as it was when it was opened.
type source struct {
	store     *Store
	key, etag string
}

// Broken waits like the retries of the SDK do.
func (s source) Broken(ctx context.Context, b transport.Break) error {
	switch {
	case ctx.Err() != nil:
		return s.store.error("GetObject", s.key, nil, ctx.Err())
	case b.Fruitless >= s.store.retryer.MaxAttempts(), s.etag == "":
		return s.store.error("GetObject", s.key, storage.ErrUnreachable,
			fmt.Errorf("the body broke off at byte %d of %d: %w", b.Next, b.End, transportCause(b.Cause)))
	}
	s.store.log.InfoContext(ctx, "a body broke off and is continued", "key", s.key, "byte", b.Next, "error", b.Cause.Error(), "waited", b.Waited)
	if err := s.store.pause(ctx, b.Fruitless, b.Cause); err != nil {
		return s.store.error("GetObject", s.key, nil, err)
	}
	return nil
}

func (s source) Continue(ctx context.Context, next, end int64) (io.ReadCloser, error) {
	body, info, err := s.store.fetch(ctx, s.key, storage.Range{Offset: next, Length: end - next}, s.etag)
	if err != nil {
		return nil, err
	}
	if info.ETag != s.etag {
		body.Close()
		return nil, s.store.error("GetObject", s.key, storage.ErrCorrupted, errors.New("it was changed while it was read"))
	}
	return body, nil
}

var _ transport.Source = source{}
