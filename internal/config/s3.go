package config

import (
	"errors"
	"fmt"
	"net/url"
	"path"
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

	Region     string // empty for that of AWS tools, or the one that the store asks for
	Addressing string // "path" or "virtual"; empty for what suits endpoint and bucket
}

// S3Setting gives the name of a setting of a bucket: ENDPOINT, ACCESS_KEY_ID
// and so on.
func S3Setting(scheme, what, bucket string) string {
	return "DTOOL_" + strings.ToUpper(scheme) + "_" + what + "_" + bucket
}

// S3 gives the settings of a bucket for the scheme "s3" or "ecs". The error
// names the setting that is wrong.
func (s *Settings) S3(scheme, bucket string) (S3Settings, error) {
	family := "DTOOL_" + strings.ToUpper(scheme) + "_"
	var found S3Settings
	found.Endpoint, _ = s.Bucket(family+"ENDPOINT", bucket)
	found.AccessKeyID, _ = s.first(s3Names(scheme, AccessKeyID, bucket)...)
	found.SecretAccessKey, _ = s.Bucket(family+"SECRET_ACCESS_KEY", bucket)
	if err := found.checkPair(scheme, bucket); err != nil {
		return S3Settings{}, err
	}
	if err := checkEndpoint(found.Endpoint, bucket); err != nil {
		return S3Settings{}, fmt.Errorf("%s cannot be an endpoint: %w", S3Setting(scheme, "ENDPOINT", bucket), err)
	}
	prefix, _ := s.Bucket(family+"DATASET_PREFIX", bucket)
	var err error
	if found.Prefix, err = Prefix(prefix); err != nil {
		return S3Settings{}, fmt.Errorf("%s: %q cannot be a prefix: %w", S3Setting(scheme, "DATASET_PREFIX", bucket), prefix, err)
	}
	found.Region, _ = s.Bucket(family+"REGION", bucket)
	if err := checkRegion(found.Region); err != nil {
		return S3Settings{}, fmt.Errorf("%s: %q cannot be a region: %w", S3Setting(scheme, "REGION", bucket), found.Region, err)
	}
	found.Addressing, _ = s.Bucket(family+"ADDRESSING", bucket)
	if err := checkAddressing(found.Addressing); err != nil {
		return S3Settings{}, fmt.Errorf("%s: %q cannot be the addressing: %w", S3Setting(scheme, "ADDRESSING", bucket), found.Addressing, err)
	}
	return found, nil
}

// checkPair refuses one key without the other.
func (s S3Settings) checkPair(scheme, bucket string) error {
	set, unset := S3Setting(scheme, "ACCESS_KEY_ID", bucket), S3Setting(scheme, "SECRET_ACCESS_KEY", bucket)
	switch {
	case (s.AccessKeyID == "") == (s.SecretAccessKey == ""):
		return nil
	case s.AccessKeyID == "":
		set, unset = unset, set
	}
	return fmt.Errorf("%s is set, and %s is not", set, unset)
}

// checkEndpoint tells why what a user set is no URL of a store, or gives nil.
func checkEndpoint(endpoint, bucket string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("it has not the form https://host or http://host:port")
	case path.Base(u.Path) == bucket:
		return errors.New("it ends in the name of the bucket, which is added by itself")
	}
	return nil
}

// Prefix gives what a user set as a prefix as it stands before keys: empty, or with
// one "/" at its end.
func Prefix(value string) (string, error) {
	if err := checkPrefix(value); err != nil || value == "" {
		return "", err
	}
	return strings.TrimRight(value, "/") + "/", nil
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

// checkRegion tells why what a user set cannot be a region, or gives nil. It becomes
// part of the name of a host and of what is signed.
func checkRegion(region string) error {
	if strings.ContainsFunc(region, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}) {
		return errors.New("it has other characters than letters, digits, - and _")
	}
	return nil
}

func checkAddressing(addressing string) error {
	switch addressing {
	case "", "path", "virtual":
		return nil
	}
	return errors.New(`it is either "path", as in https://host/bucket, or "virtual", as in https://bucket.host`)
}

// String leaves out the secrets, so that no message can tell them.
func (s S3Settings) String() string {
	return fmt.Sprintf("endpoint %q, prefix %q", s.Endpoint, s.Prefix)
}

// GoString does the same for the verb %#v.
func (s S3Settings) GoString() string {
	return s.String()
}
