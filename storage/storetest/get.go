package storetest

import (
	"bytes"
	"errors"
	"io"

	"github.com/dtool-go/dtool/storage"
)

func getTests() []test {
	return []test{
		{"a missing key is ErrNotFound", func(p *place) {
			p.lacks("missing")
			p.put("there", []byte("x"))
			p.lacks("the")
			p.lacks("there0")
		}},
		{"a place that holds keys is no key", func(p *place) {
			p.put("dir/file", []byte("x"))
			p.lacks("dir")
		}},
		{"a key below a key is not there", func(p *place) {
			p.put("file", []byte("x"))
			p.lacks("file/below")
		}},
		{"ranges", getRanges},
		{"a range outside the object is ErrCorrupted", getBadRanges},
		{"Info describes the whole object", getInfo},
		{"a body gives io.EOF at its end, again and again", getEnd},
		{"a body may be closed before its end", getCloseEarly},
		{"a body opened before a replacement is whole or fails", getReplaced},
	}
}

func getRanges(p *place) {
	content := noise(1, 1000)
	p.put("object", content)
	for _, c := range []struct {
		r    storage.Range
		want []byte
	}{
		{storage.Range{}, content},
		{storage.Range{Length: 1}, content[:1]},
		{storage.Range{Length: 1000}, content},
		{storage.Range{Offset: 1}, content[1:]},
		{storage.Range{Offset: 999}, content[999:]},
		{storage.Range{Offset: 999, Length: 1}, content[999:]},
		{storage.Range{Offset: 100, Length: 200}, content[100:300]},
	} {
		got, err := p.get("object", c.r)
		if err != nil || !bytes.Equal(got, c.want) {
			p.Errorf("%v: %d bytes, %v; want %d bytes", c.r, len(got), err, len(c.want))
		}
	}
}

func getBadRanges(p *place) {
	p.put("object", noise(1, 1000))
	p.put("empty", nil)
	for _, c := range []struct {
		name string
		r    storage.Range
	}{
		{"object", storage.Range{Offset: 1000}},
		{"object", storage.Range{Offset: 1001}},
		{"object", storage.Range{Offset: 999, Length: 2}},
		{"object", storage.Range{Length: 1001}},
		{"object", storage.Range{Offset: -1}},
		{"object", storage.Range{Length: -1}},
		{"empty", storage.Range{Length: 1}},
		{"empty", storage.Range{Offset: 1}},
	} {
		_, err := p.get(c.name, c.r)
		p.failed(err, storage.ErrCorrupted, p.key(c.name))
	}
	_, err := p.get("missing", storage.Range{Offset: 1})
	p.failed(err, storage.ErrNotFound, p.key("missing"))
}

func getInfo(p *place) {
	p.put("object", noise(1, 1000))
	want := p.stat("object")
	if want.ModTime.IsZero() || want.Irregular != "" || want.IsPlace() {
		p.Errorf("Stat gives %+v", want)
	}
	for _, r := range []storage.Range{{}, {Offset: 10, Length: 20}} {
		body, info, err := p.store.Get(p.Context(), p.key("object"), r)
		if err != nil {
			p.Fatal(err)
		}
		if err := body.Close(); err != nil {
			p.Errorf("Close: %v", err)
		}
		if info.Key != want.Key || info.Size != want.Size || !info.ModTime.Equal(want.ModTime) {
			p.Errorf("Get of %v gives %+v, want %+v", r, info, want)
		}
	}
}

func getEnd(p *place) {
	for name, content := range map[string][]byte{"object": noise(1, 1000), "empty": nil} {
		p.put(name, content)
		body, _, err := p.store.Get(p.Context(), p.key(name), storage.Range{})
		if err != nil {
			p.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err != nil || !bytes.Equal(got, content) {
			p.Errorf("%q: %d bytes, %v; want %d", name, len(got), err, len(content))
		}
		for range 2 {
			if n, err := body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				p.Errorf("%q: a Read at the end gives %d, %v", name, n, err)
			}
		}
		if err := body.Close(); err != nil {
			p.Errorf("%q: Close: %v", name, err)
		}
	}
}

func getCloseEarly(p *place) {
	content := noise(1, p.features.LargeSize)
	p.put("large", content)
	body, _, err := p.store.Get(p.Context(), p.key("large"), storage.Range{})
	if err != nil {
		p.Fatal(err)
	}
	if _, err := io.ReadFull(body, make([]byte, 10)); err != nil {
		p.Errorf("reading ten bytes: %v", err)
	}
	if err := body.Close(); err != nil {
		p.Errorf("Close: %v", err)
	}
	got, err := p.get("large", storage.Range{Offset: p.features.LargeSize - 5})
	if err != nil || !bytes.Equal(got, content[len(content)-5:]) {
		p.Errorf("the last five bytes, afterwards: %x, %v", got, err)
	}
}

func getReplaced(p *place) {
	old := noise(1, p.features.LargeSize)
	p.put("object", old)
	body, _, err := p.store.Get(p.Context(), p.key("object"), storage.Range{})
	if err != nil {
		p.Fatal(err)
	}
	p.put("object", noise(2, p.features.LargeSize))
	got, err := io.ReadAll(body)
	if err != nil {
		p.described(err, p.key("object"))
	} else if !bytes.Equal(got, old) {
		p.Error("the body has other bytes than those that were opened")
	}
	if err := body.Close(); err != nil && !errors.Is(err, storage.ErrCorrupted) {
		p.Errorf("Close: %v", err)
	}
}
