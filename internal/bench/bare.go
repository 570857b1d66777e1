package main

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/dtool-go/dtool/internal/s3test"
)

// bareArgument, as the first, makes this program another one, which only reads
// objects: the bucket and the keys follow.
const bareArgument = "bare"

// readBare reads objects, 16 at once. The environment says where, as it does to
// the AWS command line.
func readBare(ctx context.Context, args []string, getenv func(string) string) error {
	if len(args) == 0 {
		return errors.New("the bucket is missing")
	}
	server := s3test.Server{
		Endpoint:  getenv("AWS_ENDPOINT_URL"),
		AccessKey: getenv("AWS_ACCESS_KEY_ID"),
		SecretKey: getenv("AWS_SECRET_ACCESS_KEY"),
		Region:    getenv("AWS_REGION"),
	}
	get := server.Reader(args[0])
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for _, key := range args[1:] {
		group.Go(func() error {
			_, err := get(ctx, key)
			return err
		})
	}
	return group.Wait()
}
