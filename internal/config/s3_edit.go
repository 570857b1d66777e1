package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// What can be set of a bucket, as the names of settings have it.
const (
	Endpoint        = "ENDPOINT"
	AccessKeyID     = "ACCESS_KEY_ID"
	SecretAccessKey = "SECRET_ACCESS_KEY"
	DatasetPrefix   = "DATASET_PREFIX"
	Region          = "REGION"
	Addressing      = "ADDRESSING"

	// oldAccessKey is the other name of the access key: both are in use.
	oldAccessKey = "ACCESS_KEY"
)

// ofBuckets gives what can be set of a bucket. No name comes behind one that it
// begins with.
func ofBuckets() []string {
	return []string{Endpoint, AccessKeyID, oldAccessKey, SecretAccessKey, DatasetPrefix, Region, Addressing}
}

// s3Names gives the names that a setting of a bucket goes by, the first before the others.
func s3Names(scheme, what, bucket string) []string {
	family := "DTOOL_" + strings.ToUpper(scheme) + "_"
	names := bucketNames(family+what, bucket)
	if what == AccessKeyID {
		names = append(names, bucketNames(family+oldAccessKey, bucket)...)
	}
	return names
}

// S3Value gives a setting of a bucket as it was set, and where it comes from.
func (s *Settings) S3Value(scheme, what, bucket string) (string, Origin, bool) {
	return s.find(s3Names(scheme, what, bucket)...)
}

// S3 gives a setting of a bucket by its exact name.
func (f File) S3(scheme, what, bucket string) string {
	value := f.Get(S3Setting(scheme, what, bucket))
	if what == AccessKeyID {
		value = cmp.Or(value, f.Get(S3Setting(scheme, oldAccessKey, bucket)))
	}
	return value
}

// SetS3 gives a bucket a setting of its own, or with an empty value takes it away. What
// cannot be right is refused; no error tells a value.
func (f File) SetS3(scheme, what, bucket, value string) error {
	if err := checkS3(what, bucket, value); err != nil {
		return fmt.Errorf("%s: %w", S3Setting(scheme, what, bucket), err)
	}
	f.Set(S3Setting(scheme, what, bucket), value)
	if what == AccessKeyID {
		f.Set(S3Setting(scheme, oldAccessKey, bucket), "")
	}
	return nil
}

func checkS3(what, bucket, value string) error {
	switch what {
	case Endpoint:
		return errors.Join(checkEndpoint(value, bucket), checkBareURL(value))
	case AccessKeyID, SecretAccessKey:
		return checkKey(value)
	case DatasetPrefix:
		return checkPrefix(value)
	case Region:
		return checkRegion(value)
	}
	return checkAddressing(value)
}

// checkBareURL refuses what would be a secret, or no part of an endpoint.
func checkBareURL(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil //nolint:nilerr // which checkEndpoint tells
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("it has more than scheme, host, port and path")
	}
	if port, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || port < 1 || port > 65535) {
		return errors.New("its port is not between 1 and 65535")
	}
	return nil
}

// WithoutSecrets gives an endpoint for people to see, without what may be a secret in it,
// or "" if it is no URL.
func WithoutSecrets(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func checkKey(key string) error {
	if strings.ContainsFunc(key, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r > unicode.MaxASCII }) {
		return errors.New("a key has no spaces, and no other characters than those of ASCII")
	}
	return nil
}

// S3Buckets gives the names of the buckets of a scheme, s3 or ecs, that the file has
// settings of.
func (f File) S3Buckets(scheme string) []string {
	return s3Buckets(scheme, f.Names())
}

// S3Buckets gives the same of the environment and the file. In the environment a bucket
// goes by the name that it is spelt with there.
func (s *Settings) S3Buckets(scheme string) []string {
	var names []string
	for _, values := range []map[string]string{s.file, s.environment} {
		for name, value := range values {
			if value != "" {
				names = append(names, name)
			}
		}
	}
	return s3Buckets(scheme, names)
}

func s3Buckets(scheme string, names []string) []string {
	var buckets []string
	for _, name := range names {
		for _, what := range ofBuckets() {
			if bucket, ok := strings.CutPrefix(name, S3Setting(scheme, what, "")); ok && bucket != "" {
				buckets = append(buckets, bucket)
				break
			}
		}
	}
	slices.Sort(buckets)
	return slices.Compact(buckets)
}
