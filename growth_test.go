package dtool_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// tolls is a bucket that counts what it is asked, pages of listings aside.
type tolls struct {
	storage.Store
	asked atomic.Int64
}

func (s *tolls) Stat(ctx context.Context, key string) (storage.Info, error) {
	s.asked.Add(1)
	return s.Store.Stat(ctx, key)
}

func (s *tolls) Put(ctx context.Context, key string, body io.Reader, o storage.PutOptions) (storage.Info, error) {
	s.asked.Add(1)
	return s.Store.Put(ctx, key, body, o)
}

func (s *tolls) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	s.asked.Add(1)
	return s.Store.Get(ctx, key, r)
}

func (s *tolls) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range s.Store.List(ctx, prefix, depth) {
			s.asked.Add(1)
			if !yield(info, err) {
				return
			}
		}
	}
}

// An effort is what an operation took for each item.
type effort struct{ asked, allocations, bytes float64 }

func (s *tolls) effort(items int, do func()) effort {
	var before, after runtime.MemStats
	s.asked.Store(0)
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	n := float64(items)
	return effort{
		asked:       float64(s.asked.Load()) / n,
		allocations: float64(after.Mallocs-before.Mallocs) / n,
		bytes:       float64(after.TotalAlloc-before.TotalAlloc) / n,
	}
}

// TestWorkGrowsWithTheItems compares what each item takes where there are few and
// where there are a hundred times as many.
func TestWorkGrowsWithTheItems(t *testing.T) {
	const few, many = 500, 50_000
	forFew, forMany := lifeOf(t, few), lifeOf(t, many)
	for name, one := range forFew {
		another := forMany[name]
		if another.asked > one.asked || another.allocations > 1.5*one.allocations || another.bytes > 1.5*one.bytes {
			t.Errorf("%s takes %+v an item with %d items, and %+v with %d", name, one, few, another, many)
		}
	}
}

// lifeOf makes a dataset of empty items and gives the effort of what is done
// with it, by name.
func lifeOf(t *testing.T, items int) map[string]effort {
	t.Helper()
	ctx, w := t.Context(), newWorld(t, "DTOOL_MAX_FILES_LIMIT=1000000")
	uri := w.bucket("from")
	from := &tolls{Store: w.memory["from"]}
	w.memory["from"] = from
	p, err := w.Create(ctx, "many", uri, dtool.CreateOptions{})
	must(t, err)
	for i := range items {
		relpath := fmt.Sprintf("dir-%03d/item-%06d", i/1000, i)
		_, err := from.Put(ctx, p.UUID()+"/data/"+dtool.Identifier(relpath), strings.NewReader(""), storage.PutOptions{
			Metadata: map[string]string{
				"handle":   base64.StdEncoding.EncodeToString([]byte(relpath)),
				"checksum": "d41d8cd98f00b204e9800998ecf8427e",
			},
		})
		must(t, err)
	}
	var d *dtool.Dataset
	copyTo := func(o dtool.CopyOptions) {
		_, err := w.Copy(ctx, d, "mem://to", o)
		must(t, err)
	}
	verify := func(o dtool.VerifyOptions) {
		report, err := d.Verify(ctx, o)
		if err != nil || !report.Good() {
			t.Errorf("verifying gives %+v, %v", report, err)
		}
	}
	w.bucket("to")
	efforts := map[string]effort{}
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"freezing", func() { d, err = p.Freeze(ctx, dtool.FreezeOptions{}) }},
		{"opening", func() {
			d, err = w.Open(ctx, d.URI())
			must(t, err)
			_, err = d.Manifest(ctx)
		}},
		{"verifying", func() { verify(dtool.VerifyOptions{}) }},
		{"verifying in full", func() { verify(dtool.VerifyOptions{Full: true}) }},
		{"copying", func() { copyTo(dtool.CopyOptions{}) }},
		{"copying again", func() { copyTo(dtool.CopyOptions{Resume: true}) }},
	} {
		efforts[step.name] = from.effort(items, step.do)
		must(t, err)
	}
	return efforts
}
