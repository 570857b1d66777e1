package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// S3Settings says how to reach a bucket. What is empty is left to the usual
// chain of AWS: an endpoint alone, or keys alone, will do.
type S3Settings struct {
	Endpoint        string // a URL; empty for AWS itself
	AccessKeyID     string
	SecretAccessKey string

	// Prefix is what a writer puts before the UUIDs of new datasets: empty, or
	// one or more parts of a key and a "/" at the end.
	Prefix string
}

// S3 gives the settings of a bucket for the scheme "s3" or "ecs". The error
// names the setting that is wrong.
func (s *Settings) S3(scheme, bucket string) (S3Settings, error) {
	family := "DTOOL_" + strings.ToUpper(scheme) + "_"
	// Both names of the access key are in use.
	accessKey := append(bucketNames(family+"ACCESS_KEY_ID", bucket), bucketNames(family+"ACCESS_KEY", bucket)...)
	var found S3Settings
	found.Endpoint, _ = s.Bucket(family+"ENDPOINT", bucket)
	found.AccessKeyID, _ = s.first(accessKey...)
	found.SecretAccessKey, _ = s.Bucket(family+"SECRET_ACCESS_KEY", bucket)
	prefix, _ := s.Bucket(family+"DATASET_PREFIX", bucket)
	if err := checkPrefix(prefix); err != nil {
		return S3Settings{}, fmt.Errorf("%sDATASET_PREFIX_%s: %q cannot be a prefix: %w", family, bucket, prefix, err)
	}
	if prefix != "" {
		found.Prefix = strings.TrimRight(prefix, "/") + "/"
	}
	return found, nil
}

// checkPrefix tells why what a user set cannot stand before keys, or gives nil.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	if !utf8.ValidString(prefix) {
		return errors.New("it is not UTF-8")
	}
	if strings.ContainsFunc(prefix, unicode.IsControl) {
		return errors.New("it has a control character")
	}
	for part := range strings.SplitSeq(strings.TrimRight(prefix, "/"), "/") {
		switch part {
		case "":
			return errors.New("it has an empty part")
		case ".", "..":
			return errors.New(`it has a "." or ".." part`)
		}
	}
	return nil
}

// String leaves out the secrets, so that no message can tell them.
func (s S3Settings) String() string {
	return fmt.Sprintf("endpoint %q, prefix %q", s.Endpoint, s.Prefix)
}

// GoString does the same for the verb %#v.
func (s S3Settings) GoString() string {
	return s.String()
}
