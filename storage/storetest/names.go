package storetest

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/internal/oddnames"
	"github.com/dtool-go/dtool/storage"
)

func nameTests() []test {
	return []test{
		{"names of every kind", func(p *place) { p.roundTrip(oddnames.Plain()) }},
		{"names that a store may refuse", hardNamesTest},
		{"names that differ in case or normalisation", func(p *place) {
			if p.features.DistinctNames {
				p.roundTrip(bothOf(oddnames.Pairs()))
			}
		}},
		{"texts that are no keys", invalidKeys},
	}
}

// hardNames is what some stores cannot hold: the characters that Windows
// forbids, control characters, the longest names.
func hardNames() []string {
	names := slices.Concat(oddnames.Acting(), oddnames.Strange(), oddnames.Long(), oddnames.Newlines())
	for _, picky := range oddnames.Windows() {
		names = append(names, picky.Name)
	}
	return names
}

func bothOf(pairs [][2]string) []string {
	var names []string
	for _, pair := range pairs {
		names = append(names, pair[:]...)
	}
	return names
}

// roundTrip puts, reads, lists and deletes names.
func (p *place) roundTrip(names []string) {
	for _, name := range names {
		p.put(name, []byte("content of "+name))
	}
	for _, name := range names {
		p.holds(name, []byte("content of "+name))
	}
	slices.Sort(names)
	p.lists("", storage.Deep, names...)
	p.lists("", storage.Shallow, shallow(names)...)
	p.deletes(names...)
	p.lists("", storage.Deep)
}

func hardNamesTest(p *place) {
	var held []string
	for _, name := range hardNames() {
		err := p.tryPut(name, nil)
		switch {
		case err == nil:
			held = append(held, name)
		case p.features.AnyName:
			p.Errorf("Put of %q: %v", name, err)
		case !errors.Is(err, storage.ErrInvalidKey):
			p.Errorf("Put of %q: error %v, want ErrInvalidKey", name, err)
		}
	}
	p.roundTrip(held)
}

func invalidKeys(p *place) {
	p.put("valid", []byte("x"))
	for _, key := range slices.Concat(oddnames.Outward(), oddnames.NotText(), []string{"./a", "a/./b", "a\x00b"}) {
		body := readerFunc(func([]byte) (int, error) {
			p.Errorf("Put of %q reads the body", key)
			return 0, io.EOF
		})
		_, putErr := p.store.Put(p.Context(), key, body, storage.PutOptions{})
		_, _, getErr := p.store.Get(p.Context(), key, storage.Range{})
		_, statErr := p.store.Stat(p.Context(), key)
		errs := []error{putErr, getErr, statErr}
		if storage.CheckKey(strings.Trim(strings.ReplaceAll(key, "//", "/"), "/")) != nil {
			errs = append(errs, p.store.Delete(p.Context(), p.key("valid"), key))
		}
		for _, err := range errs {
			if !errors.Is(err, storage.ErrInvalidKey) {
				p.Errorf("key %q: error %v, want ErrInvalidKey", key, err)
			}
		}
	}
	p.holds("valid", []byte("x"))
}
