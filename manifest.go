package dtool

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
		total += item.Size
	}
	return total
}

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

// parseManifest reads the manifest document. It refuses one that is cut short, or
// in which an identifier is not that of its relpath.
func parseManifest(text []byte) (*Manifest, error) {
	var doc struct {
		HashFunction *string              `json:"hash_function"`
		Items        map[string]*itemJSON `json:"items"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%w: manifest: %w", ErrBadDocument, err)
	}
	if doc.Items == nil || doc.HashFunction == nil {
		return nil, fmt.Errorf("%w: manifest: items or hash_function is missing", ErrBadDocument)
	}
	items := make([]Item, 0, len(doc.Items))
	for _, id := range slices.Sorted(maps.Keys(doc.Items)) {
		item, err := doc.Items[id].item(id)
		if err != nil {
			return nil, fmt.Errorf("%w: manifest: item %s: %w", ErrBadDocument, quoted(id), err)
		}
		items = append(items, item)
	}
	return indexed(*doc.HashFunction, items, text), nil
}

type itemJSON struct {
	Hash      *string  `json:"hash"`
	Relpath   *string  `json:"relpath"`
	Size      *int64   `json:"size_in_bytes"`
	Timestamp *float64 `json:"utc_timestamp"`
}

func (j *itemJSON) item(id string) (Item, error) {
	switch {
	case j == nil:
		return Item{}, fmt.Errorf("it is null")
	case j.Hash == nil, j.Relpath == nil, j.Size == nil:
		return Item{}, fmt.Errorf("hash, relpath or size_in_bytes is missing")
	case *j.Size < 0:
		return Item{}, fmt.Errorf("its size is %d", *j.Size)
	case Identifier(*j.Relpath) != id:
		return Item{}, fmt.Errorf("the identifier of its relpath %s would be %s", quoted(*j.Relpath), Identifier(*j.Relpath))
	}
	item := Item{Identifier: id, Relpath: *j.Relpath, Size: *j.Size, Hash: *j.Hash}
	if j.Timestamp != nil {
		item.Timestamp = *j.Timestamp
	}
	return item, nil
}
