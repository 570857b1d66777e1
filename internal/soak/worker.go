package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/model"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
	"github.com/dtool-go/dtool/storage/s3"
)

// A worker works in places of its own, behind a proxy of its own.
type worker struct {
	*town
	dir    string
	random *rand.Rand
	far    *s3test.Far
	rounds int
}

// stepsOfRound is how many operations are done in the same places, before all is
// looked at once more and other places are taken.
const stepsOfRound = 60

// work does round after round until it is over.
func (w *worker) work(ctx, over context.Context) error {
	var err error
	if w.far, err = w.server.Proxied(ctx); err != nil {
		return err
	}
	defer func() { w.far.Stop() }() // whichever it is by then
	for over.Err() == nil && ctx.Err() == nil {
		w.rounds++
		if err := w.round(ctx, over); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (w *worker) round(ctx, over context.Context) error {
	dir := filepath.Join(w.dir, fmt.Sprint(w.rounds))
	w.up.RLock()
	defer w.up.RUnlock()
	bases, err := w.makeBases(ctx, dir)
	if err != nil {
		return err
	}
	weather := &weather{worker: w}
	world, err := w.newWorld(dir, bases, weather)
	if err != nil {
		return err
	}
	var before model.Counts
	var finding error
	for range stepsOfRound {
		if over.Err() != nil || finding != nil {
			break
		}
		finding = world.Step(ctx)
		w.counts.add(world.Counts, before)
		before = world.Counts
		if weather.broken != nil {
			break
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if finding == nil {
		finding = world.Finish(ctx)
		w.counts.add(world.Counts, before)
		w.counts.finished(world.Datasets())
	}
	if finding != nil {
		w.tell(world, dir, finding)
	} else if err := w.clear(dir, bases); err != nil {
		return err
	}
	return w.mendProxy(ctx, weather.broken)
}

// mendProxy takes another proxy where the one there was has come to grief.
func (w *worker) mendProxy(ctx context.Context, broken error) error {
	if broken == nil {
		return nil
	}
	w.say("another proxy is started, since: %v\n", broken)
	w.counts.fault("proxy lost")
	w.far.Stop()
	far, err := w.server.Proxied(ctx)
	if err != nil {
		return errors.Join(broken, err)
	}
	w.far = far
	return nil
}

// makeBases makes two directories and two buckets.
func (w *worker) makeBases(ctx context.Context, dir string) ([]model.Base, error) {
	var bases []model.Base
	for i := range 2 {
		path := filepath.Join(dir, fmt.Sprint("base-", i))
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, err
		}
		store, err := disk.New(path, disk.Options{})
		if err != nil {
			return nil, err
		}
		bases = append(bases, model.Base{URI: "file://soak" + path, Store: store, Directory: true})

		bucket := fmt.Sprintf("soak-%s-%d-%d", filepath.Base(w.dir), w.rounds, i)
		if err := w.server.MakeBucket(ctx, bucket); err != nil {
			return nil, err
		}
		direct, err := w.open(ctx, w.server, bucket)
		if err != nil {
			return nil, err
		}
		files, err := disk.New(w.server.BucketDir(bucket), disk.Options{})
		if err != nil {
			return nil, err
		}
		bases = append(bases, model.Base{URI: "s3://" + bucket, Store: direct, Files: files})
	}
	return bases, nil
}

// open opens a bucket with waiting times that suit a network of one machine.
func (w *worker) open(ctx context.Context, server *s3test.Server, bucket string) (storage.Store, error) {
	config := s3.Config{
		Endpoint: server.Endpoint, AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey,
		PartSize: 5 << 20, CopySize: 5 << 20, Stall: 2 * time.Second, MaxBackoff: 500 * time.Millisecond,
	}
	if server == &w.far.Server {
		config.Log = slog.New(requestLog{w.counts})
	}
	return s3.Open(ctx, bucket, config)
}

func (w *worker) newWorld(dir string, bases []model.Base, trouble model.Trouble) (*model.World, error) {
	connect := func(server *s3test.Server) (*dtool.Client, error) {
		return dtool.NewClient(dtool.Options{
			Environ:  []string{"LOGNAME=soak", "DTOOL_CACHE_DIRECTORY=" + filepath.Join(dir, "cache")},
			Hostname: "soak",
			Buckets: map[string]storage.Opener{"s3": func(ctx context.Context, bucket string) (storage.Store, error) {
				return w.open(ctx, server, bucket)
			}},
		})
	}
	witness, err := connect(w.server)
	if err != nil {
		return nil, err
	}
	return model.New(model.Config{
		Draw:      func(_ string, n int) int { return w.random.IntN(n) },
		Connect:   func() (*dtool.Client, error) { return connect(&w.far.Server) },
		Witness:   witness,
		Trouble:   trouble,
		Bases:     bases,
		Dir:       dir,
		LargeSize: 12 << 20,
		Many:      300,
	})
}

// tell says what was found, and leaves everything as it is.
func (w *worker) tell(world *model.World, dir string, finding error) {
	lost, wrong := 0, 0
	if errors.Is(finding, model.ErrLost) {
		lost++
	}
	if errors.Is(finding, model.ErrWrong) {
		wrong++
	}
	w.counts.found(lost, wrong)
	w.say("\nfound: %v\nin %s and buckets soak-%s-%d-*, by these operations:\n%s\n\n",
		finding, dir, filepath.Base(w.dir), w.rounds, strings.Join(world.Log(), "\n"))
}

// clear removes the places of a round in which everything was right.
func (w *worker) clear(dir string, bases []model.Base) error {
	for _, base := range bases {
		if bucket, ok := strings.CutPrefix(base.URI, "s3://"); ok {
			if err := os.RemoveAll(w.server.BucketDir(bucket)); err != nil {
				return err
			}
		}
	}
	return os.RemoveAll(dir)
}
