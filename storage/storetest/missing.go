package storetest

import (
	"strings"

	"github.com/dtool-go/dtool/storage"
)

func missingTests() []test {
	return []test{{"everything is ErrNoStore", missingStore}}
}

// missingStore lets Stat say that there is no such key, which is true and all
// that S3 answers to HEAD.
func missingStore(p *place) {
	if p.features.Missing == nil {
		return
	}
	gone := *p
	gone.store = p.features.Missing(p.T)
	_, err := gone.get("object", storage.Range{})
	gone.failed(err, storage.ErrNoStore, gone.key("object"))
	_, err = gone.store.Put(p.Context(), gone.key("object"), strings.NewReader("x"), storage.PutOptions{Size: 1})
	gone.failed(err, storage.ErrNoStore, gone.key("object"))
	for _, depth := range []storage.Depth{storage.Deep, storage.Shallow} {
		infos, err := collect(gone.store.List(p.Context(), "", depth))
		gone.failed(err, storage.ErrNoStore, "")
		if len(infos) > 0 {
			p.Errorf("listed %+v", infos)
		}
	}
	gone.failed(gone.store.Delete(p.Context(), gone.key("object")), storage.ErrNoStore, gone.key("object"))
}
