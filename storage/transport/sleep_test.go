package transport_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dtool-go/dtool/storage/transport"
)

func TestSleepEndsWithTheContextAndItsCause(t *testing.T) {
	cause := errors.New("somebody is in a hurry")
	ctx, cancel := context.WithCancelCause(t.Context())
	if err := transport.Sleep(ctx, time.Nanosecond); err != nil {
		t.Errorf("got %v", err)
	}
	cancel(cause)
	if err := transport.Sleep(ctx, time.Hour); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}
