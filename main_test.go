package dtool_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain keeps the AWS configuration of whoever runs the tests out of them,
// and fails if a goroutine is left when all have ended.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_PROFILE":                 "",
		"AWS_ENDPOINT_URL":            "",
		"AWS_ENDPOINT_URL_S3":         "",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	var options []goleak.Option
	if os.Getenv("S3_TEST_BASE_URI") != "" {
		// A server that goes on running keeps idle connections open.
		options = append(options,
			goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
			goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
	}
	goleak.VerifyTestMain(m, options...)
}
