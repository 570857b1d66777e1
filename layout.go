package dtool

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/storage"
)

// A layout says under which keys the parts and the items of one dataset lie, in
// the dataset's store.
type layout interface {
	keys() keys

	// itemKey gives the key of an item, or [ErrInvalidItem] where the layout
	// cannot hold such a relpath.
	itemKey(relpath string) (string, error)

	// itemMetadata gives the user metadata that goes with an item. It is
	// [ErrInvalidItem] if a store would have no room for that.
	itemMetadata(relpath, md5 string) (map[string]string, error)

	// recordsMD5 tells whether an item's MD5 is kept beside it, so that it must
	// be known before the item is stored.
	recordsMD5() bool

	// listed tells which item an object is that a listing of the data gave. It
	// may ask the store for the object's metadata. An object that is none of
	// dtool's is [errForeign].
	listed(ctx context.Context, store storage.Store, info storage.Info) (listedItem, error)

	// adminMetadata gives the user metadata of the administrative document.
	adminMetadata(a admin) map[string]string

	// belongs tells whether administrative metadata can be that of this dataset.
	belongs(a admin) error

	// structure gives the document that describes the layout to other readers.
	structure() []byte

	// itemNaming tells a person how the items' files are named.
	itemNaming() string

	// checkTop looks at the top of a dataset that is to be frozen: what has no
	// place there is [ErrRogue], and missing data [ErrUnreadable].
	checkTop(ctx context.Context, store storage.Store) error

	// takesItems is [ErrCannotAdd] if the items are somebody else's files.
	takesItems(ctx context.Context, store storage.Store) error

	// alone tells whether the store holds this dataset and nothing else, so that
	// a store that is not there is a dataset that is not there.
	alone() bool
}

// keys are those of the parts of a dataset. The last five are prefixes that end
// in '/'.
type keys struct {
	admin, manifest, readme, structure, about    string
	data, overlays, annotations, tags, fragments string
}

// listedItem is an item as its object tells of it.
type listedItem struct {
	relpath string
	md5     string // as recorded beside it, or empty
	told    string // as the store tells it of the bytes, or empty
}

// doubtful tells that the bytes seem to have another MD5 than the recorded one:
// they are to be read.
func (i listedItem) doubtful() bool { return i.told != "" && i.md5 != "" && i.told != i.md5 }

// history gives the key of an old README.
func (k keys) history(suffix string) string { return k.readme + "-" + suffix }

// top gives what the keys of all parts begin with: empty, or ending in '/'.
func (k keys) top() string { return strings.TrimSuffix(k.readme, path.Base(k.readme)) }

func segments(key string) []pyjson.Value {
	var list []pyjson.Value
	for part := range strings.SplitSeq(strings.TrimSuffix(key, "/"), "/") {
		list = append(list, part)
	}
	return list
}

// errForeign is the reason why an object among a dataset's items is none of them.
type errForeign struct{ key, why string }

func (e errForeign) Error() string {
	return fmt.Sprintf("%s is no item of this dataset: %s", quoted(e.key), e.why)
}

func isForeign(err error) bool {
	_, ok := errors.AsType[errForeign](err)
	return ok
}
