package s3

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dtool-go/dtool/storage"
)

// writeSteps write what the further steps look at.
func (d *diagnosis) writeSteps() []storage.CheckStep {
	steps := []storage.CheckStep{{Name: "write", For: storage.Writing, Needs: []string{"bucket"}, Limit: 15 * time.Second, Run: d.checkWrite}}
	if d.o.Marker != "" {
		steps = append(steps, storage.CheckStep{Name: "registration", For: storage.Writing, Needs: []string{"bucket"}, Limit: 20 * time.Second, Run: d.checkMarker})
	}
	return steps
}

// objectSteps look at how the store treats objects.
func (d *diagnosis) objectSteps() []storage.CheckStep {
	const w = storage.Writing
	return []storage.CheckStep{
		{Name: "metadata", For: w, Needs: []string{"write"}, Run: d.checkMetadata},
		{Name: "overwrite", For: w, Needs: []string{"write", "read"}, Limit: 20 * time.Second, Run: d.checkOverwrite},
		{Name: "altered bodies", For: w, Needs: []string{"write"}, Run: d.checkAltered},
		{Name: "ETag", For: w, Needs: []string{"write"}, Run: d.checkETag},
		{Name: "pages", For: storage.Reading, Needs: []string{"write", "list"}, Limit: 20 * time.Second, Run: d.checkPages},
		{Name: "copy", For: w, Needs: []string{"write"}, Limit: 15 * time.Second, Run: d.checkCopy},
		{Name: "checksums", For: w, Needs: []string{"write"}, Run: d.checkChecksums},
	}
}

// metadata gives what goes along with objects that are written.
func metadata() map[string]string {
	return map[string]string{"handle": "a b/c+d=", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}
}

func (d *diagnosis) put(ctx context.Context, key, text string) (storage.Info, error) {
	d.made[key] = true
	sum := md5.Sum([]byte(text))
	info, err := d.Put(ctx, key, strings.NewReader(text), storage.PutOptions{
		Size: int64(len(text)), MD5: hex.EncodeToString(sum[:]), Metadata: metadata(),
	})
	return info, d.refused(key, err)
}

// refused notes that nothing has come of a request that a store has refused in so many
// words. It gives the error on.
func (d *diagnosis) refused(key string, err error) error {
	if f, ok := errors.AsType[*failure](err); ok && f.status/100 == 4 && d.written.Key != key {
		delete(d.made, key)
	}
	return err
}

func (d *diagnosis) checkWrite(ctx context.Context) storage.Check {
	info, err := d.put(ctx, d.key("object"), d.text)
	if err != nil {
		return storage.FailedCheck(err)
	}
	d.written = info
	return storage.Good("%s under %s/", counted(len(d.text), "byte"), d.o.Scratch)
}

// checkMarker leaves nothing for others to find for longer than must be.
func (d *diagnosis) checkMarker(ctx context.Context) storage.Check {
	key := d.o.Marker
	if _, err := d.put(ctx, key, ""); err != nil {
		return storage.FailedCheck(err)
	}
	err := d.remove(ctx, []string{key})
	if d.made[key] {
		check := storage.LeftBehind(err, key)
		d.forget(ctx, key)
		return check
	}
	return storage.Good("%s could be written and removed", key)
}

func (d *diagnosis) checkMetadata(ctx context.Context) storage.Check {
	info, err := d.Stat(ctx, d.written.Key)
	switch {
	case err != nil:
		return storage.FailedCheck(err)
	case len(info.Metadata) == 0:
		return bad("what is recorded beside an object is lost",
			"a proxy before the store may drop headers that begin with x-amz-meta-: without them no dataset can be made here item by item")
	case !maps.Equal(info.Metadata, metadata()):
		return bad("what is recorded beside an object comes back altered", "a proxy before the store may change headers that begin with x-amz-meta-")
	}
	return storage.Good("kept")
}

func (d *diagnosis) checkOverwrite(ctx context.Context) storage.Check {
	text := strings.ToLower(d.text)
	info, err := d.put(ctx, d.written.Key, text)
	if err != nil {
		return storage.FailedCheck(err)
	}
	got, err := d.content(ctx, info.Key, storage.Range{})
	switch {
	case err != nil:
		return storage.FailedCheck(err)
	case got == d.text:
		return bad("an object that was replaced is read as it was before", "a cache may answer in the store's place, or the store takes a while")
	case got != text:
		return bad("what was written is not what is read", "this store loses or alters data: nothing can be kept there")
	}
	d.text, d.written = text, info
	return storage.Good("what is read is what was written last")
}

// checkAltered sends something other than it says it sends.
func (d *diagnosis) checkAltered(ctx context.Context) storage.Check {
	key := d.key("altered")
	d.made[key] = true
	sum := md5.Sum([]byte("something else"))
	in := &s3.PutObjectInput{
		Bucket: &d.bucket, Key: &key, Body: strings.NewReader(d.text), ContentLength: aws.Int64(int64(len(d.text))),
		ContentMD5: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
	}
	err := d.putAsIs(ctx, in)
	switch {
	case err == nil:
		return warning("a body is taken although its Content-MD5 is wrong",
			"what is damaged on the way to this store is not refused by it: use https:// and dtool verify --full after a copy")
	case errors.Is(err, storage.ErrCorrupted), codeOf(err) == "InvalidDigest":
		return storage.Good("refused, by their Content-MD5")
	}
	return blemish(err, "")
}

func (d *diagnosis) putAsIs(ctx context.Context, in *s3.PutObjectInput) error {
	_, err := call(ctx, d.Store, "PutObject", *in.Key, func(ctx context.Context, region func(*s3.Options)) (*s3.PutObjectOutput, error) {
		return d.api.PutObject(ctx, in, region)
	})
	return d.refused(*in.Key, err)
}

func (d *diagnosis) checkETag(context.Context) storage.Check {
	sum := md5.Sum([]byte(d.text))
	if d.written.ETag == hex.EncodeToString(sum[:]) {
		return storage.Good("the MD5 of an object that is sent whole")
	}
	return note("not the MD5, as where objects are encrypted: copies within the store are read back")
}

// checkPages lists two keys with one on each page.
func (d *diagnosis) checkPages(ctx context.Context) storage.Check {
	if _, err := d.put(ctx, d.key("second"), d.text); err != nil {
		return storage.FailedCheck(err)
	}
	want := []string{d.key("object"), d.key("second")}
	l := &listing{store: d.Store, prefix: d.o.Scratch + "/", atMost: 1}
	var keys []string
	for !l.whole && len(keys) <= len(d.made) {
		entries, err := l.page(ctx)
		if err != nil {
			return storage.FailedCheck(err)
		}
		for _, entry := range entries {
			keys = append(keys, entry.Key)
		}
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return !slices.Contains(want, key) })
	if !slices.Equal(keys, want) {
		return bad("a listing does not tell of what was written just now", "what is missing in a listing is missing in a dataset: this store cannot be relied on")
	}
	return storage.Good("a listing of several pages is whole")
}

func (d *diagnosis) checkCopy(ctx context.Context) storage.Check {
	key := d.key("copy")
	d.made[key] = true
	_, err := d.CopyFrom(ctx, key, d.Store, d.written, storage.PutOptions{Size: d.written.Size, Metadata: metadata()})
	if d.refused(key, err) != nil {
		return blemish(err, "a copy from bucket to bucket here passes through this computer")
	}
	return storage.Good("within the store")
}

// checkChecksums sends a checksum of the newer kind, right and then wrong.
func (d *diagnosis) checkChecksums(ctx context.Context) storage.Check {
	key := d.key("checksum")
	d.made[key] = true
	send := func(sum uint32) error {
		return d.putAsIs(ctx, &s3.PutObjectInput{
			Bucket: &d.bucket, Key: &key, Body: strings.NewReader(d.text), ContentLength: aws.Int64(int64(len(d.text))),
			ChecksumCRC32C: aws.String(base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))),
		})
	}
	sum := crc32.Checksum([]byte(d.text), crc32.MakeTable(crc32.Castagnoli))
	if err := send(sum); err != nil {
		return note("x-amz-checksum-crc32c is refused, and not needed")
	}
	err := send(sum + 1)
	d.made[key] = true // by the first
	if err == nil {
		return note("x-amz-checksum-crc32c is taken and not looked at; it is not needed")
	}
	return note("x-amz-checksum-crc32c is understood, and not needed")
}
