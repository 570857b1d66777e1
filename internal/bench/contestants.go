package main

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dtool-go/dtool/internal/s3test"
)

// A contestant does the work of a line in its own way.
type contestant struct {
	name     string
	settings string // what it was told beyond the work itself

	prepare func(context.Context) error // before the clock runs; may be nil
	run     func(context.Context) (outcome, error)
	check   func(outcome) error // that the result is right; may be nil
}

// remoteName is what rclone calls the server.
const remoteName = "bench"

// environment tells every contestant where the server is.
func (s *stage) environment(server *s3test.Server) []string {
	remote := "RCLONE_CONFIG_" + strings.ToUpper(remoteName) + "_"
	env := append(slices.Clone(s.environ),
		"HOME="+filepath.Join(s.root, "home"),
		"DTOOL_MAX_FILES_LIMIT=100000000",
		"RCLONE_CONFIG="+filepath.Join(s.root, "home", "rclone.conf"), // need not exist
		remote+"TYPE=s3", remote+"PROVIDER=Other", remote+"REGION="+server.Region, remote+"ENDPOINT="+server.Endpoint,
		remote+"ACCESS_KEY_ID="+server.AccessKey, remote+"SECRET_ACCESS_KEY="+server.SecretKey,
		"RCLONE_S3_NO_CHECK_BUCKET=true",
		"AWS_ENDPOINT_URL="+server.Endpoint, "AWS_REGION="+server.Region,
		"AWS_ACCESS_KEY_ID="+server.AccessKey, "AWS_SECRET_ACCESS_KEY="+server.SecretKey,
	)
	for _, bucket := range []string{source, target, listed} {
		env = append(env, "DTOOL_S3_ENDPOINT_"+bucket+"="+server.Endpoint,
			"DTOOL_S3_ACCESS_KEY_ID_"+bucket+"="+server.AccessKey,
			"DTOOL_S3_SECRET_ACCESS_KEY_"+bucket+"="+server.SecretKey)
	}
	return env
}

func (s *stage) dtoolCommand(server *s3test.Server, args ...string) command {
	return command{s.dtool, args, s.environment(server)}
}

func (s *stage) rcloneCommand(server *s3test.Server, args ...string) command {
	return command{s.rclone, args, s.environment(server)}
}

func (s *stage) awsCommand(server *s3test.Server, args ...string) command {
	return command{s.aws, append([]string{"s3", "--only-show-errors"}, args...), s.environment(server)}
}

// byDtool is dtool, as it comes.
func (s *stage) byDtool(server *s3test.Server, check func(outcome) error, args ...string) contestant {
	return contestant{name: "dtool", run: s.dtoolCommand(server, args...).run, check: check}
}

// byRclone is rclone once with its defaults and once with each of the settings,
// or nobody where it is not there.
func (s *stage) byRclone(server *s3test.Server, settings []string, check func(outcome) error, args ...string) []contestant {
	if s.rclone == "" {
		return nil
	}
	var field []contestant
	for _, setting := range append([]string{""}, settings...) {
		cmd := s.rcloneCommand(server, append(slices.Clone(args), strings.Fields(setting)...)...)
		field = append(field, contestant{name: "rclone", settings: setting, run: cmd.run, check: check})
	}
	return field
}

// byAWS is the AWS command line, as it comes, or nobody where it is not there.
func (s *stage) byAWS(server *s3test.Server, check func(outcome) error, args ...string) []contestant {
	if s.aws == "" {
		return nil
	}
	return []contestant{{name: "aws", run: s.awsCommand(server, args...).run, check: check}}
}

// arrivedDataset checks a dataset that dtool wrote to the bucket target. Its URI is
// the last line of the output, and its items lie under their identifiers.
func (s *stage) arrivedDataset(t tree) func(outcome) error {
	return func(o outcome) error {
		dir := filepath.Join(s.server.BucketDir(target), path.Base(o.lastLine()), "data")
		return t.check(dir, func(name string) string {
			sum := sha1.Sum([]byte(name))
			return hex.EncodeToString(sum[:])
		})
	}
}

// arrivedIn checks files that keep their names.
func arrivedIn(dir string, t tree) func(outcome) error {
	return func(outcome) error {
		return t.check(dir, func(name string) string { return name })
	}
}

// hasLines checks that there are so many lines of output.
func hasLines(want int) func(outcome) error {
	return func(o outcome) error {
		if o.lines != want {
			return fmt.Errorf("it printed %d lines, and there are %d", o.lines, want)
		}
		return nil
	}
}
