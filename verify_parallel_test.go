package dtool_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// crowd is a store whose items can be read only once a number of them is open
// at the same time. It counts the most that were.
type crowd struct {
	storage.Store
	size int

	mu        sync.Mutex
	now, most int
	open      func()
	full      chan struct{}
}

func newCrowd(store storage.Store, size int) *crowd {
	full := make(chan struct{})
	return &crowd{Store: store, size: size, full: full, open: sync.OnceFunc(func() { close(full) })}
}

func (c *crowd) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	body, info, err := c.Store.Get(ctx, key, r)
	if err != nil || !strings.Contains(key, "/data/") {
		return body, info, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now++
	if c.most = max(c.most, c.now); c.most >= c.size {
		c.open()
	}
	return &crowded{ctx, body, c}, info, nil
}

// A crowded body waits for the others when it is first read.
type crowded struct {
	ctx context.Context //nolint:containedctx // a reader has no other way to be told
	io.ReadCloser
	c *crowd
}

func (b *crowded) Read(p []byte) (int, error) {
	select {
	case <-b.c.full:
		return b.ReadCloser.Read(p)
	case <-b.ctx.Done():
		return 0, context.Cause(b.ctx)
	}
}

func (b *crowded) Close() error {
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	b.c.now--
	return b.ReadCloser.Close()
}

// localCrowd passes for a store of local files.
type localCrowd struct{ *crowd }

func (localCrowd) LocalPath(string) (string, error) { return "", nil }

// TestVerifyAndDiffReadAsManyItemsAtOnceAsIsSet counts the items that are open
// at once: on local files as many as DTOOL_NUM_PROCESSES says, and over a network
// no fewer than 32.
func TestVerifyAndDiffReadAsManyItemsAtOnceAsIsSet(t *testing.T) {
	for _, c := range []struct {
		name, setting string
		local         bool
		want          int
	}{
		{"local files", "3", true, 3},
		{"local files, one at a time", "1", true, 1},
		{"a network", "1", false, 32},
		{"a network and many cores", "40", false, 40},
	} {
		for command, read := range map[string]func(ctx context.Context, d *dtool.Dataset) error{
			"verify": func(ctx context.Context, d *dtool.Dataset) error {
				report, err := d.Verify(ctx, dtool.VerifyOptions{Full: true})
				if err == nil && !report.Good() {
					t.Errorf("it finds %+v", report)
				}
				return err
			},
			"diff": func(ctx context.Context, d *dtool.Dataset) error {
				_, err := d.Diff(ctx, d, dtool.DiffOptions{Full: true})
				return err
			},
		} {
			t.Run(command+" of "+c.name, func(t *testing.T) {
				w := newWorld(t, "DTOOL_NUM_PROCESSES="+c.setting)
				uri := w.frozen(w.bucket("plants"), "seedlings", numbered(60)).URI()
				counted := newCrowd(w.memory["plants"], c.want)
				w.memory["plants"] = counted
				if c.local {
					w.memory["plants"] = localCrowd{counted}
				}
				w.connect()
				d, err := w.OpenFrozen(t.Context(), uri)
				must(t, err)
				patience, cancel := context.WithTimeout(t.Context(), time.Minute) // with too few readers nobody gets anything
				defer cancel()
				must(t, read(patience, d))
				if counted.most != c.want {
					t.Errorf("%d items were open at once, want %d", counted.most, c.want)
				}
			})
		}
	}
}
