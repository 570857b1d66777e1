package web

import (
	"context"
	"fmt"
	"io"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// A source is the object that a body comes from, as it was when it was opened.
type source struct {
	store   *Store
	key     string
	version version
	size    int64
}

// Broken waits as after a request that failed. An object whose version nobody tells
// cannot be gone on with: what follows might be of another one.
func (s source) Broken(ctx context.Context, b transport.Break) error {
	c := s.store.client
	cause := transportText(b.Cause)
	switch {
	case ctx.Err() != nil:
		return s.store.error(opGet, s.key, nil, ctx.Err())
	case b.Fruitless >= c.tries, s.version == version{}:
		e := s.store.error(opGet, s.key, storage.ErrUnreachable, fmt.Errorf("the body broke off at byte %d of %d: %s", b.Next, b.End, cause))
		e.Hint = "try again"
		return e
	}
	c.log.InfoContext(ctx, "a body broke off and is continued", "store", s.store.name, "key", s.key, "byte", b.Next, "error", cause, "waited", b.Waited)
	if err := transport.Sleep(ctx, transport.Pause(b.Fruitless, c.maxPause)); err != nil {
		return s.store.error(opGet, s.key, nil, err)
	}
	return nil
}

func (s source) Continue(ctx context.Context, next, end int64) (io.ReadCloser, error) {
	a, err := s.store.fetch(ctx, s.key, storage.Range{Offset: next, Length: end - next}, s.version)
	if err != nil {
		return nil, err
	}
	if a.version != s.version || a.size != s.size {
		a.body.Close()
		return nil, s.store.failed(ctx, s.key, &failure{message: changed, altered: true})
	}
	return a.body, nil
}

var _ transport.Source = source{}
