package dtool

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"regexp"
	"strconv"

	"github.com/dtool-go/dtool/storage"
)

// hashMD5 names the function that this program writes manifests with.
const hashMD5 = "md5sum_hexdigest"

// newHash gives the hash function that a manifest names, or nil for an unknown one.
func newHash(function string) hash.Hash {
	switch function {
	case hashMD5, "md5sum":
		return md5.New()
	case "shasum", "sha1sum_hexdigest":
		return sha1.New()
	case "sha256sum_hexdigest":
		return sha256.New()
	}
	return nil
}

var multipartETag = regexp.MustCompile(`^[0-9a-f]{32}-[0-9]+$`)

// unverifiable says in words why no reading of an item's bytes could tell
// whether they are right, or gives "".
func (m *Manifest) unverifiable(item Item) string {
	switch {
	case newHash(m.hashFunction) == nil:
		return fmt.Sprintf("the manifest's hash function %s is unknown", quoted(m.hashFunction))
	case multipartETag.MatchString(item.Hash):
		return "its recorded hash is an ETag of several parts, which says nothing of its bytes"
	}
	return ""
}

// md5Of gives the MD5 that the manifest records for an item, or "".
func (m *Manifest) md5Of(item Item) string {
	if (m.hashFunction == hashMD5 || m.hashFunction == "md5sum") && m.unverifiable(item) == "" {
		return item.Hash
	}
	return ""
}

// itemBody reads the bytes of an item and fails in place of io.EOF when they are
// not those that the manifest promises.
type itemBody struct {
	r    io.Reader
	hash hash.Hash // nil: only the size can be checked
	item Item
	n    int64
}

func (m *Manifest) checked(r io.Reader, item Item) *itemBody {
	body := &itemBody{r: r, item: item}
	if m.unverifiable(item) == "" {
		body.hash = newHash(m.hashFunction)
	}
	return body
}

func (b *itemBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.hash != nil {
		b.hash.Write(p[:n])
	}
	if err != io.EOF {
		return n, err
	}
	if err := b.item.mustHave(b.n); err != nil {
		return n, err
	}
	if b.hash != nil {
		if sum := hex.EncodeToString(b.hash.Sum(nil)); sum != b.item.Hash {
			return n, &storage.Mismatch{What: "hash", Found: sum, Expected: b.item.Hash}
		}
	}
	return n, io.EOF
}

// mustHave is a [storage.Mismatch] if the item has another size.
func (i Item) mustHave(size int64) error {
	if size == i.Size {
		return nil
	}
	return wrongSize(size, i.Size)
}

func wrongSize(found, expected int64) error {
	return &storage.Mismatch{What: "size", Found: strconv.FormatInt(found, 10), Expected: strconv.FormatInt(expected, 10)}
}

// drain reads a body of that many bytes to its end for the sake of what checks it
// on the way. A large one is read in pieces that stay in the cache of a core
// between reading and hashing; [io.Discard] reads in small ones, whose buffers it
// shares.
func drain(body io.Reader, size int64) error {
	const piece = 128 << 10
	if size < piece {
		_, err := io.Copy(io.Discard, body)
		return err
	}
	nowhere := struct{ io.Writer }{io.Discard}
	_, err := io.CopyBuffer(nowhere, body, make([]byte, piece))
	return err
}

func md5Hex(text []byte) string {
	sum := md5.Sum(text)
	return hex.EncodeToString(sum[:])
}

// isMismatch tells bytes that were read and are wrong from bytes that could not
// be read.
func isMismatch(err error) bool {
	_, ok := errors.AsType[*storage.Mismatch](err)
	return ok
}
