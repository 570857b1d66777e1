package dtool_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

// twoBuckets are two buckets of one server, open to the same keys, and a client
// of both.
func twoBuckets(t *testing.T) (client *dtool.Client, from, to site) {
	t.Helper()
	server := s3test.StartOwn(t)
	from, to = bucketOn(t, server), bucketOn(t, server)
	return clientFor(t, from, to), from, to
}

func TestTheStoreItselfCopiesItems(t *testing.T) {
	client, from, to := twoBuckets(t)
	src, err := client.CreateFrom(t.Context(), files(t, seedling()), "seedlings", from.uri, dtool.CreateFromOptions{})
	must(t, err)
	progress := dtool.Progress{}
	o := dtool.CopyOptions{Observer: dtool.Observer{Progress: func(p dtool.Progress) { progress = p }}}
	var result *dtool.CopyResult
	requests := from.server.Count(t, func() {
		result, err = client.Copy(t.Context(), src, to.uri, o)
		must(t, err)
	})
	if n := requests["CopyObject"]; n != len(seedling()) {
		t.Errorf("%d objects were copied by the store, want %d: %v", n, len(seedling()), requests)
	}
	if n := requests["GetObject"] + requests["PutObject"] + requests["HeadObject"]; n > 16 {
		t.Errorf("%d requests besides: %v", n, requests)
	}
	if result.Copied != len(seedling()) || result.Unread != 0 {
		t.Errorf("the copy says %+v", result)
	}
	if progress.Items != progress.TotalItems || progress.Bytes != progress.TotalBytes {
		t.Errorf("the progress ends with %+v", progress)
	}
	mustAgree(t, src, result.Dataset)
	for _, relpath := range []string{"reads.txt", "Ünïcode/日本 語 🌱.txt"} {
		key := "/data/" + dtool.Identifier(relpath)
		body, metadata := from.get(t, src.UUID()+key)
		copied, copiedMetadata := to.get(t, src.UUID()+key)
		if copied != body || copiedMetadata["handle"] != metadata["handle"] || copiedMetadata["checksum"] != metadata["checksum"] {
			t.Errorf("%s is %q with %v, want %q with %v", relpath, copied, copiedMetadata, body, metadata)
		}
	}
}

// TestTheStoreIsNotTrustedWithWhatIsWrong has an object in the place of an item
// that has its size and the metadata of the item, and other bytes.
func TestTheStoreIsNotTrustedWithWhatIsWrong(t *testing.T) {
	client, from, to := twoBuckets(t)
	src, err := client.CreateFrom(t.Context(), files(t, seedling()), "seedlings", from.uri, dtool.CreateFromOptions{})
	must(t, err)
	key := src.UUID() + "/data/" + dtool.Identifier("reads.txt")
	from.edit(t, key, func(body string) string { return strings.Replace(body, "A", "T", 1) })
	_, err = client.Copy(t.Context(), src, to.uri, dtool.CopyOptions{})
	wantError(t, err, storage.ErrCorrupted, "reads.txt")
	if there := to.keys(t, key); len(there) != 0 {
		t.Errorf("the bad item lies at the destination: %v", there)
	}
	if there := to.keys(t, src.UUID()+"/manifest.json"); len(there) != 0 {
		t.Error("the copy has a manifest")
	}
}

// TestABitThatTheStoreLostIsFound has a store whose file was damaged behind its
// back, so that the ETag is still the one of the item.
func TestABitThatTheStoreLostIsFound(t *testing.T) {
	client, from, to := twoBuckets(t)
	src, err := client.CreateFrom(t.Context(), files(t, seedling()), "seedlings", from.uri, dtool.CreateFromOptions{})
	must(t, err)
	key := src.UUID() + "/data/" + dtool.Identifier("reads.txt")
	file := filepath.Join(from.server.BucketDir(from.bucket), filepath.FromSlash(key))
	must(t, os.WriteFile(file, []byte("TCGT\n"), 0o600)) // in place, the attributes kept
	_, err = client.Copy(t.Context(), src, to.uri, dtool.CopyOptions{})
	wantError(t, err, storage.ErrCorrupted, "reads.txt")
	if there := to.keys(t, key); len(there) != 0 {
		t.Errorf("the bad item lies at the destination: %v", there)
	}
}

// TestObjectsOfPartsAreCopiedToo has an object whose ETag says nothing of its
// bytes, as large ones have, and one that pretends to be such a one.
func TestObjectsOfPartsAreCopiedToo(t *testing.T) {
	client, from, to := twoBuckets(t)
	contents := map[string]string{"large": strings.Repeat("ACGT", 3<<19), "small": "ACGT", "plain": "plain"}
	src, err := client.CreateFrom(t.Context(), files(t, contents), "reads", from.uri, dtool.CreateFromOptions{})
	must(t, err)
	for _, relpath := range []string{"large", "small"} {
		from.server.RemakeInParts(t, from.bucket, src.UUID()+"/data/"+dtool.Identifier(relpath))
	}
	for _, test := range []struct {
		verify bool
		copied int // by the store
	}{{false, 2}, {true, 0}} {
		var result *dtool.CopyResult
		requests := from.server.Count(t, func() {
			result, err = client.Copy(t.Context(), src, to.uri, dtool.CopyOptions{Verify: test.verify})
			must(t, err)
		})
		if requests["CopyObject"] != test.copied {
			t.Errorf("verify %v: the store copied %d items, want %d", test.verify, requests["CopyObject"], test.copied)
		}
		mustAgree(t, src, result.Dataset)
		to.removeDataset(t.Context(), t, src.UUID())
	}
}

// vague is a store that makes copies, and whose ETags for them are its own affair.
type vague struct {
	storage.Store
	etag string
}

func (*vague) CopiesFrom(context.Context, storage.Store) bool { return true }

func (v *vague) CopyFrom(ctx context.Context, key string, from storage.Store, source storage.Info, o storage.PutOptions) (storage.Info, error) {
	body, _, err := from.Get(ctx, source.Key, storage.Range{})
	if err != nil {
		return storage.Info{}, err
	}
	defer body.Close()
	info, err := v.Put(ctx, key, body, o)
	info.ETag = v.etag
	return info, err
}

func TestWhatIsCopiedUnreadIsCounted(t *testing.T) {
	for etag, unread := range map[string]int{
		strings.Repeat("0", 32) + "-2": len(seedling()), // of parts
		strings.Repeat("0", 32):        0,               // no MD5, so that the items are read
	} {
		w := newWorld(t)
		src := w.frozen(w.bucket("from"), "seedlings", seedling())
		to := w.bucket("to")
		w.memory["to"] = &vague{w.memory["to"], etag}
		w.connect()
		src, err := w.OpenFrozen(t.Context(), src.URI())
		must(t, err)
		result, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{})
		must(t, err)
		if result.Unread != unread {
			t.Errorf("with the ETag %s, %d items are unread, want %d", etag, result.Unread, unread)
		}
		mustAgree(t, src, result.Dataset)
	}
}

func TestStoresApartDoNotCopy(t *testing.T) {
	from, to := bucketOn(t, s3test.StartOwn(t)), bucketOn(t, s3test.StartOwn(t))
	client := clientFor(t, from, to)
	src, err := client.CreateFrom(t.Context(), files(t, seedling()), "seedlings", from.uri, dtool.CreateFromOptions{})
	must(t, err)
	requests := from.server.Count(t, func() {
		result, err := client.Copy(t.Context(), src, to.uri, dtool.CopyOptions{})
		must(t, err)
		mustAgree(t, src, result.Dataset)
	})
	if requests["GetObject"] < len(seedling()) {
		t.Errorf("the items were not read: %v", requests)
	}
}

// unwilling is a store that can copy objects, as far as it knows, and refuses to.
type unwilling struct {
	storage.Store
	asked atomic.Int32
	err   error
}

func (*unwilling) CopiesFrom(context.Context, storage.Store) bool { return true }

func (u *unwilling) CopyFrom(_ context.Context, key string, _ storage.Store, _ storage.Info, _ storage.PutOptions) (storage.Info, error) {
	u.asked.Add(1)
	return storage.Info{}, &storage.Error{Op: "copy", Store: "unwilling", Key: key, Kind: u.err}
}

func TestARefusalToCopyIsGotOver(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(w.bucket("from"), "seedlings", seedling())
	for _, test := range []struct {
		refusal, want error
	}{
		{errors.ErrUnsupported, nil},
		{storage.ErrThrottled, storage.ErrThrottled},
		{storage.ErrCorrupted, storage.ErrCorrupted},
	} {
		to := w.bucket("to")
		store := &unwilling{Store: w.memory["to"], err: test.refusal}
		w.memory["to"] = store
		w.connect()
		src, err := w.OpenFrozen(t.Context(), src.URI())
		must(t, err)
		warnings := 0
		observer := dtool.Observer{Warn: func(string) { warnings++ }}
		result, err := w.Copy(t.Context(), src, to, dtool.CopyOptions{Observer: observer})
		if store.asked.Load() == 0 {
			t.Errorf("%v: the store was not asked", test.refusal)
		}
		if test.want != nil {
			wantError(t, err, test.want)
			continue
		}
		must(t, err)
		mustAgree(t, src, result.Dataset)
		if warnings != 1 {
			t.Errorf("it was said %d times that items pass through this machine", warnings)
		}
	}
}

// forgetful acknowledges an object that it does not keep.
type forgetful struct {
	storage.Store
	of string // what its key holds
}

func (f *forgetful) Put(ctx context.Context, key string, body io.Reader, o storage.PutOptions) (storage.Info, error) {
	if strings.Contains(key, f.of) {
		_, err := io.Copy(io.Discard, body)
		return storage.Info{Key: key, Size: o.Size}, err
	}
	return f.Store.Put(ctx, key, body, o)
}

func TestWhatAStoreLosesIsMissed(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	to := w.bucket("to")
	kept := w.memory["to"]
	w.memory["to"] = &forgetful{Store: kept, of: dtool.Identifier("reads.txt")}
	w.connect()
	src, err := w.OpenFrozen(t.Context(), src.URI())
	must(t, err)
	_, err = w.Copy(t.Context(), src, to, dtool.CopyOptions{})
	wantError(t, err, storage.ErrCorrupted, "reads.txt")
	w.memory["to"] = kept
	w.connect()
	d, err := w.Open(t.Context(), to+"/"+src.UUID())
	must(t, err)
	if d.Frozen() {
		t.Error("a copy that lacks an item was frozen")
	}
	_, err = w.Copy(t.Context(), src, to, dtool.CopyOptions{Resume: true})
	must(t, err)
}
