package dtool

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// The most bytes that a document may have, since whoever wrote it may wish
// the reader ill (docs/format.md, section 7). They allow a million items. What
// others bound is beside what reads it: [readme.MaxSize], [config.MaxFile],
// [pyjson.MaxValues], and the answers of a store in package s3.
const (
	maxRegistration       = 4 << 10
	maxAdmin              = 64 << 10 // of which a listing has many at a time
	maxREADME             = 64 << 20
	maxHistory            = 64 << 20 // of all old READMEs together
	maxAnnotation         = 64 << 20
	maxRecord             = 64 << 10 // of how a dataset is published
	maxFragment           = 1 << 20
	maxFragments          = 512 << 20 // of all fragments of a dataset together
	maxManifest           = 512 << 20 // and an overlay
	maxHTTPManifest       = 512 << 20 // a million items with signed URLs
	maxHTTPManifestValues = 1 << 21   // a million items have one each
	maxReports            = 512 << 20 // of all that are read from one place
)

// readDocument reads a whole small object.
func readDocument(ctx context.Context, store storage.Store, key string, most int64) ([]byte, error) {
	text, _, err := readObject(ctx, store, key, most)
	return text, err
}

func readObject(ctx context.Context, store storage.Store, key string, most int64) (text []byte, info storage.Info, err error) {
	_, info, err = settle(nil, func(*transfer.Try) (string, storage.Info, error) {
		body, info, err := openObject(ctx, store, key, most)
		if err != nil {
			return "", info, err
		}
		defer body.Close()
		text, err = readBody(body, store, key, most)
		return md5Hex(text), info, err
	})
	return text, info, err
}

// openObject opens a whole object for readBody.
func openObject(ctx context.Context, store storage.Store, key string, most int64) (io.ReadCloser, storage.Info, error) {
	body, info, err := store.Get(ctx, key, storage.Range{})
	if err == nil && info.Size > most {
		body.Close()
		err = fmt.Errorf("%w: %s in %s has %d bytes, at most %d are read", ErrBadDocument, quoted(key), store, info.Size, most)
	}
	return body, info, err
}

func readBody(body io.Reader, store storage.Store, key string, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(body, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%w: %s in %s has more than %d bytes", ErrBadDocument, quoted(key), store, most)
	}
	return text, err
}

// writeBounded writes a document, unless it is one that would not be read again.
func writeBounded(ctx context.Context, store storage.Store, key string, text []byte, most int64) error {
	if err := mustBeReadable(store, key, text, most); err != nil {
		return err
	}
	return writeDocument(ctx, store, key, text, nil)
}

func mustBeReadable(store storage.Store, key string, text []byte, most int64) error {
	if int64(len(text)) <= most {
		return nil
	}
	return fmt.Errorf("%w: %s in %s would have %d bytes, at most %d are read", ErrBadDocument, quoted(key), store, len(text), most)
}

// writeDocument writes a whole small object. Its MD5 goes with it, so that the
// store can refuse a damaged one.
func writeDocument(ctx context.Context, store storage.Store, key string, text []byte, metadata map[string]string) error {
	_, err := store.Put(ctx, key, bytes.NewReader(text), storage.PutOptions{
		Size:     int64(len(text)),
		MD5:      md5Hex(text),
		Metadata: metadata,
	})
	return err
}

// inDocument adds to the failure of reading a document where it lies.
func (p *place) inDocument(key string, err error) error {
	return fmt.Errorf("%s: %s: %w", p.uri, quoted(key), err)
}
