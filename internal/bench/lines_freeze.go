package main

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// freeze compares dtool with openssl, which hashes the same files, one on each core.
func freeze(_ context.Context, s *stage) ([]contestant, error) {
	t, err := s.tree("large", s.large)
	if err != nil {
		return nil, err
	}
	hashes, err := t.hashes()
	if err != nil {
		return nil, err
	}
	proto := func(ctx context.Context) error {
		_, err := s.proto(ctx, t, s.scratch())
		return err
	}
	dataset := filepath.Join(s.scratch(), t.name())
	frozen := func(outcome) error {
		manifest, err := os.ReadFile(filepath.Join(dataset, ".dtool", "manifest.json"))
		if err != nil {
			return err
		}
		return hasAll(string(manifest), hashes)
	}
	dtool := s.byDtool(s.server, frozen, "freeze", dataset)
	dtool.prepare = proto
	if s.openssl == "" {
		return []contestant{dtool}, nil
	}
	return []contestant{dtool, {
		name: "openssl md5", settings: "a process for each file, as many at once as cores", run: s.hashAll(t),
		check: func(o outcome) error { return hasAll(o.output, hashes) },
	}}, nil
}

// hashAll runs openssl for each file of a tree.
func (s *stage) hashAll(t tree) func(context.Context) (outcome, error) {
	return func(ctx context.Context) (outcome, error) {
		each := make([]outcome, len(t.names))
		all, err := timed(func() error {
			group, ctx := errgroup.WithContext(ctx)
			group.SetLimit(runtime.NumCPU())
			for i, name := range t.names {
				group.Go(func() (err error) {
					each[i], err = command{s.openssl, []string{"md5", filepath.Join(t.dir, name)}, s.environ}.run(ctx)
					return err
				})
			}
			return group.Wait()
		})
		for _, o := range each {
			all.output += o.output
			all.cpu += o.cpu
			all.peak = slices.MaxFunc([]memory{all.peak, o.peak}, compareMemory)
		}
		return all, err
	}
}

// hashes gives the MD5 of every file, in hexadecimal.
func (t tree) hashes() ([]string, error) {
	var sums []string
	for _, name := range t.names {
		file, err := os.Open(filepath.Join(t.dir, name))
		if err != nil {
			return nil, err
		}
		sum := md5.New()
		_, err = io.Copy(sum, file)
		file.Close()
		if err != nil {
			return nil, err
		}
		sums = append(sums, hex.EncodeToString(sum.Sum(nil)))
	}
	return sums, nil
}

func hasAll(text string, words []string) error {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return fmt.Errorf("%s is not in what it wrote", word)
		}
	}
	return nil
}

// freezeRemote freezes a proto dataset in the bucket target.
func freezeRemote(_ context.Context, s *stage) ([]contestant, error) {
	t, err := s.tree("small", s.small)
	if err != nil {
		return nil, err
	}
	var uri string
	return []contestant{{
		name: "dtool",
		prepare: func(ctx context.Context) error {
			o, err := s.dtoolCommand(s.server, "create", "-q", t.name(), "s3://"+target).run(ctx)
			if err != nil {
				return err
			}
			uri = o.lastLine()
			_, err = s.dtoolCommand(s.server, "add", "item", t.dir, uri).run(ctx)
			return err
		},
		run: func(ctx context.Context) (outcome, error) {
			return s.dtoolCommand(s.server, "freeze", uri).run(ctx)
		},
	}}, nil
}
