package s3

import (
	"crypto/md5" // what most stores make the ETag of an object of
	"encoding/hex"
	"hash"
	"io"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

var md5Hex = regexp.MustCompile(`^[0-9a-f]{32}$`)

// md5Told gives the MD5 of an object that its ETag is. It is none if the object is
// encrypted with a key other than the store's own, and nobody knows whether it is one
// before this store has been seen to make its ETags so.
func (s *Store) md5Told(etag string, encryption types.ServerSideEncryption, customerAlgorithm *string) string {
	storesKey := encryption == "" || encryption == types.ServerSideEncryptionAes256
	if !s.tellsMD5.Load() || !storesKey || customerAlgorithm != nil || !md5Hex.MatchString(etag) {
		return ""
	}
	return etag
}

// sawMD5 notes an ETag that is the MD5 of the bytes. That is no chance.
func (s *Store) sawMD5(etag, sum string) {
	if etag == sum {
		s.tellsMD5.Store(true)
	}
}

// mostEvidence is the most bytes of an object that is hashed for the sake of its
// ETag. What every dataset has, its registration and its administrative metadata, are
// smaller.
const mostEvidence = 4 << 10

// evidence is the body of a small object whose ETag is compared with its MD5.
type evidence struct {
	io.ReadCloser
	store *Store
	etag  string
	hash  hash.Hash
}

func newEvidence(body io.ReadCloser, store *Store, etag string) *evidence {
	return &evidence{body, store, etag, md5.New()}
}

func (e *evidence) Read(p []byte) (int, error) {
	n, err := e.ReadCloser.Read(p)
	e.hash.Write(p[:n])
	if err == io.EOF {
		e.store.sawMD5(e.etag, hex.EncodeToString(e.hash.Sum(nil)))
	}
	return n, err
}
