package storetest

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/dtool-go/dtool/storage"
)

func listTests() []test {
	return []test{
		{"nothing", func(p *place) {
			p.lists("", storage.Deep)
			p.lists("", storage.Shallow)
			p.lists("missing/", storage.Deep)
		}},
		{"in the byte order of the keys", listOrder},
		{"a prefix that ends inside a name", listPartialPrefix},
		{"a prefix that no key can have", listOddPrefixes},
		{"the whole store", listEverything},
		{"several pages", listPages},
		{"Info describes each object", listInfo},
		{"a listing may be left early", listBreak},
	}
}

func listOrder(p *place) {
	// '-' and '.' sort before '/', '0' behind it; U+FF5E sorts before U+10000
	// in UTF-8 and behind it in UTF-16.
	names := []string{
		"a-b", "a.txt", "a/b", "a/b.c", "a/c/d", "a0", "A", "a b/c", "b", "z", "é", "\uff5e", "\U00010000",
		"dir/x", "dir.x", "dir-x/y", "dir/x.y/z", "dir0/x",
	}
	for _, name := range names {
		p.put(name, []byte(name))
	}
	slices.Sort(names)
	p.lists("", storage.Deep, names...)
	p.lists("", storage.Shallow, shallow(names)...)
	p.lists("a/", storage.Deep, "a/b", "a/b.c", "a/c/d")
	p.lists("a/", storage.Shallow, "a/b", "a/b.c", "a/c/")
	p.lists("dir/", storage.Shallow, "dir/x", "dir/x.y/")
}

func listPartialPrefix(p *place) {
	for _, name := range []string{"dtool", "dtool-1", "dtool-2/x", "dtool-2/y/z", "dto", "other", "sub/dtool-3", "sub/x"} {
		p.put(name, nil)
	}
	p.lists("dtool-", storage.Deep, "dtool-1", "dtool-2/x", "dtool-2/y/z")
	p.lists("dtool-", storage.Shallow, "dtool-1", "dtool-2/")
	p.lists("dtool", storage.Shallow, "dtool", "dtool-1", "dtool-2/")
	p.lists("dtool-2", storage.Shallow, "dtool-2/")
	p.lists("dtool-2/y", storage.Shallow, "dtool-2/y/")
	p.lists("sub/dtool-", storage.Deep, "sub/dtool-3")
	p.lists("dtool-1", storage.Deep, "dtool-1")
	p.lists("dtool-1/", storage.Deep)
	p.lists("dtool-11", storage.Deep)
	p.lists("Dtool-", storage.Deep)
}

func listOddPrefixes(p *place) {
	for _, name := range []string{"..a", ".b", "c/d"} {
		p.put(name, nil)
	}
	p.lists("..", storage.Deep, "..a")
	p.lists(".", storage.Deep, "..a", ".b")
	for _, prefix := range []string{"/", "./", "../", "c//", "c/../", "c/./", "c/d/"} {
		p.lists(prefix, storage.Deep)
		p.lists(prefix, storage.Shallow)
	}
}

// listEverything uses the empty prefix. The store may hold other keys too.
func listEverything(p *place) {
	p.put("a/b", nil)
	p.put("c", nil)
	all, err := collect(p.store.List(p.Context(), "", storage.Deep))
	if err != nil {
		p.Fatal(err)
	}
	keys := keysOf(all)
	if !slices.IsSorted(keys) {
		p.Errorf("not in order: %q", keys)
	}
	own := slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, p.prefix) })
	if want := []string{p.key("a/b"), p.key("c")}; !slices.Equal(own, want) {
		p.Errorf("listed %q, want %q", own, want)
	}
	top, err := collect(p.store.List(p.Context(), "", storage.Shallow))
	if err != nil {
		p.Fatal(err)
	}
	if !slices.Contains(keysOf(top), p.prefix) {
		p.Errorf("the shallow listing has %q, which lack %q", keysOf(top), p.prefix)
	}
}

// listPages has as many places as objects, so that either kind fills pages.
func listPages(p *place) {
	names := p.putMany("n%04d/x")
	p.lists("", storage.Deep, names...)
	p.lists("n", storage.Shallow, shallow(names)...)
}

func listInfo(p *place) {
	content := []byte("content")
	opts := sized(content)
	opts.Metadata = map[string]string{"name": "value"}
	if _, err := p.store.Put(p.Context(), p.key("dir/a"), strings.NewReader("content"), opts); err != nil {
		p.Fatal(err)
	}
	p.put("empty", nil)
	infos, err := collect(p.store.List(p.Context(), p.prefix, storage.Deep))
	if err != nil || len(infos) != 2 {
		p.Fatalf("listed %+v, %v; want two objects", infos, err)
	}
	for i, size := range []int64{7, 0} {
		got := infos[i]
		if got.Size != size || got.ModTime.IsZero() || got.Metadata != nil || got.Irregular != "" || got.IsPlace() {
			p.Errorf("listed %+v, want an object of %d bytes", got, size)
		}
	}
	infos, err = collect(p.store.List(p.Context(), p.prefix, storage.Shallow))
	if err != nil || len(infos) != 2 || !infos[0].IsPlace() || infos[0].Irregular != "" || infos[1].IsPlace() {
		p.Errorf("listed %+v, %v; want a place and an object", infos, err)
	}
}

func listBreak(p *place) {
	for i := range 10 {
		p.put(fmt.Sprintf("%d/a", i), nil)
	}
	for _, depth := range []storage.Depth{storage.Deep, storage.Shallow} {
		seen := 0
		for _, err := range p.store.List(p.Context(), p.prefix, depth) {
			if err != nil {
				p.Fatal(err)
			}
			seen++
			if seen == 3 {
				break
			}
		}
	}
	p.holds("9/a", nil)
}

// putMany puts more objects than S3 gives in one page or deletes in one
// request, and gives their names.
func (p *place) putMany(format string) []string {
	p.Helper()
	names := make([]string, 1001)
	var puts errgroup.Group
	puts.SetLimit(16)
	for i := range names {
		names[i] = fmt.Sprintf(format, i)
		puts.Go(func() error { return p.tryPut(names[i], nil) })
	}
	if err := puts.Wait(); err != nil {
		p.Fatal(err)
	}
	return names
}

// lists checks the names that a listing gives below the test's own prefix.
func (p *place) lists(prefix string, depth storage.Depth, want ...string) {
	p.Helper()
	infos, err := collect(p.store.List(p.Context(), p.key(prefix), depth))
	if p.inTreeOrder(err) {
		return
	}
	if err != nil {
		p.Fatalf("listing %q: %v", prefix, err)
	}
	var got []string
	for _, key := range keysOf(infos) {
		name, own := strings.CutPrefix(key, p.prefix)
		if !own {
			p.Fatalf("listing %q gives %q", p.key(prefix), key)
		}
		got = append(got, name)
	}
	if !slices.Equal(got, want) {
		p.Fatalf("listing %q gives %s, want %s", prefix, briefly(got), briefly(want))
	}
}

// inTreeOrder tells whether an error is what may come of an order that is not that of
// the keys.
func (p *place) inTreeOrder(err error) bool {
	return p.features.TreeOrder && errors.Is(err, storage.ErrUnreachable)
}

// collect reads a listing to its end or to its error. It counts an entry
// behind an error as an error too.
func collect(listing iter.Seq2[storage.Info, error]) ([]storage.Info, error) {
	var infos []storage.Info
	var failure error
	for info, err := range listing {
		if failure != nil {
			return nil, fmt.Errorf("the listing goes on after its error %w", failure)
		}
		if failure = err; err == nil {
			infos = append(infos, info)
		}
	}
	return infos, failure
}

func keysOf(infos []storage.Info) []string {
	keys := make([]string, len(infos))
	for i, info := range infos {
		keys[i] = info.Key
	}
	return keys
}

// shallow gives what a shallow listing makes of sorted names.
func shallow(names []string) []string {
	var tops []string
	for _, name := range names {
		if top, _, below := strings.Cut(name, "/"); below {
			name = top + "/"
		}
		tops = append(tops, name)
	}
	slices.Sort(tops)
	return slices.Compact(tops)
}

// briefly shows names without filling the screen.
func briefly(names []string) string {
	const most = 30
	if len(names) <= most {
		return fmt.Sprintf("%q", names)
	}
	return fmt.Sprintf("%q and %d more", names[:most], len(names)-most)
}
