package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

func yes(met bool) string {
	if met {
		return "yes"
	}
	return "**no**"
}

// timeTable has a row for each contestant of each line.
func timeTable(results []result) table {
	t := table{head: []string{"line", "work", "who", "median-", "least-", "most-", "CPU-", "ratio-", "budget", "met"}}
	for _, r := range results {
		if r.err != nil {
			t.add(r.name, r.work, reason(r.err), "", "", "", "", "", "", "")
			continue
		}
		for i, e := range r.entries {
			times := e.times()
			row := []string{"", "", e.name, shown(e.median()), shown(slices.Min(times)), shown(slices.Max(times)), "", "", "", ""}
			if cpu := median(column(e.outcomes, func(o outcome) time.Duration { return o.cpu })); cpu > 0 {
				row[6] = shown(cpu)
			}
			if i == 0 {
				row[0], row[1] = r.name, r.work
				row[7], row[8], row[9] = r.timeVerdict()
			}
			t.add(row...)
		}
	}
	return t
}

// reason says in a cell why there are no figures.
func reason(err error) string {
	if errors.Is(err, errSkipped) {
		return err.Error()
	}
	return "**failed**"
}

// timeVerdict compares the time of dtool with that of the fastest of the others,
// and with the budget.
func (r result) timeVerdict() (ratio, allowed, met string) {
	own, others := r.entries[0].times(), r.entries[1:]
	good := true
	var limits []string
	if fastest := smallest(column(others, entry.median)); fastest >= 0 {
		reached := pairedRatio(own, others[fastest].times())
		ratio = fmt.Sprintf("%.2f", reached)
		if len(others) > 1 {
			ratio += " × " + others[fastest].name
		}
		if r.budget.ratio > 0 {
			limits = append(limits, fmt.Sprintf("≤ %.1f", r.budget.ratio))
			good = good && reached <= r.budget.ratio
		}
	} else if r.budget.ratio > 0 {
		ratio = "nobody to compare with"
	}
	if r.budget.time > 0 {
		limits = append(limits, "≤ "+shown(r.budget.time))
		good = good && median(own) <= r.budget.time
	}
	if limits == nil {
		return ratio, "", ""
	}
	return ratio, strings.Join(limits, ", "), yes(good)
}

// needsTable has the requests and the memory of each contestant.
func needsTable(results []result) table {
	t := table{head: []string{"line", "who", "requests", "budget", "peak memory-", "budget", "met"}}
	for _, r := range results {
		if r.err != nil {
			continue
		}
		for i, e := range r.entries {
			worst := slices.MaxFunc(e.outcomes, func(a, b outcome) int { return cmp.Compare(a.requestsInAll(), b.requestsInAll()) })
			peak := slices.MaxFunc(column(e.outcomes, func(o outcome) memory { return o.peak }), compareMemory)
			row := []string{"", e.name, operations(worst.requests), "", peak.String(), "", ""}
			if i == 0 {
				row[0] = r.name
				row[3], row[5], row[6] = r.budget.needs(worst.requestsInAll(), peak.most)
			}
			t.add(row...)
		}
	}
	return t
}

// needs compares requests and memory with the budget.
func (b budget) needs(requests int, peak size) (maxRequests, maxPeak, met string) {
	good := true
	if b.requests > 0 {
		maxRequests = "≤ " + thousands(b.requests)
		good = good && requests <= b.requests
	}
	if b.peak > 0 {
		maxPeak = "≤ " + b.peak.String()
		good = good && peak <= b.peak
	}
	if maxRequests == "" && maxPeak == "" {
		return "", "", ""
	}
	return maxRequests, maxPeak, yes(good)
}

// operations lists requests, the most frequent first.
func operations(requests map[string]int) string {
	names := slices.SortedFunc(maps.Keys(requests), func(a, b string) int {
		return cmp.Or(requests[b]-requests[a], strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = thousands(requests[name]) + " " + name
	}
	return strings.Join(names, ", ")
}

// settingsOf lists what contestants were told beyond the work itself.
func settingsOf(results []result) []string {
	var notes []string
	for _, r := range results {
		for _, e := range r.entries {
			switch {
			case e.settings != "" && strings.HasPrefix(e.settings, "--"):
				notes = append(notes, fmt.Sprintf("%s: %s with %#q", r.name, e.name, e.settings))
			case e.settings != "":
				notes = append(notes, fmt.Sprintf("%s: %s, %s", r.name, e.name, e.settings))
			}
		}
	}
	return notes
}

// A report is all that was measured.
type report struct {
	results []result
	growth  *growth // nil if it was not asked for
}

// err joins the failures of all lines.
func (r report) err() error {
	var all []error
	for _, result := range r.results {
		if result.err != nil && !errors.Is(result.err, errSkipped) {
			all = append(all, fmt.Errorf("%s: %w", result.name, result.err))
		}
	}
	return errors.Join(all...)
}

func (r report) writeTables(w io.Writer) {
	if len(r.results) > 0 {
		fmt.Fprint(w, "## Time\n\n")
		times := timeTable(r.results)
		times.write(w)
		fmt.Fprint(w, "\n## Requests and memory\n\n")
		needs := needsTable(r.results)
		needs.write(w)
		if notes := settingsOf(r.results); notes != nil {
			fmt.Fprint(w, "\nSettings beyond the defaults:\n\n")
			for _, note := range notes {
				fmt.Fprintf(w, "- %s\n", note)
			}
		}
	}
	if r.growth != nil {
		fmt.Fprint(w, "\n## Time of an item, as items on disk become more\n\n")
		growing := r.growth.table()
		growing.write(w)
	}
}
