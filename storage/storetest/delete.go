package storetest

import "github.com/dtool-go/dtool/storage"

func deleteTests() []test {
	return []test{
		{"an object is gone", func(p *place) {
			p.put("a", []byte("x"))
			p.put("b", []byte("y"))
			p.deletes("a")
			p.lacks("a")
			p.holds("b", []byte("y"))
			p.lists("", storage.Deep, "b")
		}},
		{"no keys", func(p *place) { p.deletes() }},
		{"keys that are not there", func(p *place) {
			p.put("a", nil)
			p.put("c", nil)
			p.deletes("missing", "a", "sub/missing", "a/below", "c", "a")
			p.lists("", storage.Deep)
		}},
		{"a place is no key", func(p *place) {
			p.put("dir/file", []byte("x"))
			p.deletes("dir")
			p.holds("dir/file", []byte("x"))
		}},
		{"a deleted key can be put again", func(p *place) {
			p.put("dir/a", []byte("x"))
			p.deletes("dir/a")
			p.put("dir/a", []byte("y"))
			p.holds("dir/a", []byte("y"))
		}},
		{"more than one request holds", deleteMany},
	}
}

func deleteMany(p *place) {
	names := p.putMany("%04d")
	p.put("kept", nil)
	p.deletes(names...)
	p.lists("", storage.Deep, "kept")
}

func (p *place) deletes(names ...string) {
	p.Helper()
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = p.key(name)
	}
	if err := p.store.Delete(p.Context(), keys...); err != nil {
		p.Fatalf("Delete of %d keys: %v", len(keys), err)
	}
}
