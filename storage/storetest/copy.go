package storetest

import (
	"context"
	"errors"
	"slices"

	"github.com/dtool-go/dtool/internal/oddnames"
	"github.com/dtool-go/dtool/storage"
)

// copyTests are for stores that are Copiers, and pass with others.
func copyTests() []test {
	tests := []test{
		{"bytes of the source, metadata of the options", copyMetadata},
		{"an object of any size", copySizes},
		{"names of every kind", copyNames},
		{"an object is replaced", copyReplaces},
		{"onto itself, with other metadata", copyOntoItself},
		{"a source that was changed", copyChanged},
		{"a source that is not there", copyMissing},
		{"a source of another size", copyOtherSize},
		{"a key or metadata that no store takes", copyInvalid},
		{"from another kind of store", copyForeign},
		{"after the end of the context", copyCancelled},
	}
	for i, test := range tests {
		tests[i].run = func(p *place) {
			if _, ok := p.store.(storage.Copier); ok {
				test.run(p)
			}
		}
	}
	return tests
}

// copyTo copies one name of the store to another.
func (p *place) copyTo(name string, source storage.Info, opts storage.PutOptions) (storage.Info, error) {
	return p.store.(storage.Copier).CopyFrom(p.Context(), p.key(name), p.store, source, opts)
}

// copies has a copy made, and checks what is said of it.
func (p *place) copies(name string, source storage.Info, opts storage.PutOptions) {
	p.Helper()
	opts.Size = source.Size
	info, err := p.copyTo(name, source, opts)
	if err != nil {
		p.Fatalf("copying to %q: %v", name, err)
	}
	if info.Key != p.key(name) || info.Size != source.Size || info.ETag != p.stat(name).ETag {
		p.Errorf("copying to %q gives %+v, and Stat %+v", name, info, p.stat(name))
	}
}

func copyMetadata(p *place) {
	if !p.store.(storage.Copier).CopiesFrom(p.Context(), p.store) {
		p.Fatal("the store does not copy from itself")
	}
	want := map[string]string{"handle": "ZGF0YS9hLnR4dA==", "words": "two words"}
	for _, size := range []int64{100, p.features.LargeSize} {
		content := noise(1, size)
		opts := sized(content)
		opts.Metadata = map[string]string{"handle": "b3RoZXI=", "origin": "elsewhere"}
		p.putWith("source", content, opts)
		p.copies("copy", p.listed("source"), storage.PutOptions{Metadata: want})
		p.holds("copy", content)
		p.keepsMetadata("copy", want)
		p.holds("source", content)
		p.keepsMetadata("source", opts.Metadata)
		p.copies("copy", p.listed("source"), storage.PutOptions{})
		p.keepsMetadata("copy", nil)
	}
}

func copySizes(p *place) {
	for _, size := range []int64{0, 1, 5000, p.features.LargeSize - 1, p.features.LargeSize} {
		content := noise(int(size), size)
		p.put("source", content)
		p.copies("copy", p.stat("source"), storage.PutOptions{})
		p.holds("copy", content)
	}
}

func copyNames(p *place) {
	names := oddnames.Plain()
	for _, name := range hardNames() {
		if p.tryPut(name, nil) == nil {
			names = append(names, name)
		}
	}
	for i, name := range names {
		content := []byte("content of " + name)
		p.put(name, content)
		to := "copies/" + names[len(names)-1-i]
		p.copies(to, p.stat(name), storage.PutOptions{})
		p.holds(to, content)
	}
}

func copyReplaces(p *place) {
	p.put("source", []byte("content"))
	p.put("copy", noise(1, p.features.LargeSize))
	p.copies("copy", p.stat("source"), storage.PutOptions{})
	p.holds("copy", []byte("content"))
}

func copyOntoItself(p *place) {
	want := map[string]string{"words": "of the copy"}
	for _, size := range []int64{100, p.features.LargeSize} {
		content := noise(1, size)
		opts := sized(content)
		opts.Metadata = map[string]string{"origin": "elsewhere"}
		p.putWith("object", content, opts)
		p.copies("object", p.stat("object"), storage.PutOptions{Metadata: want})
		p.holds("object", content)
		p.keepsMetadata("object", want)
	}
}

func copyChanged(p *place) {
	for _, size := range []int64{100, p.features.LargeSize} {
		p.put("source", noise(1, size))
		was := p.stat("source")
		p.put("source", noise(2, size))
		p.copiesNothing(was, storage.PutOptions{Size: size}, storage.ErrCorrupted)
	}
}

func copyMissing(p *place) {
	for _, size := range []int64{100, p.features.LargeSize} {
		p.put("source", noise(1, size))
		was := p.stat("source")
		p.deletes("source")
		p.copiesNothing(was, storage.PutOptions{Size: size}, storage.ErrNotFound)
	}
}

func copyOtherSize(p *place) {
	p.put("source", []byte("content"))
	p.copiesNothing(p.stat("source"), storage.PutOptions{Size: 6}, storage.ErrCorrupted)
}

// copiesNothing checks that a copy is refused, with what was there before left
// alone.
func (p *place) copiesNothing(source storage.Info, opts storage.PutOptions, want error) {
	p.Helper()
	old := []byte("what the key held before")
	p.put("object", old)
	for _, name := range []string{"object", "new"} {
		_, err := p.copyTo(name, source, opts)
		if !errors.Is(err, want) {
			p.Errorf("copying to %q: error %v, want %v", name, err, want)
		}
		var failure *storage.Error
		if !errors.As(err, &failure) || failure.Op == "" || !slices.Contains([]string{p.key(name), source.Key}, failure.Key) {
			p.Errorf("copying to %q: error %v does not say what failed on which key", name, err)
		}
	}
	p.holds("object", old)
	p.lacks("new")
}

func copyInvalid(p *place) {
	p.put("source", []byte("content"))
	source := p.stat("source")
	_, err := p.store.(storage.Copier).CopyFrom(p.Context(), "a/../b", p.store, source, storage.PutOptions{Size: 7})
	p.failed(err, storage.ErrInvalidKey, "a/../b")
	opts := storage.PutOptions{Size: 7, Metadata: map[string]string{"words": "in two\nrows"}}
	p.copiesNothing(source, opts, storage.ErrInvalidKey)
}

func copyForeign(p *place) {
	p.put("source", []byte("content"))
	foreign := struct{ storage.Store }{p.store}
	copier := p.store.(storage.Copier)
	if copier.CopiesFrom(p.Context(), foreign) {
		p.Error("the store says that it copies from a store of another kind")
	}
	_, err := copier.CopyFrom(p.Context(), p.key("copy"), foreign, p.stat("source"), storage.PutOptions{Size: 7})
	p.failed(err, errors.ErrUnsupported, p.key("copy"))
	p.lacks("copy")
}

func copyCancelled(p *place) {
	p.put("source", []byte("content"))
	source := p.stat("source")
	ctx, cancel := context.WithCancel(p.Context())
	cancel()
	_, err := p.store.(storage.Copier).CopyFrom(ctx, p.key("copy"), p.store, source, storage.PutOptions{Size: 7})
	if !errors.Is(err, context.Canceled) {
		p.Errorf("error %v, want context.Canceled", err)
	}
	p.lacks("copy")
}

// listed gives what a listing says of an object.
func (p *place) listed(name string) storage.Info {
	p.Helper()
	entries, err := collect(p.store.List(p.Context(), p.key(name), storage.Deep))
	if err != nil || len(entries) == 0 || entries[0].Key != p.key(name) {
		p.Fatalf("listing %q gives %+v, %v", name, entries, err)
	}
	return entries[0]
}
