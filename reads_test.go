package dtool_test

import (
	"context"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// readings is a bucket that counts how many bytes of each item were read, and
// that may have lost the hashes recorded beside them.
type readings struct {
	storage.Store
	unrecorded bool

	mu    sync.Mutex
	bytes map[string]int // by the key of the item
}

func (s *readings) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	body, info, err := s.Store.Get(ctx, key, r)
	if err != nil || !strings.Contains(key, "/data/") {
		return body, info, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(body, readCounter{s, key}), body}, info, nil
}

func (s *readings) Stat(ctx context.Context, key string) (storage.Info, error) {
	info, err := s.Store.Stat(ctx, key)
	if s.unrecorded {
		info.Metadata = maps.Clone(info.Metadata)
		delete(info.Metadata, "checksum")
	}
	return info, err
}

type readCounter struct {
	store *readings
	key   string
}

func (c readCounter) Write(p []byte) (int, error) {
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	c.store.bytes[c.key] += len(p)
	return len(p), nil
}

// TestNoItemIsReadTwice counts bytes, since a second reading may be of a part.
func TestNoItemIsReadTwice(t *testing.T) {
	ctx, w := t.Context(), newWorld(t)
	from := w.bucket("from")
	counted := &readings{Store: w.memory["from"]}
	w.memory["from"] = counted
	contents := seedling()
	contents["large.dat"] = strings.Repeat("ACGT", 1<<18)
	src := w.frozen(from, "seedling", contents)
	once := map[string]int{} // every item read to its end
	for relpath, content := range contents {
		if content != "" {
			once[src.UUID()+"/data/"+dtool.Identifier(relpath)] = len(content)
		}
	}
	for _, test := range []struct {
		name string
		do   func() error
		want map[string]int
	}{
		{"verify", func() error { _, err := src.Verify(ctx, dtool.VerifyOptions{}); return err }, nil},
		{"verify in full", func() error { _, err := src.Verify(ctx, dtool.VerifyOptions{Full: true}); return err }, once},
		{"copy to a directory", func() error {
			_, err := w.Copy(ctx, src, t.TempDir(), dtool.CopyOptions{})
			return err
		}, once},
		{"copy to another bucket", func() error {
			_, err := w.Copy(ctx, src, w.bucket("to"), dtool.CopyOptions{})
			return err
		}, once},
		{"copy again, with nothing left to do", func() error {
			_, err := w.Copy(ctx, src, "mem://to", dtool.CopyOptions{Resume: true})
			return err
		}, nil},
	} {
		counted.bytes = map[string]int{}
		if err := test.do(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if !maps.Equal(counted.bytes, test.want) {
			t.Errorf("%s reads %v, want %v", test.name, counted.bytes, test.want)
		}
	}
}

func TestFreezingReadsWhatHasNoHashBesideItOnce(t *testing.T) {
	ctx, w := t.Context(), newWorld(t)
	for _, unrecorded := range []bool{false, true} {
		uri := w.bucket("from")
		counted := &readings{Store: w.memory["from"], unrecorded: unrecorded, bytes: map[string]int{}}
		w.memory["from"] = counted
		w.connect()
		p, err := w.Create(ctx, "seedling", uri, dtool.CreateOptions{})
		must(t, err)
		must(t, p.Add(ctx, []dtool.Source{{Path: files(t, seedling())}}, dtool.AddOptions{}))
		d, err := p.Freeze(ctx, dtool.FreezeOptions{})
		must(t, err)
		want := map[string]int{}
		for relpath, content := range seedling() {
			if unrecorded && content != "" {
				want[d.UUID()+"/data/"+dtool.Identifier(relpath)] = len(content)
			}
		}
		if !maps.Equal(counted.bytes, want) {
			t.Errorf("where hashes are lost is %v: freezing reads %v, want %v", unrecorded, counted.bytes, want)
		}
	}
}

func TestFreezingHashesAsManyLocalItemsAtOnceAsIsSet(t *testing.T) {
	ctx, w := t.Context(), newWorld(t, "DTOOL_NUM_PROCESSES=3")
	uri := w.bucket("local")
	gathering := newCrowd(&readings{Store: w.memory["local"], unrecorded: true, bytes: map[string]int{}}, 3)
	w.memory["local"] = localCrowd{gathering}
	p, err := w.Create(ctx, "seedling", uri, dtool.CreateOptions{})
	must(t, err)
	must(t, p.Add(ctx, []dtool.Source{{Path: files(t, manyFiles(20))}}, dtool.AddOptions{}))
	_, err = p.Freeze(ctx, dtool.FreezeOptions{})
	must(t, err)
	if gathering.most != 3 {
		t.Errorf("freezing reads %d items at once, want 3", gathering.most)
	}
}
