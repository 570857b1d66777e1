package main

import (
	"context"
	"fmt"
	"os"
	"path"
)

// checkLines are those that copy nothing.
func checkLines(o options, few int) []line {
	n := o.small.count
	return []line{
		{
			name: "resume", work: fmt.Sprintf("cp %v, disk → S3, all of it there", o.small), rounds: few,
			budget: budget{requests: whole(n)}, field: resume,
		},
		{
			name: "verify", work: fmt.Sprintf("verify %v in S3, sizes", o.small), rounds: few,
			budget: budget{requests: pages(n) + 8}, field: verify,
		},
		{
			name: "verify-full", work: fmt.Sprintf("verify -f %v in S3, every byte", o.small), rounds: o.rounds,
			budget: budget{ratio: 1.2, requests: n + pages(n) + 8, peak: maxCopyMemory}, field: verifyFull,
		},
		{
			name: "summary", work: fmt.Sprintf("summary of %v in S3", o.small), rounds: few,
			budget: budget{requests: 4}, field: summary,
		},
		{
			name: "freeze", work: fmt.Sprintf("freeze %v on disk", o.large), rounds: few,
			budget: budget{ratio: 1, peak: maxCopyMemory}, field: freeze,
		},
		{
			name: "freeze-s3", work: fmt.Sprintf("freeze %v in S3", o.small), rounds: few,
			budget: budget{requests: whole(n)}, field: freezeRemote,
		},
	}
}

func start(_ context.Context, s *stage) ([]contestant, error) {
	return []contestant{s.byDtool(s.server, nil, "--version")}, nil
}

// listing compares dtool ls with a program that only reads an object of each
// dataset, which is the least that a listing with names can do.
func listing(ctx context.Context, s *stage) ([]contestant, error) {
	uris, err := s.fillListed(ctx)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{bareArgument, listed}
	for _, uri := range uris {
		args = append(args, path.Base(uri)+"/dtool")
	}
	bare := command{self, args, s.environment(s.server)}
	return []contestant{
		s.byDtool(s.server, hasLines(len(uris)), "ls", "-q", "s3://"+listed),
		{name: "bare GetObject", run: bare.run},
	}, nil
}

func inventory(ctx context.Context, s *stage) ([]contestant, error) {
	uris, err := s.fillListed(ctx)
	if err != nil {
		return nil, err
	}
	ls := s.byDtool(s.server, hasLines(len(uris)), "ls", "-q", "s3://"+listed)
	ls.name = "dtool ls"
	return []contestant{s.byDtool(s.server, hasLines(1+len(uris)), "inventory", "-f", "csv", "s3://"+listed), ls}, nil
}

// resume copies what is there already.
func resume(ctx context.Context, s *stage) ([]contestant, error) {
	field, err := up("small", s.small, manyAtOnce)(ctx, s)
	if err != nil {
		return nil, err
	}
	for i := range field {
		first := field[i].run
		field[i].prepare = func(ctx context.Context) error {
			_, err := first(ctx)
			return err
		}
	}
	dataset, err := s.local(ctx, s.trees["small"])
	if err != nil {
		return nil, err
	}
	field[0].run = s.dtoolCommand(s.server, "cp", "--resume", "-q", dataset, "s3://"+target).run
	return withoutAWS(field), nil
}

// withoutAWS leaves out who would copy everything once more.
func withoutAWS(field []contestant) []contestant {
	var others []contestant
	for _, c := range field {
		if c.name != "aws" {
			others = append(others, c)
		}
	}
	return others
}

func verify(ctx context.Context, s *stage) ([]contestant, error) {
	return s.onRemote(ctx, "verify")
}

func summary(ctx context.Context, s *stage) ([]contestant, error) {
	return s.onRemote(ctx, "summary")
}

// onRemote is dtool alone, doing something with the small items in S3.
func (s *stage) onRemote(ctx context.Context, args ...string) ([]contestant, error) {
	t, err := s.tree("small", s.small)
	if err != nil {
		return nil, err
	}
	dataset, err := s.remote(ctx, t)
	if err != nil {
		return nil, err
	}
	return []contestant{s.byDtool(s.server, nil, append(args, dataset)...)}, nil
}

func verifyFull(ctx context.Context, s *stage) ([]contestant, error) {
	field, err := s.onRemote(ctx, "verify", "-f")
	if err != nil {
		return nil, err
	}
	t := s.trees["small"]
	prefix, err := s.plain(ctx, t)
	if err != nil {
		return nil, err
	}
	return append(field, s.byRclone(s.server, []string{manyAtOnce}, nil,
		"check", "--download", t.dir, remoteName+":"+source+"/"+prefix)...), nil
}
