package dtool

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dtool-go/dtool/internal/config"
	"github.com/dtool-go/dtool/storage/s3"
)

// plainBucket is the name of a bucket that a shell takes as it is.
var plainBucket = regexp.MustCompile(`^[0-9A-Za-z._][0-9A-Za-z._-]*$`)

// configCommand is the command that a setting of a bucket is made with, or "" for a
// name that no command can be copied with.
func configCommand(scheme, bucket, flag string) string {
	switch {
	case !plainBucket.MatchString(bucket):
		return ""
	case scheme != "s3":
		bucket = scheme + "://" + bucket
	}
	return "dtool config s3 " + bucket + " " + flag
}

// bucketSetting is what a store says of a setting of its bucket.
func bucketSetting(scheme, what, bucket, flag string) s3.Setting {
	return s3.Setting{Name: config.S3Setting(scheme, what, bucket), Command: configCommand(scheme, bucket, flag)}
}

// scratchBegin begins the key below which a diagnosis writes.
const scratchBegin = ".dtool-doctor-"

// placeHint says to whoever may not write what a new dataset begins with that the
// prefix may be wrong.
func placeHint(scheme, bucket, prefix string) func(key string) string {
	setting := config.S3Setting(scheme, config.DatasetPrefix, bucket)
	hint := fmt.Sprintf("new datasets go below %s, which %s says: is that your own?", prefix, setting)
	if prefix == "" {
		hint = "new datasets go to the root of the bucket, since " + setting + " is not set"
	}
	if command := configCommand(scheme, bucket, "--prefix u/NAME/"); command != "" {
		hint += " (" + command + ")"
	}
	return func(key string) string {
		rest, ok := strings.CutPrefix(key, prefix)
		first, _, _ := strings.Cut(rest, "/")
		begun := newObjectLayout(prefix, first).keys()
		if !ok || !strings.HasPrefix(first, scratchBegin) && key != begun.structure && key != begun.about {
			return ""
		}
		return hint
	}
}
