package s3

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dtool-go/dtool/storage"
)

const (
	maxKey      = 1024 // bytes
	maxMetadata = 2048 // bytes of names and values
	maxObject   = 5 << 40
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

// mayBegin tells whether there can be a key that begins with the prefix.
func mayBegin(prefix string) bool {
	return utf8.ValidString(prefix) && len(prefix) <= maxKey && !strings.ContainsRune(prefix, 0)
}

// checkPut refuses, before a byte is sent, what no store would take.
func (s *Store) checkPut(key string, opts storage.PutOptions) error {
	if err := s.checkKey("PutObject", key); err != nil {
		return err
	}
	if err := checkMetadata(opts.Metadata); err != nil {
		return s.error("PutObject", key, storage.ErrInvalidKey, err)
	}
	if opts.Size < 0 || opts.Size > maxObject {
		return s.error("PutObject", key, nil, fmt.Errorf("an object of %d bytes is impossible: S3 takes 0 to %d", opts.Size, int64(maxObject)))
	}
	return nil
}

func checkMetadata(metadata map[string]string) error {
	size := 0
	for name, value := range metadata {
		size += len(name) + len(value)
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return fmt.Errorf("the value of its metadata %s is not printable ASCII", name)
		}
		if name == "" || strings.ContainsFunc(name, notInName) {
			return errors.New("a name of its metadata has other characters than 0-9, a-z, - and _")
		}
	}
	if size > maxMetadata {
		return fmt.Errorf("its metadata has %d bytes, and S3 takes at most %d", size, maxMetadata)
	}
	return nil
}

func notInName(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && r != '-' && r != '_'
}
