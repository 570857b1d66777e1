package storetest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing/iotest"

	"github.com/dtool-go/dtool/storage"
)

// errBody is what a body that breaks gives.
var errBody = errors.New("the body broke")

// A badBody is a body that a store must not take for what its options promise.
type badBody struct {
	name string
	body io.Reader
	opts storage.PutOptions
	want error
}

func badBodyTests() []test {
	return []test{
		{"small", func(p *place) { p.refuses(badBodies(noise(1, 1000))) }},
		{"large", func(p *place) { p.refuses(badBodies(noise(1, p.features.LargeSize))) }},
		{"empty", func(p *place) { p.refuses(badBodiesForEmpty()) }},
	}
}

func badBodies(content []byte) []badBody {
	size := len(content)
	altered := slices.Clone(content)
	altered[size-1]++
	withMD5 := sized(content)
	withMD5.MD5 = hexMD5(content)
	from := func(content []byte) io.Reader { return bytes.NewReader(content) }
	breaking := func(n int) io.Reader { return io.MultiReader(from(content[:n]), iotest.ErrReader(errBody)) }
	return []badBody{
		{"empty", from(nil), sized(content), storage.ErrCorrupted},
		{"a byte short", from(content[1:]), sized(content), storage.ErrCorrupted},
		{"half", from(content[:size/2]), sized(content), storage.ErrCorrupted},
		{"half, MD5 given", from(content[:size/2]), withMD5, storage.ErrCorrupted},
		{"a byte more", from(append(slices.Clone(content), 0)), sized(content), storage.ErrCorrupted},
		{"a byte more, unseekable", io.MultiReader(from(content), from([]byte{0})), withMD5, storage.ErrCorrupted},
		{"twice", io.MultiReader(from(content), from(content)), sized(content), storage.ErrCorrupted},
		{"without end", readerFunc(fillZero), sized(content), storage.ErrCorrupted},
		{"altered", from(altered), withMD5, storage.ErrCorrupted},
		{"altered, unseekable", io.MultiReader(from(altered)), withMD5, storage.ErrCorrupted},
		{"breaks at the start", breaking(0), sized(content), errBody},
		{"breaks in the middle", breaking(size / 2), sized(content), errBody},
		{"breaks at the last byte", breaking(size - 1), withMD5, errBody},
		{"breaks at the end", breaking(size), withMD5, errBody},
	}
}

// fillZero reads zeros for ever.
func fillZero(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func badBodiesForEmpty() []badBody {
	return []badBody{
		{"a byte", bytes.NewReader([]byte{0}), storage.PutOptions{}, storage.ErrCorrupted},
		{"wrong MD5", bytes.NewReader(nil), storage.PutOptions{MD5: hexMD5([]byte("x"))}, storage.ErrCorrupted},
		{"breaks", iotest.ErrReader(errBody), storage.PutOptions{}, errBody},
	}
}

// refuses puts each body onto a key that is there or, every other time, onto
// one that is not, and checks that nothing came of it.
func (p *place) refuses(bodies []badBody) {
	old := []byte("what the key held before")
	p.put("object", old)
	for i, bad := range bodies {
		name := "object"
		if i%2 == 1 {
			name = "new"
		}
		_, err := p.store.Put(p.Context(), p.key(name), bad.body, bad.opts)
		if !errors.Is(err, bad.want) {
			p.Errorf("%s: error %v, want %v", bad.name, err, bad.want)
			continue
		}
		p.described(err, p.key(name))
	}
	p.holds("object", old)
	p.lacks("new")
	p.lists("", storage.Deep, "object")
}
