package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/dtool-go/dtool/storage"
)

func cancelTests() []test {
	return []test{
		{"before anything", cancelBefore},
		{"in the middle of a Put", cancelPut},
		{"in the middle of a Get", cancelGet},
		{"in the middle of a listing", cancelList},
	}
}

func cancelBefore(p *place) {
	p.put("object", []byte("old"))
	ctx, cancel := context.WithCancel(p.Context())
	cancel()
	key := p.key("object")
	_, _, err := p.store.Get(ctx, key, storage.Range{})
	p.failed(err, context.Canceled, key)
	_, err = p.store.Stat(ctx, key)
	p.failed(err, context.Canceled, key)
	_, err = p.store.Put(ctx, key, bytes.NewReader([]byte("new")), storage.PutOptions{Size: 3})
	p.failed(err, context.Canceled, key)
	if err := p.store.Delete(ctx, key); !errors.Is(err, context.Canceled) {
		p.Errorf("Delete: %v", err)
	}
	_, err = collect(p.store.List(ctx, p.prefix, storage.Deep))
	if !errors.Is(err, context.Canceled) {
		p.Errorf("List: %v", err)
	}
	p.holds("object", []byte("old"))
}

func cancelPut(p *place) {
	content := noise(1, p.features.LargeSize)
	p.put("object", []byte("old"))
	for _, name := range []string{"object", "new"} {
		ctx, cancel := context.WithCancel(p.Context())
		half := len(content) / 2
		body := io.MultiReader(bytes.NewReader(content[:half]), readerFunc(func([]byte) (int, error) {
			cancel()
			return 0, io.EOF
		}), bytes.NewReader(content[half:]))
		_, err := p.store.Put(ctx, p.key(name), body, sized(content))
		cancel()
		p.failed(err, context.Canceled, p.key(name))
	}
	p.holds("object", []byte("old"))
	p.lacks("new")
	p.lists("", storage.Deep, "object")
}

func cancelGet(p *place) {
	p.put("large", noise(1, p.features.LargeSize))
	ctx, cancel := context.WithCancel(p.Context())
	defer cancel()
	body, _, err := p.store.Get(ctx, p.key("large"), storage.Range{})
	if err != nil {
		p.Fatal(err)
	}
	if _, err := io.ReadFull(body, make([]byte, 10)); err != nil {
		p.Fatal(err)
	}
	cancel()
	n, err := io.Copy(io.Discard, body)
	if !errors.Is(err, context.Canceled) {
		p.Errorf("%d more bytes, %v; want context.Canceled", n, err)
	}
	_ = body.Close() // it has failed already
}

// cancelList allows a store to give what it has at hand, but not to end
// without error where it has not given all.
func cancelList(p *place) {
	for _, name := range []string{"a", "b", "c"} {
		p.put(name, nil)
	}
	ctx, cancel := context.WithCancel(p.Context())
	defer cancel()
	var keys []string
	for info, err := range p.store.List(ctx, p.prefix, storage.Deep) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				p.Errorf("error %v", err)
			}
			return
		}
		keys = append(keys, info.Key)
		cancel()
	}
	if len(keys) != 3 {
		p.Errorf("the listing ended without error after %q", keys)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
