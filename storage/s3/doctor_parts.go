package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/dtool-go/dtool/storage"
)

// partSteps send an object in parts, as all large ones are sent.
func (d *diagnosis) partSteps() []storage.CheckStep {
	const w = storage.Writing
	return []storage.CheckStep{
		{Name: "parts", For: w, Needs: []string{"write"}, Limit: 30 * time.Second, Run: d.checkParts},
		{Name: "part limit", For: w, Needs: []string{"parts"}, Limit: 20 * time.Second, Run: d.checkPartLimit},
		{Name: "unfinished uploads", For: w, Needs: []string{"part limit"}, Run: d.checkUploads},
	}
}

// smallestPart is the least that S3 takes for any part but the last. It is also more
// than many proxies let pass unless they are told.
const smallestPart = 5 << 20

func (d *diagnosis) checkParts(ctx context.Context) storage.Check {
	const last = 1 << 10
	key := d.key("parts")
	id, err := d.beginUpload(ctx, key)
	if d.refused(key, err) != nil {
		return storage.FailedCheck(err)
	}
	body := bytes.Repeat([]byte(d.text[:32]), smallestPart/32)
	var parts []types.CompletedPart
	start := time.Now()
	for i, size := range []int{smallestPart, last} {
		etag, err := d.sendPart(ctx, key, id, int32(i+1), body[:size])
		if err != nil {
			check := storage.FailedCheck(err)
			if f := understand(err); f.status == 413 { //nolint:mnd // of HTTP
				check.Hint = "a proxy before the store takes no body of 5 MiB: its limit (client_max_body_size in nginx) must be above 16 MiB"
			}
			return check
		}
		parts = append(parts, types.CompletedPart{ETag: &etag, PartNumber: aws.Int32(int32(i + 1))})
	}
	took := time.Since(start)
	if err := d.completeUpload(ctx, key, id, parts); err != nil {
		return storage.FailedCheck(err)
	}
	delete(d.uploads, id)
	info, err := d.Stat(ctx, key)
	switch {
	case err != nil:
		return storage.FailedCheck(err)
	case info.Size != smallestPart+last:
		return bad(fmt.Sprintf("an object sent in parts has %d bytes in place of %d", info.Size, smallestPart+last), "this store loses data")
	}
	return storage.Good("an object of 5 MiB in two parts, sent in %v", took.Round(10*time.Millisecond))
}

func (d *diagnosis) beginUpload(ctx context.Context, key string) (string, error) {
	d.made[key], d.parted[key] = true, true
	out, err := call(ctx, d.Store, "CreateMultipartUpload", key, func(ctx context.Context, region func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
		return d.api.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &d.bucket, Key: &key, Metadata: metadata()}, region)
	})
	if err != nil {
		return "", err
	}
	id := aws.ToString(out.UploadId)
	if id == "" {
		return "", d.oddAnswer("CreateMultipartUpload", key, "the answer names no upload")
	}
	d.uploads[id] = key
	return id, nil
}

func (d *diagnosis) sendPart(ctx context.Context, key, id string, number int32, body []byte) (etag string, err error) {
	out, err := call(ctx, d.Store, "UploadPart", key, func(ctx context.Context, region func(*s3.Options)) (*s3.UploadPartOutput, error) {
		return d.api.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &d.bucket, Key: &key, UploadId: &id, PartNumber: &number, Body: bytes.NewReader(body), ContentLength: aws.Int64(int64(len(body))),
		}, region)
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

func (d *diagnosis) completeUpload(ctx context.Context, key, id string, parts []types.CompletedPart) error {
	_, err := call(ctx, d.Store, "CompleteMultipartUpload", key, func(ctx context.Context, region func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
		return d.api.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &d.bucket, Key: &key, UploadId: &id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		}, region)
	})
	return err
}

// checkPartLimit sends a tiny part of a high number, which is refused where there is a
// lower limit. The upload is left unfinished for the next step.
func (d *diagnosis) checkPartLimit(ctx context.Context) storage.Check {
	key := d.key("limit")
	id, err := d.beginUpload(ctx, key)
	if d.refused(key, err) != nil {
		return storage.FailedCheck(err)
	}
	const most, few = 10_000, 1_000
	if _, err := d.sendPart(ctx, key, id, most, []byte(d.text)); err == nil {
		return storage.Good("a part of the number 10,000 is taken, so that an object may have that many")
	}
	if _, err := d.sendPart(ctx, key, id, few, []byte(d.text)); err != nil {
		return blemish(err, "objects that need many parts, from 16 GiB on, may fail")
	}
	return warning("a part of the number 1,000 is taken, and one of the number 10,000 is not",
		"objects of up to 586 GiB are sent in at most 1,000 parts; larger ones may fail here")
}

// checkUploads looks for the unfinished upload and calls it off. Rights to do neither
// are enough for all that there is to do (docs/format.md, section 7).
func (d *diagnosis) checkUploads(ctx context.Context) storage.Check {
	key := d.key("limit")
	delete(d.made, key) // there is no object
	listed, listErr := d.lastUpload(ctx, key)
	var refused error
	for id, of := range d.uploads {
		var err error
		if refused, err = d.callOff(ctx, of, id); err != nil {
			check := storage.LeftBehind(refused, d.unfinished()...)
			check.Hint += "; " + partsStay
			if ctx.Err() == nil {
				clear(d.uploads) // they have been named
			}
			return check
		}
	}
	const again = "a copy that was interrupted in a large item sends all of it again"
	var mayNot []string
	for _, r := range []struct {
		err         error
		what, means string
	}{
		{listErr, "be listed (s3:ListBucketMultipartUploads)", again},
		{refused, "be called off (s3:AbortMultipartUpload)", partsStay},
	} {
		switch {
		case errors.Is(r.err, storage.ErrForbidden):
			mayNot = append(mayNot, "may not "+r.what+": "+r.means)
		case r.err != nil:
			return blemish(r.err, r.means)
		}
	}
	switch {
	case mayNot != nil:
		return note("%s", strings.Join(mayNot, "; "))
	case listed == "":
		return warning("can be called off, and are not listed", again)
	}
	return storage.Good("can be listed and called off")
}

const partsStay = "parts that interrupted work leaves stay until a rule of the bucket removes them"

// callOff ends an upload without an object. Where that is refused, an object is made of
// it, which can be removed as all others can.
func (d *diagnosis) callOff(ctx context.Context, key, id string) (refused, err error) {
	if refused = d.abortUpload(ctx, key, id); refused != nil {
		err = d.makeObject(ctx, key, id)
	}
	if err == nil {
		delete(d.uploads, id)
	}
	return refused, err
}

func (d *diagnosis) makeObject(ctx context.Context, key, id string) error {
	etag, err := d.sendPart(ctx, key, id, 1, []byte(d.text))
	if err != nil {
		return err
	}
	d.made[key] = true
	return d.refused(key, d.completeUpload(ctx, key, id, []types.CompletedPart{{ETag: &etag, PartNumber: aws.Int32(1)}}))
}

// endSteps remove what was written.
func (d *diagnosis) endSteps() []storage.CheckStep {
	return []storage.CheckStep{
		{Name: "delete", For: storage.Writing, Needs: []string{"write"}, Limit: 20 * time.Second, Run: d.checkDelete},
	}
}

func (d *diagnosis) checkDelete(ctx context.Context) storage.Check {
	keys := slices.Sorted(maps.Keys(d.made))
	together := d.Delete(ctx, keys...)
	if together == nil {
		clear(d.made)
	} else if err := d.remove(ctx, keys); err != nil {
		left := slices.Sorted(maps.Keys(d.made))
		check := storage.LeftBehind(err, left...)
		d.forget(ctx, left...)
		return check
	}
	if _, err := d.Stat(ctx, d.written.Key); err == nil {
		return warning("what was removed is still there: "+d.written.Key, "the store may take a while, or a rule of the bucket keeps objects")
	}
	if together != nil {
		return blemish(together, "objects can be removed one by one, and not together as dtool does it: "+strings.TrimSpace(understand(together).brief()))
	}
	return storage.Good("%s removed", counted(len(keys), "object"))
}
