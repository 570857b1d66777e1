package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// What rclone is told to do better than with its defaults; the faster of both runs
// against dtool.
const (
	manyAtOnce  = "--transfers 16 --checkers 16"
	farAtOnce   = "--transfers 32 --checkers 32"
	moreParts   = "--s3-upload-concurrency 8 --s3-chunk-size 16M"
	moreStreams = "--multi-thread-streams 8"
)

// maxCopyMemory is what any copy may have resident.
const maxCopyMemory = 256 * mib

// lines are all that can be measured, but for the growth.
func lines(o options) []line {
	few, quick := min(o.rounds, 3), 4*o.rounds
	all := []line{
		{name: "start", work: "start: `dtool --version`", rounds: quick, budget: budget{time: 20 * time.Millisecond}, field: start},
		{
			name: "ls", work: fmt.Sprintf("list %d datasets in S3", o.datasets), rounds: o.rounds,
			budget: budget{ratio: 1.5, time: 500 * time.Millisecond, requests: o.datasets + pages(o.datasets)}, field: listing,
		},
		{
			name: "inventory", work: fmt.Sprintf("inventory of %d datasets in S3", o.datasets), rounds: o.rounds,
			budget: budget{ratio: 2, requests: 2*o.datasets + pages(o.datasets)}, field: inventory,
		},
	}
	return append(append(all, copyLines(o, few)...), checkLines(o, few)...)
}

// pages is how many requests list so many objects.
func pages(objects int) int { return (objects + 999) / 1000 }

// whole is how many requests a copy of so many small items may need, with what
// there is beside the items.
func whole(items int) int { return items + pages(items) + 16 }

func copyLines(o options, few int) []line {
	n, far, many := o.small.count, o.few.count, o.many.count
	return []line{
		{
			name: "cp-up", work: fmt.Sprintf("cp %v, disk → S3", o.small), rounds: o.rounds,
			budget: budget{ratio: 0.6, requests: whole(n), peak: maxCopyMemory}, field: up("small", o.small, manyAtOnce),
		},
		{
			name: "cp-down", work: fmt.Sprintf("cp %v, S3 → disk", o.small), rounds: o.rounds,
			budget: budget{ratio: 1, requests: whole(n), peak: maxCopyMemory}, field: down("small", o.small, manyAtOnce),
		},
		{
			name: "cp-across", work: fmt.Sprintf("cp %v, S3 → S3, one server", o.small), rounds: o.rounds,
			budget: budget{requests: whole(n) + 16, peak: maxCopyMemory}, field: across,
		},
		{
			name: "cp-far", work: fmt.Sprintf("cp %v, disk → S3, %s a round trip", o.few, shown(o.roundTrip)), rounds: o.rounds,
			budget: budget{ratio: 1, requests: whole(far), peak: maxCopyMemory}, field: upFar,
		},
		{
			name: "cp-up-large", work: fmt.Sprintf("cp %v, disk → S3", o.large), rounds: few,
			budget: budget{ratio: 0.7, peak: maxCopyMemory}, field: up("large", o.large, moreParts),
		},
		{
			name: "cp-down-large", work: fmt.Sprintf("cp %v, S3 → disk", o.large), rounds: few,
			budget: budget{ratio: 1.2, peak: maxCopyMemory}, field: down("large", o.large, moreStreams),
		},
		{
			name: "cp-up-many", work: fmt.Sprintf("cp %v, disk → S3", o.many), rounds: 1, cold: true,
			budget: budget{requests: whole(many), peak: maxCopyMemory}, field: up("many", o.many, manyAtOnce),
		},
		{
			name: "cp-down-many", work: fmt.Sprintf("cp %v, S3 → disk", o.many), rounds: 1, cold: true,
			budget: budget{requests: whole(many), peak: maxCopyMemory}, field: down("many", o.many, manyAtOnce),
		},
		{
			name: "cp-up-huge", work: fmt.Sprintf("cp 1 sparse file of %v, disk → S3", o.huge), rounds: 1, cold: true,
			budget: budget{peak: maxCopyMemory}, field: upHuge,
		},
	}
}

// up copies files to the server.
func up(name string, f files, settings ...string) func(context.Context, *stage) ([]contestant, error) {
	return func(ctx context.Context, s *stage) ([]contestant, error) {
		t, dataset, err := s.onDisk(ctx, name, f)
		if err != nil {
			return nil, err
		}
		arrived := arrivedIn(filepath.Join(s.server.BucketDir(target), "plain"), t)
		field := []contestant{s.byDtool(s.server, s.arrivedDataset(t), "cp", "-q", dataset, "s3://"+target)}
		field = append(field, s.byRclone(s.server, settings, arrived, "copy", t.dir, remoteName+":"+target+"/plain")...)
		if name == "many" {
			return field, nil
		}
		return append(field, s.byAWS(s.server, arrived, "cp", "--recursive", t.dir, "s3://"+target+"/plain")...), nil
	}
}

// down copies files from the server.
func down(name string, f files, settings ...string) func(context.Context, *stage) ([]contestant, error) {
	return func(ctx context.Context, s *stage) ([]contestant, error) {
		t, dataset, prefix, err := s.inS3(ctx, name, f)
		if err != nil {
			return nil, err
		}
		arrived := arrivedIn(s.scratch(), t)
		field := []contestant{s.byDtool(s.server, arrivedIn(filepath.Join(s.scratch(), t.name(), "data"), t),
			"cp", "-q", dataset, s.scratch())}
		field = append(field, s.byRclone(s.server, settings, arrived, "copy", remoteName+":"+source+"/"+prefix, s.scratch())...)
		if name == "many" {
			return field, nil
		}
		return append(field, s.byAWS(s.server, arrived, "cp", "--recursive", "s3://"+source+"/"+prefix, s.scratch())...), nil
	}
}

// across copies files within the server.
func across(ctx context.Context, s *stage) ([]contestant, error) {
	t, dataset, prefix, err := s.inS3(ctx, "small", s.small)
	if err != nil {
		return nil, err
	}
	arrived := arrivedIn(filepath.Join(s.server.BucketDir(target), "plain"), t)
	field := []contestant{s.byDtool(s.server, s.arrivedDataset(t), "cp", "-q", dataset, "s3://"+target)}
	return append(field, s.byRclone(s.server, []string{manyAtOnce}, arrived,
		"copy", remoteName+":"+source+"/"+prefix, remoteName+":"+target+"/plain")...), nil
}

// upFar copies files to the distant server.
func upFar(ctx context.Context, s *stage) ([]contestant, error) {
	t, dataset, err := s.onDisk(ctx, "few", s.few)
	if err != nil {
		return nil, err
	}
	far, err := s.distant(ctx)
	if err != nil {
		return nil, err
	}
	arrived := arrivedIn(filepath.Join(s.server.BucketDir(target), "plain"), t)
	field := []contestant{s.byDtool(far, s.arrivedDataset(t), "cp", "-q", dataset, "s3://"+target)}
	return append(field, s.byRclone(far, []string{farAtOnce}, arrived,
		"copy", t.dir, remoteName+":"+target+"/plain")...), nil
}

// upHuge copies one sparse file to the server, where it is not sparse and is there
// twice while its parts are put together.
func upHuge(ctx context.Context, s *stage) ([]contestant, error) {
	const times = 4
	free, err := freeDisk(s.root)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSkipped, err)
	}
	if free < times*s.huge {
		return nil, fmt.Errorf("%w: %v of the disk are free, and it takes %v", errSkipped, free, times*s.huge)
	}
	t, err := s.treeOf("huge", func(dir string) (tree, error) { return makeSparse(dir, s.huge) })
	if err != nil {
		return nil, err
	}
	dataset, err := s.local(ctx, t)
	if err != nil {
		return nil, err
	}
	return []contestant{s.byDtool(s.server, s.arrivedDataset(t), "cp", "-q", dataset, "s3://"+target)}, nil
}
