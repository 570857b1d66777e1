package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/config"
)

func TestS3(t *testing.T) {
	tests := map[string]struct {
		scheme  string
		environ []string
		file    string
		want    config.S3Settings
	}{
		"nothing": {"s3", nil, `{}`, config.S3Settings{}},
		"all": {"s3", []string{
			"DTOOL_S3_ENDPOINT_b=http://localhost:9000", "DTOOL_S3_ACCESS_KEY_ID_b=id",
			"DTOOL_S3_SECRET_ACCESS_KEY_b=secret", "DTOOL_S3_DATASET_PREFIX_b=u/jane",
		}, `{}`, config.S3Settings{Endpoint: "http://localhost:9000", AccessKeyID: "id", SecretAccessKey: "secret", Prefix: "u/jane/"}},
		"for ECS": {
			"ecs",
			[]string{"DTOOL_S3_ENDPOINT_b=http://x", "DTOOL_ECS_ENDPOINT_b=http://y"},
			`{}`,
			config.S3Settings{Endpoint: "http://y"},
		},
		"the endpoint alone": {"s3", nil, `{"DTOOL_S3_ENDPOINT_b": "https://x/s3"}`, config.S3Settings{Endpoint: "https://x/s3"}},
		"the keys alone": {
			"s3",
			[]string{"DTOOL_S3_SECRET_ACCESS_KEY_b=s"},
			`{"DTOOL_S3_ACCESS_KEY_ID_b": "i"}`,
			config.S3Settings{AccessKeyID: "i", SecretAccessKey: "s"},
		},
		"the other name of the access key": {
			"s3",
			[]string{"DTOOL_S3_ACCESS_KEY_b=i", "DTOOL_S3_SECRET_ACCESS_KEY_b=s"},
			`{}`,
			config.S3Settings{AccessKeyID: "i", SecretAccessKey: "s"},
		},
		"both names of the access key": {
			"s3",
			[]string{"DTOOL_S3_ACCESS_KEY_b=i", "DTOOL_S3_ACCESS_KEY_ID_b=j", "DTOOL_S3_SECRET_ACCESS_KEY_b=s"},
			`{}`,
			config.S3Settings{AccessKeyID: "j", SecretAccessKey: "s"},
		},
		"the environment before the file, whichever the name": {
			"s3",
			[]string{"DTOOL_S3_ACCESS_KEY_b=i"},
			`{"DTOOL_S3_ACCESS_KEY_ID_b": "j", "DTOOL_S3_SECRET_ACCESS_KEY_b": "s"}`,
			config.S3Settings{AccessKeyID: "i", SecretAccessKey: "s"},
		},
		"a prefix with a slash":        {"s3", []string{"DTOOL_S3_DATASET_PREFIX_b=u/jane/"}, `{}`, config.S3Settings{Prefix: "u/jane/"}},
		"a prefix with slashes":        {"s3", []string{"DTOOL_S3_DATASET_PREFIX_b=u//"}, `{}`, config.S3Settings{Prefix: "u/"}},
		"a prefix with dots in a name": {"s3", []string{"DTOOL_S3_DATASET_PREFIX_b=a..b/.c"}, `{}`, config.S3Settings{Prefix: "a..b/.c/"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := load(t, test.environ, test.file).S3(test.scheme, "b")
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got %+v, want %+v", fields(got), fields(test.want))
			}
		})
	}
}

// fields shows what String hides.
func fields(s config.S3Settings) []string {
	return []string{s.Endpoint, s.AccessKeyID, s.SecretAccessKey, s.Prefix}
}

func TestSettingsThatCannotBeRight(t *testing.T) {
	for setting, want := range map[string]string{
		"DTOOL_S3_ACCESS_KEY_b=i":        "DTOOL_S3_ACCESS_KEY_ID_b is set, and DTOOL_S3_SECRET_ACCESS_KEY_b is not",
		"DTOOL_S3_SECRET_ACCESS_KEY_b=s": "DTOOL_S3_SECRET_ACCESS_KEY_b is set, and DTOOL_S3_ACCESS_KEY_ID_b is not",
		"DTOOL_S3_ENDPOINT_b=host:9000":  "DTOOL_S3_ENDPOINT_b cannot be an endpoint",
		"DTOOL_S3_ENDPOINT_b=ftp://host": "it has not the form https://host",
		"DTOOL_S3_ENDPOINT_b=http://h/b": "it ends in the name of the bucket",
	} {
		if _, err := load(t, []string{setting}, `{}`).S3("s3", "b"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", setting, err, want)
		}
	}
}

func TestPrefixesThatAreRefused(t *testing.T) {
	for prefix, want := range map[string]string{
		"../other": `it has a "." or ".." part`,
		"u/./x":    `it has a "." or ".." part`,
		"u/..":     `it has a "." or ".." part`,
		"/u":       "it has an empty part",
		"u//x":     "it has an empty part",
		"/":        "it has an empty part",
		"u\nx":     "it has a control character",
		"u\x7f":    "it has a control character",
		"u\xff":    "it is not UTF-8",
	} {
		_, err := load(t, []string{"DTOOL_S3_DATASET_PREFIX_b=" + prefix}, `{}`).S3("s3", "b")
		want := fmt.Sprintf("DTOOL_S3_DATASET_PREFIX_b: %q cannot be a prefix: %s", prefix, want)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	s := config.S3Settings{Endpoint: "http://localhost", AccessKeyID: "hidden", SecretAccessKey: "hidden"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, s); strings.Contains(text, "hidden") || !strings.Contains(text, "localhost") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
