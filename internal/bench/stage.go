package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/dtool-go/dtool/internal/s3test"
)

// The buckets of the server.
const (
	source = "source" // what is read
	target = "target" // what is written; empty before each run
	listed = "listed" // many small datasets
)

// A stage is where the contestants run: the server, the data, and two places that
// are empty before each run, the directory scratch and the bucket target. What
// several lines read is made when the first of them asks for it.
type stage struct {
	options
	root    string // of all directories here
	server  *s3test.Server
	far     *s3test.Server // the same with a round trip between; nil until it is used
	environ []string

	trees map[string]tree
	uris  map[string]string // of datasets by what they were made for
}

func newStage(ctx context.Context, o options, root string, environ []string) (*stage, error) {
	s := &stage{
		options: o, root: root, environ: withoutSettings(environ),
		trees: map[string]tree{}, uris: map[string]string{},
	}
	for _, dir := range []string{"home", "data", "datasets"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return nil, err
		}
	}
	var err error
	if s.server, err = s3test.Run(ctx, filepath.Join(root, "server")); err != nil {
		return nil, err
	}
	for _, bucket := range []string{source, listed} {
		if err := s.server.MakeBucket(ctx, bucket); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *stage) stop() {
	if s.far != nil {
		s.far.Stop()
	}
	s.server.Stop()
}

// distant gives the server with a round trip between.
func (s *stage) distant(ctx context.Context) (*s3test.Server, error) {
	var err error
	if s.far == nil {
		s.far, err = s.server.Far(ctx, s.roundTrip)
	}
	return s.far, err
}

func (s *stage) scratch() string { return filepath.Join(s.root, "scratch") }

// clear empties what a run may have written to, and waits until the disk has
// caught up, so that nobody pays for those before.
func (s *stage) clear(ctx context.Context) error {
	bucket := s.server.BucketDir(target)
	if err := errors.Join(os.RemoveAll(s.scratch()), os.RemoveAll(bucket)); err != nil {
		return err
	}
	if err := os.Mkdir(s.scratch(), 0o755); err != nil {
		return err
	}
	if err := s.server.MakeBucket(ctx, target); err != nil {
		return err
	}
	if sync, err := exec.LookPath("sync"); err == nil {
		return exec.CommandContext(ctx, sync).Run()
	}
	return nil
}

// tree gives the data of that name, which is made if it is not there.
func (s *stage) tree(name string, f files) (tree, error) {
	return s.treeOf(name, func(dir string) (tree, error) { return makeTree(dir, f) })
}

func (s *stage) treeOf(name string, fill func(dir string) (tree, error)) (tree, error) {
	if t, found := s.trees[name]; found {
		return t, nil
	}
	t, err := fill(filepath.Join(s.root, "data", name))
	if err == nil {
		s.trees[name] = t
	}
	return t, err
}

// once gives the URI of a dataset, and makes it the first time.
func (s *stage) once(what string, build func() (string, error)) (string, error) {
	if uri, found := s.uris[what]; found {
		return uri, nil
	}
	uri, err := build()
	if err != nil {
		return "", fmt.Errorf("make a dataset %s: %w", what, err)
	}
	s.uris[what] = uri
	return uri, nil
}

// proto makes a proto dataset of a tree in a directory.
func (s *stage) proto(ctx context.Context, t tree, base string) (string, error) {
	if _, err := s.dtoolCommand(s.server, "create", "-q", t.name(), base).run(ctx); err != nil {
		return "", err
	}
	dataset := filepath.Join(base, t.name())
	return dataset, t.linkInto(filepath.Join(dataset, "data"))
}

// local gives a frozen dataset of a tree on disk.
func (s *stage) local(ctx context.Context, t tree) (string, error) {
	return s.once(t.name()+" on disk", func() (string, error) {
		dataset, err := s.proto(ctx, t, filepath.Join(s.root, "datasets"))
		if err != nil {
			return "", err
		}
		_, err = s.dtoolCommand(s.server, "freeze", dataset).run(ctx)
		return dataset, err
	})
}

// remote gives a frozen dataset of a tree in the bucket source.
func (s *stage) remote(ctx context.Context, t tree) (string, error) {
	return s.once(t.name()+" in S3", func() (string, error) {
		dataset, err := s.local(ctx, t)
		if err != nil {
			return "", err
		}
		o, err := s.dtoolCommand(s.server, "cp", "-q", dataset, "s3://"+source).run(ctx)
		return o.lastLine(), err
	})
}

// plain gives the key prefix, in the bucket source, of the files of a tree as
// others put them there, each under its own name.
func (s *stage) plain(ctx context.Context, t tree) (string, error) {
	return s.once(t.name()+" as plain objects", func() (string, error) {
		prefix := "plain/" + t.name()
		if s.rclone != "" {
			_, err := s.rcloneCommand(s.server, "copy", t.dir, remoteName+":"+source+"/"+prefix).run(ctx)
			return prefix, err
		}
		if s.aws != "" {
			_, err := s.awsCommand(s.server, "cp", "--recursive", t.dir, "s3://"+source+"/"+prefix).run(ctx)
			return prefix, err
		}
		return prefix, nil // nobody will read it
	})
}

// onDisk gives files, and the dataset of them on disk.
func (s *stage) onDisk(ctx context.Context, name string, f files) (t tree, dataset string, err error) {
	if t, err = s.tree(name, f); err == nil {
		dataset, err = s.local(ctx, t)
	}
	return t, dataset, err
}

// inS3 gives files, the dataset of them in S3, and the prefix of the plain ones there.
func (s *stage) inS3(ctx context.Context, name string, f files) (t tree, dataset, prefix string, err error) {
	if t, err = s.tree(name, f); err == nil {
		dataset, err = s.remote(ctx, t)
	}
	if err == nil {
		prefix, err = s.plain(ctx, t)
	}
	return t, dataset, prefix, err
}

// fillListed makes the small datasets of the bucket listed, and gives their URIs.
func (s *stage) fillListed(ctx context.Context) ([]string, error) {
	t, err := s.tree("tiny", files{3, kib})
	if err != nil {
		return nil, err
	}
	uris, err := s.once("list", func() (string, error) {
		made := make([]string, s.datasets)
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(4)
		for i := range made {
			group.Go(func() error {
				name := fmt.Sprintf("dataset-%04d", i)
				o, err := s.dtoolCommand(s.server, "create", "-q", "--from", t.dir, name, "s3://"+listed).run(ctx)
				made[i] = o.lastLine()
				return err
			})
		}
		err := group.Wait()
		return strings.Join(made, "\n"), err
	})
	return strings.Split(uris, "\n"), err
}

// withoutSettings drops from an environment what would make a difference to the
// contestants.
func withoutSettings(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(setting string) bool {
		for _, prefix := range []string{"DTOOL_", "AWS_", "RCLONE_", "XDG_", "HOME="} {
			if strings.HasPrefix(setting, prefix) {
				return true
			}
		}
		return false
	})
}
