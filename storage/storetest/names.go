package storetest

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/storage"
)

func nameTests() []test {
	return []test{
		{"names of every kind", func(p *place) { p.roundTrip(ordinaryNames()) }},
		{"names that a store may refuse", hardNamesTest},
		{"names that differ in case or normalisation", func(p *place) {
			if p.features.DistinctNames {
				p.roundTrip([]string{"name", "Name", "NAME", "caf\u00e9", "cafe\u0301", "\u212b", "\u00c5", "A\u030a"})
			}
		}},
		{"texts that are no keys", invalidKeys},
	}
}

// ordinaryNames is what every store holds.
func ordinaryNames() []string {
	return []string{
		"plain.txt", "with space", " leading", "in  side", "it's", "#%&+", "a+b=c;d,e@f", "100%", "100%25", "%2F",
		"a%20b", "$(x)`y`", "~", "!^[]{}", "-rf", "--", "...", "..a", "a..b", ".hidden", "_", "dir/#%&+/x y",
		"emoji 🧬👩‍🔬", "日本語/ファイル", "caf\u00e9", "عربي", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z",
		"a name/that goes on/for some time/and has/a part of 100 bytes/" + strings.Repeat("x", 100),
	}
}

// hardNames is what some stores cannot hold: the characters that Windows
// forbids, control characters, the longest names.
func hardNames() []string {
	return []string{
		`quo"te`, "what?", `back\slash`, `\`, "co:lon", "star*", "pi|pe", "<angle>", "trailing ", "trailing.",
		"\x01", "tab\t", "new\nline", "cr\rlf\r\n", "\x1b[31mred", "\x7f", "\u0085", "\u2028", "\ufeff", "\ufffd", "\ufffe",
		"\u202etxt.exe", strings.Repeat("x", 255), strings.Repeat("é", 127) + "x", strings.Repeat("d", 255) + "/x",
	}
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
	for _, key := range []string{
		"", "/", "/absolute", ".", "..", "./a", "../a", "a/..", "a/../b", "a/./b", "a//b", "a/", "\xff", "a/\xc3", "a\x00b",
	} {
		body := readerFunc(func([]byte) (int, error) {
			p.Errorf("Put of %q reads the body", key)
			return 0, io.EOF
		})
		_, putErr := p.store.Put(p.Context(), key, body, storage.PutOptions{})
		_, _, getErr := p.store.Get(p.Context(), key, storage.Range{})
		_, statErr := p.store.Stat(p.Context(), key)
		deleteErr := p.store.Delete(p.Context(), p.key("valid"), key)
		for _, err := range []error{putErr, getErr, statErr, deleteErr} {
			if !errors.Is(err, storage.ErrInvalidKey) {
				p.Errorf("key %q: error %v, want ErrInvalidKey", key, err)
			}
		}
	}
	p.holds("valid", []byte("x"))
}
