package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// growthName is for -work.
const growthName = "growth"

// maxManifestMemory is what work with the largest manifest may have resident.
const maxManifestMemory = 400 * mib

// growthSize is that of the items whose number grows: what is measured is what
// an item costs beyond its bytes.
const growthSize = 64

// A growth is what dtool needs for datasets of more and more items on disk.
type growth struct {
	items []int
	works []string
	times map[string][]time.Duration // by work, one for each number of items
	peaks map[string]memory          // by work, of the largest number
}

// measureGrowth makes a dataset of each number of items, does with it what must
// not become slower, and removes it.
func (s *stage) measureGrowth(ctx context.Context, progress io.Writer) (growth, error) {
	g := growth{items: s.growth, times: map[string][]time.Duration{}, peaks: map[string]memory{}}
	for _, n := range s.growth {
		fmt.Fprintf(progress, "%s: %s items\n", growthName, thousands(n))
		if err := s.grow(ctx, &g, n); err != nil {
			return g, fmt.Errorf("%s items: %w", thousands(n), err)
		}
	}
	return g, s.clear(ctx)
}

func (s *stage) grow(ctx context.Context, g *growth, n int) error {
	if err := s.clear(ctx); err != nil {
		return err
	}
	dir := filepath.Join(s.root, "growth")
	defer os.RemoveAll(dir)
	t, err := makeTree(filepath.Join(dir, "tree"), files{n, growthSize})
	if err != nil {
		return err
	}
	copies := filepath.Join(s.scratch(), "copies")
	if err := os.Mkdir(copies, 0o755); err != nil {
		return err
	}
	dataset := filepath.Join(s.scratch(), "grown")
	for _, step := range []struct {
		work  string
		args  []string
		check func(outcome) error
	}{
		{"create --from", []string{"create", "-q", "--from", t.dir, "grown", s.scratch()}, arrivedIn(filepath.Join(dataset, "data"), t)},
		{"ls", []string{"ls", "-q", dataset}, hasLines(n)},
		{"verify", []string{"verify", dataset}, nil},
		{"cp", []string{"cp", "-q", dataset, copies}, arrivedIn(filepath.Join(copies, "grown", "data"), t)},
		{"cp --resume, all of it there", []string{"cp", "--resume", "-q", dataset, copies}, nil},
	} {
		o, err := s.dtoolCommand(s.server, step.args...).run(ctx)
		if err == nil && step.check != nil {
			err = step.check(o)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", step.work, err)
		}
		if g.times[step.work] == nil {
			g.works = append(g.works, step.work)
		}
		g.times[step.work] = append(g.times[step.work], o.elapsed)
		g.peaks[step.work] = o.peak
	}
	return nil
}

// table has the time of an item, which must not grow with their number.
func (g growth) table() table {
	t := table{head: []string{"work"}}
	for _, n := range g.items {
		t.head = append(t.head, thousands(n)+" items-")
	}
	t.head = append(t.head, "peak memory-", "budget", "met")
	for _, work := range g.works {
		row := []string{work}
		for i, took := range g.times[work] {
			row = append(row, shown(took/time.Duration(g.items[i])))
		}
		peak := g.peaks[work]
		t.add(append(row, peak.String(), "≤ "+maxManifestMemory.String(), yes(peak.most <= maxManifestMemory))...)
	}
	return t
}
