package storetest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/dtool-go/dtool/storage"
)

func concurrentTests() []test {
	return []test{
		{"many keys", concurrentKeys},
		{"one key", concurrentKey},
	}
}

func concurrentKeys(p *place) {
	p.together(8, func(i int) error {
		for j := range 5 {
			name := fmt.Sprintf("shared/%d-%d", i, j)
			content := noise(i, int64(1000*j))
			if err := p.tryPut(name, content); err != nil {
				return err
			}
			got, err := p.get(name, storage.Range{})
			if err != nil {
				return err
			}
			if !bytes.Equal(got, content) {
				return fmt.Errorf("%s: %d other bytes, want %d", name, len(got), len(content))
			}
			if _, err := collect(p.store.List(p.Context(), p.key("shared/"), storage.Deep)); err != nil {
				return err
			}
			if j == 0 {
				continue
			}
			if err := p.store.Delete(p.Context(), p.key(name)); err != nil {
				return err
			}
		}
		return nil
	})
	p.lists("shared/", storage.Shallow, "shared/0-0", "shared/1-0", "shared/2-0", "shared/3-0",
		"shared/4-0", "shared/5-0", "shared/6-0", "shared/7-0")
}

// concurrentKey has writers of one key, each of one digit and a length of its
// own, and readers who must see the work of one of them.
func concurrentKey(p *place) {
	const size = 100_000
	content := func(i int) []byte { return []byte(strings.Repeat(strconv.Itoa(i), size+i)) }
	p.put("object", content(0))
	p.together(8, func(i int) error {
		for range 5 {
			if err := p.tryPut("object", content(i)); err != nil {
				return err
			}
			got, err := p.get("object", storage.Range{})
			if err != nil {
				return err
			}
			if len(got) < size || !bytes.Equal(got, content(int(got[0]-'0'))) {
				return fmt.Errorf("read %d bytes that nobody wrote", len(got))
			}
		}
		return nil
	})
}

// together runs a function n times at once.
func (p *place) together(n int, run func(i int) error) {
	p.Helper()
	var group errgroup.Group
	for i := range n {
		group.Go(func() error { return run(i) })
	}
	if err := group.Wait(); err != nil {
		p.Fatal(err)
	}
}
