package dtool_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// A handmade dataset is a frozen one in a bucket in memory, written by the test
// and not by the library. Fields that are left empty are as usual.
type handmade struct {
	site
	id, name     string
	hashFunction string
	items        []handmadeItem
	manifest     string // in place of the one that the items give
}

type handmadeItem struct {
	relpath, content, hash string
	size                   int64  // in the manifest, if it is not that of the content
	identifier             string // in the manifest, if it is not that of the relpath
	timestamp              string // JSON
}

// write puts the dataset into a new bucket.
func (h handmade) write(t *testing.T) handmade {
	t.Helper()
	h.site = memoryBucket()
	h.id = orText(h.id, uuid.NewString())
	h.name = orText(h.name, "handmade")
	h.put(t, "dtool-"+h.id, "", nil)
	h.put(t, h.id+"/README.yml", "---\n", nil)
	h.put(t, h.id+"/dtool", h.admin(t), nil)
	for _, item := range h.items {
		h.put(t, h.id+"/data/"+dtool.Identifier(item.relpath), item.content, map[string]string{"handle": handleOf(item.relpath)})
	}
	h.put(t, h.id+"/manifest.json", orText(h.manifest, h.manifestOfItems(t)), nil)
	return h
}

// handleOf gives the handle as dtool-s3 wrote it at first, or, where a header cannot
// hold that, as it writes it since.
func handleOf(relpath string) string {
	if strings.ContainsFunc(relpath, func(r rune) bool { return r < ' ' || r > '~' }) {
		return base64.StdEncoding.EncodeToString([]byte(relpath))
	}
	return relpath
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (h handmade) admin(t *testing.T) string {
	t.Helper()
	return `{"uuid": ` + jsonText(t, h.id) + `, "dtoolcore_version": "2.0.0", "name": ` + jsonText(t, h.name) +
		`, "type": "dataset", "creator_username": "olssont", "frozen_at": 1.5}`
}

func (h handmade) manifestOfItems(t *testing.T) string {
	t.Helper()
	items := map[string]any{}
	for _, item := range h.items {
		size := item.size
		if size == 0 {
			size = int64(len(item.content))
		}
		items[orText(item.identifier, dtool.Identifier(item.relpath))] = map[string]any{
			"relpath": item.relpath, "hash": orText(item.hash, md5Of([]byte(item.content))), "size_in_bytes": size,
			"utc_timestamp": json.RawMessage(orText(item.timestamp, "1500000000.0")),
		}
	}
	return jsonText(t, map[string]any{"hash_function": orText(h.hashFunction, "md5sum_hexdigest"), "items": items})
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return string(text)
}

func (h handmade) uri() string { return h.site.uri + "/" + h.id }

// open opens the dataset with a client that reaches further sites too.
func (h handmade) open(t *testing.T, more ...site) (*dtool.Client, *dtool.Dataset) {
	t.Helper()
	client := clientFor(t, append(more, h.site)...)
	return client, mustOpen(t, client, h.site, h.id)
}

// verified gives what a full verification says, and what it warns of.
func verified(t *testing.T, d *dtool.Dataset) (report *dtool.VerifyReport, warnings []string) {
	t.Helper()
	report, err := d.Verify(t.Context(), dtool.VerifyOptions{Full: true, Observer: dtool.Observer{
		Warn: func(message string) { warnings = append(warnings, message) },
	}})
	must(t, err)
	return report, warnings
}

// mustCopy copies a dataset and opens the copy.
func mustCopy(t *testing.T, client *dtool.Client, d *dtool.Dataset, base string) *dtool.Dataset {
	t.Helper()
	result, err := client.Copy(t.Context(), d, base, dtool.CopyOptions{})
	must(t, err)
	copied, err := client.OpenFrozen(t.Context(), result.Dataset.URI())
	must(t, err)
	return copied
}

// An oddStore is a store that also lists what cannot be put into it, and gives
// other bodies than those that it holds.
type oddStore struct {
	storage.Store
	listed []storage.Info
	bodies map[string]oddBody
}

type oddBody struct {
	size int64 // as the store says
	body io.Reader
}

func (o oddStore) List(ctx context.Context, prefix string, depth storage.Depth) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for _, info := range o.listed {
			if strings.HasPrefix(info.Key, prefix) && !yield(info, nil) {
				return
			}
		}
		o.Store.List(ctx, prefix, depth)(yield)
	}
}

func (o oddStore) Get(ctx context.Context, key string, r storage.Range) (io.ReadCloser, storage.Info, error) {
	if odd, ok := o.bodies[key]; ok {
		return io.NopCloser(odd.body), storage.Info{Key: key, Size: odd.size}, nil
	}
	return o.Store.Get(ctx, key, r)
}
