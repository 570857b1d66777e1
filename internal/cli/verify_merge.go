package cli

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/dtool-go/dtool"
)

func (a *app) runMerge(ctx context.Context, o verifyOptions, files []string) error {
	var merge dtool.VerifyMerge
	for _, name := range files {
		if err := a.mergeFile(ctx, &merge, name); err != nil {
			return err
		}
	}
	report, err := merge.Report()
	if err != nil {
		return err
	}
	switch {
	case o.json:
		err = a.printReport(report)
	case report.Part.All():
		a.notes.Printf("%s", checked(report))
		return a.printVerified(report)
	default:
		a.printFindings(report)
	}
	if err == nil {
		err = absent(report)
	}
	if err == nil {
		err = verified(report)
	}
	return err
}

func (a *app) mergeFile(ctx context.Context, merge *dtool.VerifyMerge, name string) error {
	reports, err := a.readReports(ctx, name)
	if err != nil {
		return err
	}
	for _, report := range reports {
		if err := merge.Add(report); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// readReports reads a file, or standard input where its name is "-".
func (a *app) readReports(ctx context.Context, name string) ([]*dtool.VerifyReport, error) {
	r := a.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	reports, err := untilCancelled(ctx, func() ([]*dtool.VerifyReport, error) { return dtool.ReadReports(r) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return reports, nil
}

// absent is the error for shards that no report is of.
func absent(r *dtool.VerifyReport) error {
	if r.Part.All() {
		return nil
	}
	there := map[int]bool{}
	for _, shard := range r.Part.Shards {
		there[shard] = true
	}
	var missing []int
	for shard := 1; shard <= r.Part.Of; shard++ {
		if !there[shard] {
			missing = append(missing, shard)
		}
	}
	word := "shards"
	if len(missing) == 1 {
		word = "shard"
	}
	return hinted{
		fmt.Errorf("%s: %w to a verdict: there is no report of %s %s of %d", r.URI, dtool.ErrCannotMerge, word, ranges(missing), r.Part.Of),
		fmt.Sprintf("dtool verify --full --shard %d/%d DS > FILE makes one", missing[0], r.Part.Of),
	}
}

// ranges shows ascending numbers: "2, 5-9".
func ranges(numbers []int) string {
	var b strings.Builder
	for i := 0; i < len(numbers); i++ {
		first := numbers[i]
		for i+1 < len(numbers) && numbers[i+1] == numbers[i]+1 {
			i++
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(first))
		if last := numbers[i]; last > first {
			fmt.Fprintf(&b, "-%d", last)
		}
	}
	return b.String()
}
