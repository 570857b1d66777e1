package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing/iotest"

	"github.com/dtool-go/dtool/storage"
)

// resumeTests interrupt a Put of a large object, which may leave parts of it, and
// put the same or another one with PutOptions.Resume.
func resumeTests() []test {
	return []test{
		{"with nothing to go on with", resumeNothing},
		{"after an interruption", resumeInterrupted},
		{"with another body than was interrupted", resumeOther},
		{"with other metadata than were interrupted", resumeMetadata},
		{"with a body that is wrong", resumeBad},
		{"with an interruption again", resumeTwice},
	}
}

// errAway is what the body gives where the place that it comes from goes away.
var errAway = fmt.Errorf("%w: the line went dead", storage.ErrUnreachable)

// interrupt puts the beginning of a body and has the rest out of reach.
func (p *place) interrupt(name string, content []byte, length int64, opts storage.PutOptions) {
	p.Helper()
	body := io.MultiReader(bytes.NewReader(content[:length]), iotest.ErrReader(errAway))
	_, err := p.store.Put(p.Context(), p.key(name), body, opts)
	p.failed(err, storage.ErrUnreachable, p.key(name))
}

func (p *place) resumes(name string, content []byte, opts storage.PutOptions) {
	p.Helper()
	opts.Resume = true
	p.putWith(name, content, opts)
	p.holds(name, content)
}

func resumeNothing(p *place) {
	for _, size := range []int64{0, 100, p.features.LargeSize} {
		content := noise(1, size)
		p.resumes("object", content, sized(content))
	}
}

func resumeInterrupted(p *place) {
	content := noise(1, p.features.LargeSize)
	size := p.features.LargeSize
	opts := sized(content)
	opts.MD5 = hexMD5(content)
	opts.Metadata = map[string]string{"words": "two words"}
	p.put("object", []byte("old"))
	for _, length := range []int64{0, 1, size / 2, size - 1, size} {
		p.interrupt("object", content, length, opts)
		p.interrupt("new", content, length, opts)
		if length == 0 {
			p.holds("object", []byte("old"))
		}
		p.lacks("new")
		p.resumes("object", content, opts)
		p.keepsMetadata("object", opts.Metadata)
		p.resumes("new", content, opts)
		p.deletes("new")
	}
}

func resumeOther(p *place) {
	content := noise(1, p.features.LargeSize)
	beginning := slices.Clone(content)
	beginning[0]++
	end := slices.Clone(content)
	end[len(end)-1]++
	for name, other := range map[string][]byte{
		"another beginning": beginning,
		"another end":       end,
		"shorter":           content[:len(content)-1],
		"half":              content[:len(content)/2],
		"longer":            noise(1, p.features.LargeSize*2),
		"altogether":        noise(2, p.features.LargeSize),
	} {
		p.interrupt(name, content, p.features.LargeSize, sized(content))
		p.resumes(name, other, sized(other))
	}
}

func resumeMetadata(p *place) {
	content := noise(1, p.features.LargeSize)
	opts := sized(content)
	for i, metadata := range []map[string]string{{"words": "these"}, {"words": "others"}, nil, {"origin": "elsewhere"}} {
		p.interrupt("object", content, p.features.LargeSize, opts)
		opts.Metadata = metadata
		p.resumes("object", content, opts)
		p.keepsMetadata("object", metadata)
		if i == 0 {
			p.lists("", storage.Deep, "object")
		}
	}
}

func resumeBad(p *place) {
	content := noise(1, p.features.LargeSize)
	for _, bad := range badBodies(content) {
		p.interrupt("object", content, p.features.LargeSize, sized(content))
		bad.opts.Resume = true
		_, err := p.store.Put(p.Context(), p.key("object"), bad.body, bad.opts)
		if !errors.Is(err, bad.want) {
			p.Errorf("%s: error %v, want %v", bad.name, err, bad.want)
		}
		p.lacks("object")
	}
}

func resumeTwice(p *place) {
	content := noise(1, p.features.LargeSize)
	opts := sized(content)
	opts.Resume = true
	for _, length := range []int64{p.features.LargeSize / 2, p.features.LargeSize - 1} {
		p.interrupt("object", content, length, opts)
		p.lacks("object")
	}
	p.resumes("object", content, opts)
}
