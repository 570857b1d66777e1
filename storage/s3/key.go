package s3

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dtool-go/dtool/storage"
)

const (
	maxKey    = 1024 // bytes
	maxObject = 5 << 40
)

func (s *Store) checkKey(op, key string) error {
	err := storage.CheckKey(key)
	if err == nil && len(key) > maxKey {
		err = fmt.Errorf("it has %d bytes, and S3 takes at most %d", len(key), maxKey)
	}
	if err != nil {
		return s.error(op, key, storage.ErrInvalidKey, err)
	}
	return nil
}

// mayBegin tells whether there can be a key that begins with the prefix. Stores that
// keep directories make something else of one that there cannot be: SeaweedFS lists
// its root under "a//".
func mayBegin(prefix string) bool {
	if end := strings.LastIndexByte(prefix, '/'); end >= 0 && storage.CheckKey(prefix[:end]) != nil {
		return false
	}
	return utf8.ValidString(prefix) && len(prefix) <= maxKey && !strings.ContainsRune(prefix, 0)
}

// checkPut refuses, before a byte is sent, what no store would take.
func (s *Store) checkPut(key string, opts storage.PutOptions) error {
	if err := s.checkKey("PutObject", key); err != nil {
		return err
	}
	if err := storage.CheckMetadata(opts.Metadata); err != nil {
		return s.error("PutObject", key, storage.ErrInvalidKey, err)
	}
	if opts.Size < 0 || opts.Size > maxObject {
		return s.error("PutObject", key, nil, fmt.Errorf("an object of %d bytes is impossible: S3 takes 0 to %d", opts.Size, int64(maxObject)))
	}
	return nil
}
