package storetest

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"io"
	"maps"
	"testing/iotest"
	"time"

	"github.com/dtool-go/dtool/storage"
)

func putTests() []test {
	return []test{
		{"an object is held from then on", func(p *place) {
			p.put("object", []byte("content"))
			p.holds("object", []byte("content"))
		}},
		{"an empty object is an object", func(p *place) {
			p.put("empty", nil)
			p.holds("empty", nil)
		}},
		{"a large object", func(p *place) {
			content := noise(1, p.features.LargeSize)
			p.put("large", content)
			p.holds("large", content)
		}},
		{"Info describes what was stored", putInfo},
		{"an object is replaced", putReplaces},
		{"a body of any manner of reading", putReaders},
		{"a body is read from where it stands", putSeeker},
		{"a body of the expected MD5", putMD5},
		{"metadata", putMetadata},
		{"the modification time", putModTime},
		{"an unfinished Put is not seen", putUnfinished},
		{"a key below a key is held or refused", putBelowKey},
		{"a key that is a place is held or refused", putOntoPlace},
	}
}

func putInfo(p *place) {
	info, err := p.store.Put(p.Context(), p.key("object"), bytes.NewReader([]byte("content")),
		storage.PutOptions{Size: 7})
	if err != nil {
		p.Fatal(err)
	}
	if info.Key != p.key("object") || info.Size != 7 {
		p.Errorf("Put gives %+v", info)
	}
}

func putReplaces(p *place) {
	for _, content := range [][]byte{
		[]byte("first"), []byte("a longer one"), []byte("short"), nil,
		noise(1, p.features.LargeSize), []byte("short again"),
	} {
		p.put("object", content)
		p.holds("object", content)
	}
}

func putReaders(p *place) {
	content := noise(1, 5000)
	for name, body := range map[string]io.Reader{
		"a byte at a time":            iotest.OneByteReader(bytes.NewReader(content)),
		"half of what is asked for":   iotest.HalfReader(bytes.NewReader(content)),
		"the end with the last bytes": iotest.DataErrReader(bytes.NewReader(content)),
		"only Read":                   struct{ io.Reader }{bytes.NewReader(content)},
	} {
		if _, err := p.store.Put(p.Context(), p.key(name), body, sized(content)); err != nil {
			p.Errorf("%s: %v", name, err)
			continue
		}
		p.holds(name, content)
	}
}

func putSeeker(p *place) {
	body := bytes.NewReader([]byte("skipped, stored"))
	if _, err := body.Seek(9, io.SeekStart); err != nil {
		p.Fatal(err)
	}
	if _, err := p.store.Put(p.Context(), p.key("object"), body, storage.PutOptions{Size: 6}); err != nil {
		p.Fatal(err)
	}
	p.holds("object", []byte("stored"))
}

func putMD5(p *place) {
	for name, content := range map[string][]byte{
		"empty": nil, "small": []byte("content"), "large": noise(1, p.features.LargeSize),
	} {
		opts := sized(content)
		opts.MD5 = hexMD5(content)
		if _, err := p.store.Put(p.Context(), p.key(name), bytes.NewReader(content), opts); err != nil {
			p.Errorf("%s: %v", name, err)
			continue
		}
		p.holds(name, content)
	}
}

func putMetadata(p *place) {
	want := map[string]string{"handle": "ZGF0YS9hLnR4dA==", "checksum": hexMD5(nil), "words": "two words"}
	for name, content := range map[string][]byte{"small": []byte("x"), "large": noise(1, p.features.LargeSize)} {
		opts := sized(content)
		opts.Metadata = maps.Clone(want)
		if _, err := p.store.Put(p.Context(), p.key(name), bytes.NewReader(content), opts); err != nil {
			p.Fatal(err)
		}
		opts.Metadata["handle"] = "changed by the caller after Put"
		p.keepsMetadata(name, want)
		p.put(name, content)
		p.keepsMetadata(name, nil)
	}
}

// keepsMetadata checks what Stat and Get give as metadata: what was put, or
// nothing in a store that keeps none.
func (p *place) keepsMetadata(name string, want map[string]string) {
	p.Helper()
	if !p.features.Metadata {
		want = nil
	}
	body, got, err := p.store.Get(p.Context(), p.key(name), storage.Range{})
	if err != nil {
		p.Fatal(err)
	}
	_ = body.Close() // it was opened for its Info alone
	for _, info := range []storage.Info{got, p.stat(name)} {
		if !maps.Equal(info.Metadata, want) {
			p.Errorf("%s has metadata %q, want %q", name, info.Metadata, want)
		}
	}
}

func putModTime(p *place) {
	want := time.Date(2019, 2, 28, 23, 59, 58, 123456000, time.UTC)
	content := []byte("content")
	opts := sized(content)
	opts.ModTime = want
	if _, err := p.store.Put(p.Context(), p.key("object"), bytes.NewReader(content), opts); err != nil {
		p.Fatal(err)
	}
	got := p.stat("object").ModTime
	if p.features.ModTime && !got.Equal(want) {
		p.Errorf("modification time %v, want %v", got, want)
	}
	p.put("object", content)
	if got := p.stat("object").ModTime; got.IsZero() || got.Equal(want) {
		p.Errorf("modification time %v after a Put without one", got)
	}
}

// putUnfinished stops in the middle of a body, looks, and then goes on.
func putUnfinished(p *place) {
	old, content := []byte("old"), noise(1, p.features.LargeSize)
	half := len(content) / 2
	p.put("object", old)
	for _, name := range []string{"object", "new"} {
		body, writer := io.Pipe()
		done := make(chan error, 1)
		go func() {
			_, err := p.store.Put(p.Context(), p.key(name), body, sized(content))
			_ = body.CloseWithError(io.ErrClosedPipe) // so that no write waits for a Put that is over
			done <- err
		}()
		if _, err := writer.Write(content[:half]); err != nil {
			p.Fatalf("the first half: %v, %v", err, <-done)
		}
		if name == "new" {
			p.lacks("new")
		} else {
			p.holds("object", old)
		}
		if _, err := writer.Write(content[half:]); err != nil {
			p.Fatalf("the second half: %v, %v", err, <-done)
		}
		_ = writer.Close() // it never fails
		if err := <-done; err != nil {
			p.Fatal(err)
		}
		p.holds(name, content)
	}
}

func putBelowKey(p *place) {
	p.put("file", []byte("upper"))
	err := p.tryPut("file/below", []byte("lower"))
	p.heldOrRefused("file/below", []byte("lower"), err)
	p.holds("file", []byte("upper"))
}

func putOntoPlace(p *place) {
	p.put("dir/file", []byte("lower"))
	err := p.tryPut("dir", []byte("upper"))
	p.heldOrRefused("dir", []byte("upper"), err)
	p.holds("dir/file", []byte("lower"))
}

func (p *place) heldOrRefused(name string, content []byte, err error) {
	p.Helper()
	if err == nil {
		p.holds(name, content)
		return
	}
	if p.features.KeysBelowKeys {
		p.Fatal(err)
	}
	p.failed(err, storage.ErrExists, p.key(name))
	p.lacks(name)
}

func hexMD5(content []byte) string {
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}
