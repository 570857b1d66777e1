package dtool

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dtool-go/dtool/internal/pyjson"
)

// An Item is a file in a dataset, as the manifest describes it.
type Item struct {
	Identifier string
	Relpath    string // always with '/', taken verbatim
	Size       int64  // bytes
	// Hash is hex as the manifest's hash function gives it. In S3 datasets from
	// before dtool-s3 0.4.1 it may be an ETag of the form <hex>-<n>, which says
	// nothing of the bytes.
	Hash      string
	Timestamp float64 // when the file was changed last, Unix seconds
}

func (i Item) relpathOf() string { return i.Relpath }

// JSON gives the item's properties as a JSON object with an indent of two.
func (i Item) JSON() []byte {
	return pyjson.Indent(pyjson.NewObject(
		"relpath", i.Relpath,
		"size_in_bytes", pyjson.Int(i.Size),
		"utc_timestamp", pyjson.Float(i.Timestamp),
		"hash", i.Hash,
	))
}

// A Manifest lists the items of a frozen dataset. It does not change.
type Manifest struct {
	hashFunction string
	items        []Item // by relpath
	index        map[string]int
	text         []byte // the document, which a copy carries to the letter
}

// HashFunction names the function that gave the hashes; "md5sum_hexdigest" in
// all but old datasets.
func (m *Manifest) HashFunction() string { return m.hashFunction }

// Len gives the number of items.
func (m *Manifest) Len() int { return len(m.items) }

// TotalSize gives the bytes of all items together.
func (m *Manifest) TotalSize() int64 { return totalSize(m.items) }

// Items gives the items in the byte order of their relpaths. The caller may
// change the slice.
func (m *Manifest) Items() []Item { return slices.Clone(m.items) }

// Item gives one item by its identifier, or [ErrNoItem].
func (m *Manifest) Item(identifier string) (Item, error) {
	i, ok := m.index[identifier]
	if !ok {
		return Item{}, fmt.Errorf("%w: %s", ErrNoItem, quoted(identifier))
	}
	return m.items[i], nil
}

func totalSize(items []Item) int64 {
	var total int64
	for _, item := range items {
		total = plus(total, item.Size)
	}
	return total
}

// plus adds numbers of bytes. Whoever wrote a manifest may claim more than there can
// be; then the sum is the largest that there is.
func plus(a, b int64) int64 { return a + min(b, math.MaxInt64-a) }

// newManifest makes the manifest of items whose hashes are MD5.
func newManifest(items []Item) *Manifest {
	byID := pyjson.NewObject()
	for _, item := range items {
		byID.Set(item.Identifier, pyjson.NewObject(
			"hash", item.Hash,
			"relpath", item.Relpath,
			"size_in_bytes", pyjson.Int(item.Size),
			"utc_timestamp", pyjson.Float(item.Timestamp),
		))
	}
	text := pyjson.Sorted(pyjson.NewObject(
		"dtoolcore_version", coreVersion,
		"hash_function", hashMD5,
		"items", byID,
	))
	return indexed(hashMD5, slices.Clone(items), text)
}

func indexed(hashFunction string, items []Item, text []byte) *Manifest {
	slices.SortFunc(items, func(a, b Item) int { return strings.Compare(a.Relpath, b.Relpath) })
	index := make(map[string]int, len(items))
	for i, item := range items {
		index[item.Identifier] = i
	}
	return &Manifest{hashFunction: hashFunction, items: items, index: index, text: text}
}

// parseManifest reads the manifest document. It refuses one that is cut short,
// or in which an identifier is not that of its relpath.
func parseManifest(text []byte) (*Manifest, error) {
	v, err := pyjson.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadManifest, err)
	}
	doc, _ := v.(*pyjson.Object)
	hashFunction, isText := member[string](doc, "hash_function")
	byID, isObject := member[*pyjson.Object](doc, "items")
	if !isText || !isObject {
		return nil, fmt.Errorf("%w: items or hash_function is missing", ErrBadManifest)
	}
	items := make([]Item, 0, byID.Len())
	for id, value := range byID.All() {
		item, err := parseItem(id, value)
		if err != nil {
			return nil, fmt.Errorf("%w: item %s: %w", ErrBadManifest, quoted(id), err)
		}
		items = append(items, item)
	}
	return indexed(hashFunction, items, text), nil
}

// member gives a member of an object, if it is there and of the type.
func member[T pyjson.Value](object *pyjson.Object, name string) (T, bool) {
	var none T
	if object == nil {
		return none, false
	}
	v, _ := object.Get(name)
	value, ok := v.(T)
	return value, ok
}

func parseItem(id string, v pyjson.Value) (Item, error) {
	object, _ := v.(*pyjson.Object)
	hash, hasHash := member[string](object, "hash")
	relpath, hasRelpath := member[string](object, "relpath")
	number, hasSize := member[pyjson.Number](object, "size_in_bytes")
	size, isSize := wholeNumber(number)
	switch {
	case !hasHash, !hasRelpath, !hasSize:
		return Item{}, errors.New("hash, relpath or size_in_bytes is missing or of another type")
	case !isSize:
		return Item{}, fmt.Errorf("its size is %s", quoted(string(number)))
	case Identifier(relpath) != id:
		return Item{}, fmt.Errorf("the identifier of its relpath %s would be %s", quoted(relpath), Identifier(relpath))
	}
	item := Item{Identifier: id, Relpath: relpath, Size: size, Hash: hash}
	var err error
	item.Timestamp, err = timestamp(object)
	return item, err
}

// wholeNumber reads a number of bytes, which some program may have written as 6.0.
func wholeNumber(number pyjson.Number) (int64, bool) {
	if n, err := strconv.ParseInt(string(number), 10, 64); err == nil {
		return n, n >= 0
	}
	const exact = 1 << 53 // up to which every whole number is a float
	f, err := number.Float64()
	return int64(f), err == nil && f >= 0 && f <= exact && f == math.Trunc(f)
}

// timestamp reads the time of an item. Where there is none, or NaN or a text, it
// becomes 1970; a number that no float can hold is refused.
func timestamp(object *pyjson.Object) (float64, error) {
	number, ok := member[pyjson.Number](object, "utc_timestamp")
	if !ok {
		return 0, nil
	}
	seconds, err := number.Float64()
	switch {
	case err != nil:
		return 0, fmt.Errorf("its time is %s", quoted(string(number)))
	case math.IsNaN(seconds), math.IsInf(seconds, 0):
		return 0, nil
	}
	return seconds, nil
}
