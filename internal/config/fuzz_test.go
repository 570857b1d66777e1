package config

import (
	"strconv"
	"strings"
	"testing"
)

// A file of settings is an object, or an error of one line. What comes of it for a
// bucket is a prefix that keys may begin with and keys of the store in pairs, and no
// message tells a secret.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `{"a": null, "b": {"c": [1e999]}, "b": ""}`, "{\"DTOOL_\x1b[31m\": \"\\n\"}", `{"DTOOL_NUM_PROCESSES": -1}`,
		`{"DTOOL_S3_ENDPOINT_b": "https://h:p@host?q#f", "DTOOL_S3_ACCESS_KEY_ID_b": "hidden", "DTOOL_S3_SECRET_ACCESS_KEY_b": "hidden"}`,
		`{"DTOOL_S3_DATASET_PREFIX_b": "u/../../x", "DTOOL_S3_ENDPOINT_b": "http://host/b"}`, `{"DTOOL_S3_DATASET_PREFIX_b": "///"}`,
		`{"DTOOL_S3_SECRET_ACCESS_KEY_b": "hidden"}`, `{"DTOOL_NUM_PROCESSES": 1e3, "DTOOL_MAX_FILES_LIMIT": "99999999999999999999"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := parse(text)
		if err != nil {
			checkLine(t, err)
			return
		}
		s := &Settings{file: values}
		for _, positive := range []func() (int, error){s.NumProcesses, s.MaxFilesLimit} {
			if n, err := positive(); err != nil {
				checkLine(t, err)
			} else if n < 1 {
				t.Fatalf("%q gives %d", text, n)
			}
		}
		found, err := s.S3("s3", "b")
		if secret, ok := values["DTOOL_S3_SECRET_ACCESS_KEY_b"]; err != nil && ok && len(secret) > 5 && strings.Contains(err.Error(), secret) && !strings.Contains(values["DTOOL_S3_DATASET_PREFIX_b"], secret) {
			t.Fatalf("%q tells the secret", err)
		}
		if err != nil {
			checkLine(t, err)
			return
		}
		if (found.AccessKeyID == "") != (found.SecretAccessKey == "") {
			t.Fatalf("%q gives one key without the other", text)
		}
		if p := found.Prefix; p != "" && (!strings.HasSuffix(p, "/") || strings.HasPrefix(p, "/") || strings.Contains(p, "//") || strings.Contains("/"+p, "/../")) {
			t.Fatalf("%q gives the prefix %q", text, p)
		}
	})
}

func checkLine(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		t.Fatalf("the message is %q", text)
	}
}
