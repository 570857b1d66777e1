package dtool

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/storage"
)

// objectLayout is the layout of a bucket (docs/format.md, section 4): the key of
// an item ends in its identifier, and the object's metadata holds its relpath
// and its MD5.
type objectLayout struct {
	uuid string
	at   keys
}

// registrationPrefix begins the keys that say that a bucket holds a dataset.
const registrationPrefix = "dtool-"

// The names of an item's user metadata.
const (
	metaHandle   = "handle"
	metaChecksum = "checksum"
)

func newObjectLayout(prefix, uuid string) objectLayout {
	root := prefix + uuid + "/"
	return objectLayout{uuid: uuid, at: keys{
		admin:       root + "dtool",
		manifest:    root + "manifest.json",
		readme:      root + "README.yml",
		structure:   root + "structure.json",
		about:       root + "README.txt",
		data:        root + "data/",
		overlays:    root + "overlays/",
		annotations: root + "annotations/",
		tags:        root + "tags/",
		fragments:   root + "fragments/",
	}}
}

func (l objectLayout) keys() keys { return l.at }

func (l objectLayout) itemKey(relpath string) (string, error) {
	return l.at.data + Identifier(relpath), nil
}

func (objectLayout) itemMetadata(relpath, md5 string) (map[string]string, error) {
	metadata := map[string]string{metaHandle: base64.StdEncoding.EncodeToString([]byte(relpath))}
	room := storage.MaxMetadata - len(metaHandle) - len(metaChecksum) - len(md5Hex(nil))
	if n := len(metadata[metaHandle]); n > room {
		return nil, fmt.Errorf("%w %s: a bucket has room for %d bytes of it in base64, not %d", ErrInvalidItem, quoted(relpath), room, n)
	}
	if md5 != "" {
		metadata[metaChecksum] = md5
	}
	return metadata, nil
}

func (objectLayout) recordsMD5() bool { return true }

// listed decides by the identifier in the key which form the handle has: base64
// since dtool-s3 0.14.0, bare before.
func (l objectLayout) listed(ctx context.Context, store storage.Store, info storage.Info) (listedItem, error) {
	if info.Metadata == nil {
		var err error
		if info, err = store.Stat(ctx, info.Key); err != nil {
			return listedItem{}, err
		}
	}
	item := listedItem{md5: recordedMD5(info.Metadata), told: info.MD5}
	id := strings.TrimPrefix(info.Key, l.at.data)
	handle, ok := info.Metadata[metaHandle]
	if !ok {
		return item, errForeign{info.Key, "it has no handle in its metadata"}
	}
	if plain, err := base64.StdEncoding.DecodeString(handle); err == nil && Identifier(string(plain)) == id {
		handle = string(plain)
	}
	switch {
	case Identifier(handle) != id:
		return item, errForeign{info.Key, "its handle does not belong to its identifier"}
	case !utf8.ValidString(handle):
		return item, errForeign{info.Key, "its handle " + quoted(handle) + " is not UTF-8, which no manifest can hold"}
	}
	item.relpath = handle
	return item, nil
}

var md5Pattern = regexp.MustCompile(`^[0-9a-f]{32}$`)

// recordedMD5 gives the MD5 that an item's metadata holds, or "".
func recordedMD5(metadata map[string]string) string {
	if sum := metadata[metaChecksum]; md5Pattern.MatchString(sum) {
		return sum
	}
	return ""
}

func (objectLayout) adminMetadata(a admin) map[string]string { return a.metadata() }

func (l objectLayout) belongs(a admin) error {
	if uuid := a.text("uuid"); !strings.EqualFold(uuid, l.uuid) {
		return fmt.Errorf("%w: administrative metadata: uuid is %s", ErrBadDocument, uuid)
	}
	return nil
}

func (l objectLayout) structure() []byte {
	return pyjson.Sorted(pyjson.NewObject(
		"dataset_registration_key", registrationPrefix+l.uuid,
		"data_key_infix", "data",
		"fragment_key_infix", "fragments",
		"overlays_key_infix", "overlays",
		"annotations_key_infix", "annotations",
		"tags_key_infix", "tags",
		"structure_key_suffix", "structure.json",
		"dtool_readme_key_suffix", "README.txt",
		"dataset_readme_key_suffix", "README.yml",
		"manifest_key_suffix", "manifest.json",
		"admin_metadata_key_suffix", "dtool",
		"http_manifest_key", "http_manifest.json",
		"storage_broker_version", objectBrokerVersion,
	))
}

// checkTop finds nothing wrong: others may keep what they like in a bucket.
func (objectLayout) checkTop(context.Context, storage.Store) error { return nil }

func (objectLayout) takesItems(context.Context, storage.Store) error { return nil }

func (objectLayout) alone() bool { return false }

func (objectLayout) itemNaming() string {
	return "each under the SHA-1 of its path; the path is in the manifest, and in base64 in the object's handle metadata"
}
