package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// accessSteps lead from an answer to a listing: who is asking, whether the store
// believes that, and whether the bucket is there.
func (d *diagnosis) accessSteps() []storage.CheckStep {
	const forAll = storage.Reading
	return []storage.CheckStep{
		{Name: "credentials", For: forAll, Run: d.checkCredentials},
		{Name: "keys", For: forAll, Needs: []string{"answer", "credentials"}, Limit: 15 * time.Second, Run: d.checkKeys},
		{Name: "bucket", For: forAll, Needs: []string{"keys"}, Run: d.checkBucket},
		{Name: "region", For: forAll, Needs: []string{"bucket"}, Run: d.checkRegion},
		{Name: "list", For: forAll, Needs: []string{"bucket"}, Run: d.checkList},
	}
}

func (d *diagnosis) checkCredentials(ctx context.Context) storage.Check {
	if d.anonymous {
		return warning("none found: requests are not signed, which is enough for what everybody may read",
			"set "+d.keySetting.to("")+" and the secret access key that belongs to it, or sign in with AWS tools")
	}
	found, err := d.api.Options().Credentials.Retrieve(ctx)
	if err != nil {
		return bad(transport.OneLine(err.Error()), "check the AWS profile, or sign in again")
	}
	told := fmt.Sprintf("access key ID %s from %s", transport.OneLine(found.AccessKeyID), d.keyOrigin(found.Source))
	switch left := time.Until(found.Expires).Round(time.Minute); {
	case !found.CanExpire && found.SessionToken != "":
		told += ", with a session token, which ends some time"
	case !found.CanExpire:
	case left <= 0:
		return bad(told+", and the session is over", "sign in again")
	default:
		told += fmt.Sprintf(", for another %v", left)
	}
	return storage.Good("%s", told)
}

// keyOrigin says where credentials come from. The SDK says it in words like
// "SharedConfigCredentials: ~/.aws/credentials".
func (d *diagnosis) keyOrigin(source string) string {
	switch source {
	case credentials.StaticCredentialsName:
		return d.keySetting.Name
	case config.CredentialsSourceName:
		return "AWS_ACCESS_KEY_ID"
	}
	return transport.OneLine(source)
}

// firstAnswer is what came of the first request that was signed: a page of a listing.
type firstAnswer struct {
	keys []storage.Info
	more bool
	err  error
}

// listFirst asks for a page of what lies below the prefix that must be listable.
func (d *diagnosis) listFirst(ctx context.Context) *firstAnswer {
	if d.first == nil {
		l := &listing{store: d.Store, prefix: d.o.Listed}
		keys, err := l.page(ctx)
		d.first = &firstAnswer{keys: keys, more: !l.whole, err: err}
	}
	return d.first
}

// checkKeys tells refusals of whoever asks from refusals of what is asked for.
func (d *diagnosis) checkKeys(ctx context.Context) storage.Check {
	err := d.listFirst(ctx).err
	code := codeOf(err)
	refused := unknownKey(code) || sessionEnded(code) || code == "SignatureDoesNotMatch" || code == "RequestTimeTooSkewed"
	switch f, told := errors.AsType[*failure](err); {
	case told && (refused || f.keyless), errors.Is(err, storage.ErrUnreachable), errors.Is(err, storage.ErrThrottled),
		told && f.code == "":
		return storage.FailedCheck(err)
	case d.anonymous:
		return note("not used")
	}
	return storage.Good("accepted")
}

func (d *diagnosis) checkBucket(context.Context) storage.Check {
	err := d.first.err
	switch {
	case errors.Is(err, storage.ErrNoStore):
		return storage.FailedCheck(err)
	case err == nil || errors.Is(err, storage.ErrForbidden):
		return storage.Good("%s", d.bucket)
	}
	return storage.FailedCheck(err)
}

func (d *diagnosis) checkRegion(context.Context) storage.Check {
	asked, is := d.api.Options().Region, *d.region.Load()
	if said := d.knocked.Header.Get("X-Amz-Bucket-Region"); hostLike.MatchString(said) {
		is = said
	}
	origin := d.regionOrigin()
	if asked == is {
		return storage.Good("%s, %s", is, origin)
	}
	check := note("%s is asked for, %s; the bucket is in %s, where it was followed to", asked, origin, is)
	check.Hint = "set " + d.regionSetting.to(is) + ", which spares a request"
	return check
}

func (d *diagnosis) regionOrigin() string {
	if d.config.Region != "" {
		return "from " + d.regionSetting.Name
	}
	for _, source := range d.sources {
		switch source := source.(type) {
		case config.EnvConfig:
			if source.Region != "" {
				return "from AWS_REGION or AWS_DEFAULT_REGION"
			}
		case config.SharedConfig:
			if source.Region != "" {
				return "from " + awsSource(source, "")
			}
		}
	}
	return "which is taken where nobody sets one"
}

func (d *diagnosis) checkList(context.Context) storage.Check {
	first := d.first
	if first.err != nil {
		return storage.FailedCheck(first.err)
	}
	more := ""
	if first.more {
		more = "more than "
	}
	return storage.Good("allowed; below the prefix %q: %s%s", d.o.Listed, more, counted(len(first.keys), "key"))
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// readSteps read an object: the one that was made, or one that is there.
func (d *diagnosis) readSteps() []storage.CheckStep {
	return []storage.CheckStep{
		{Name: "read", For: storage.Reading, Needs: []string{"bucket"}, Limit: 20 * time.Second, Run: d.checkRead},
		{Name: "conditions", For: storage.Reading, Needs: []string{"read"}, Run: d.checkConditions},
	}
}

// readable gives what is to be read, or nothing.
func (d *diagnosis) readable() storage.Info {
	if d.written.Key != "" {
		return d.written
	}
	for _, info := range d.first.keys {
		if info.IsObject() && info.Size > 0 && info.Size <= 1<<20 {
			return info
		}
	}
	return storage.Info{}
}

// checkRead compares what the three ways to ask for an object say of it.
func (d *diagnosis) checkRead(ctx context.Context) storage.Check {
	info := d.readable()
	if info.Key == "" {
		switch {
		case d.first.err != nil && d.o.ReadOnly:
			return storage.Check{Status: storage.Skipped, Found: "needs list: what could be read is not known"}
		case d.first.err != nil:
			return storage.Check{Status: storage.Skipped, Found: "needs write or list: what could be read is not known"}
		}
		return storage.Check{Status: storage.Skipped, Found: "nothing is there that could be read"}
	}
	described, err := d.Stat(ctx, info.Key)
	if err != nil {
		return storage.FailedCheck(err)
	}
	all, err := d.content(ctx, info.Key, storage.Range{})
	if err != nil {
		return storage.FailedCheck(err)
	}
	from := info.Size / 2
	end, err := d.content(ctx, info.Key, storage.Range{Offset: from, Length: info.Size - from})
	if err != nil {
		return storage.FailedCheck(err)
	}
	switch {
	case d.written.Key != "" && all != d.text:
		return bad("what was written is not what is read", "this store loses or alters data, or a cache answers in its place: nothing can be kept there")
	case described.Size != int64(len(all)) || all[from:] != end:
		return bad("description, whole and part of an object contradict each other", "a proxy or a cache may answer in the store's place")
	}
	return storage.Good("%s, its description and a part of it", counted(len(all), "byte"))
}

func (d *diagnosis) content(ctx context.Context, key string, r storage.Range) (string, error) {
	body, _, err := d.Get(ctx, key, r)
	if err != nil {
		return "", err
	}
	defer body.Close()
	var b strings.Builder
	_, err = io.Copy(&b, body)
	return b.String(), err
}

// checkConditions asks for an object that has another ETag.
func (d *diagnosis) checkConditions(ctx context.Context) storage.Check {
	in := &s3.GetObjectInput{Bucket: &d.bucket, Key: aws.String(d.readable().Key), IfMatch: aws.String(`"00000000000000000000000000000000"`)}
	out, err := call(ctx, d.Store, "GetObject", *in.Key, func(ctx context.Context, region func(*s3.Options)) (*s3.GetObjectOutput, error) {
		return d.api.GetObject(ctx, in, region)
	})
	if err == nil {
		out.Body.Close()
		return warning("a read on the condition that the object is unchanged is answered although it is not",
			"an object that is replaced while it is read is only noticed by its hash")
	}
	if f, ok := errors.AsType[*failure](err); ok && f.status == http.StatusPreconditionFailed {
		return storage.Good("the store tells when an object is no longer what it was")
	}
	return blemish(err, "")
}
