package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
)

type verifyOptions struct {
	full, json, merge bool
	part              partFlags
}

func (a *app) verifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify DS | --merge FILE...",
		Short: "Check that a dataset is what its manifest says",
		Long: `Compares the items that lie in a dataset with its manifest: which there are and
how large they are, and with --full the hash of every byte. Prints a line for each
item that differs. What is missing or altered can be put right from a good copy of
the same dataset: dtool cp --resume --verify COPY BASE, where BASE holds the bad
one.

A large dataset can be checked in parts. --shard 3/16 takes the third of sixteen
shares, counted from 1, which are the same each time: the tasks of an array on a
cluster check one dataset together. --sample 5% or --sample 200 draws items at
random. Both print a report as JSON, and a sentence about it on standard error.
--merge reads reports of shards, - being standard input, and tells what they amount
to: good only if every shard is there, and good.

  dtool verify --full --shard $SLURM_ARRAY_TASK_ID/16 DS > $SLURM_ARRAY_TASK_ID.json
  dtool verify --merge *.json`,
		Args: o.arguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.merge {
				return a.runMerge(cmd.Context(), o, args)
			}
			return a.runVerify(cmd.Context(), o, args[0])
		},
	}
	cmd.Flags().BoolVarP(&o.full, "full", "f", false, "read every item and compare its hash")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the report as JSON")
	cmd.Flags().BoolVar(&o.merge, "merge", false, "add up the reports of all shards")
	o.part.register(cmd)
	return withExits(cmd,
		exit{1, nil, "an item is unknown, missing or altered"},
		exit{1, dtool.ErrCannotMerge, "reports are of different datasets, or a shard is missing"},
	)
}

// arguments refuses what does not go together.
func (o *verifyOptions) arguments(cmd *cobra.Command, args []string) error {
	asked := o.part.asked(cmd)
	switch {
	case o.merge && (o.full || asked != ""):
		return misused(cmd, "--merge goes with --json alone")
	case o.merge && len(args) == 0:
		return misused(cmd, "FILE is missing")
	case o.merge:
		return nil
	case asked != "" && !o.full:
		return misused(cmd, "%s goes with --full: add --full", asked)
	}
	if err := o.part.check(cmd); err != nil {
		return err
	}
	return arguments(1, 1)(cmd, args)
}

func (a *app) runVerify(ctx context.Context, o verifyOptions, uri string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	part, err := o.part.part(ctx, ds)
	if err != nil {
		return err
	}
	observer, done := a.observe(false)
	report, err := ds.Verify(ctx, dtool.VerifyOptions{Full: o.full, Part: part, Observer: observer})
	done()
	if err != nil {
		return err
	}
	if part.All() && !o.json {
		return a.printVerified(report)
	}
	if err := a.printReport(report); err != nil {
		return err
	}
	if !part.All() {
		a.notes.Printf("%s", checked(report))
	}
	return verified(report)
}

// verified is the exit code of a report.
func verified(r *dtool.VerifyReport) error {
	if r.Good() {
		return nil
	}
	return &status{code: 1}
}

// printVerified says what a verification of everything came to.
func (a *app) printVerified(r *dtool.VerifyReport) error {
	a.printFindings(r)
	if len(r.Missing)+len(r.AlteredSize)+len(r.AlteredHash) > 0 {
		_ = a.out.Flush() // the hint is on what was found; the failure is kept
		a.notes.Printf("hint: if there is a good copy of the dataset, dtool cp --resume --verify COPY BASE puts back what is missing or altered here")
	}
	switch n := len(r.Unverifiable); {
	case !r.Good():
	case n > 0:
		a.out.Printf("Nothing wrong was found, and %s could not be checked\n", items(n))
	default:
		a.out.Printf("All good :)\n")
	}
	return verified(r)
}

func (a *app) printFindings(r *dtool.VerifyReport) {
	a.printFound("Unknown item", r.Unknown)
	a.printFound("Missing item", r.Missing)
	a.printFound("Altered item size", r.AlteredSize)
	a.printFound("Altered item hash", r.AlteredHash)
}

func (a *app) printFound(what string, found []dtool.Finding) {
	for _, f := range found {
		a.out.Printf("%s: %s %s\n", what, f.Identifier, f.Relpath)
	}
}

func (a *app) printReport(r *dtool.VerifyReport) error {
	r.Program = versionOf(a.Version)
	value, err := dtool.NewValue(r)
	if err != nil {
		return err
	}
	a.out.Text(append(value.JSON(), '\n'))
	return nil
}

// checked says in one sentence what was read and what that came to.
func checked(r *dtool.VerifyReport) string {
	text := fmt.Sprintf("%s: checked %d of %s (%s of %s)", r.URI, r.InPart.Items, items(r.Whole.Items),
		show.Size(r.InPart.Bytes), show.Size(r.Whole.Bytes))
	rest := "the rest, " + items(r.Whole.Items-r.InPart.Items) + ", was not"
	switch {
	case r.Part.Of > 0:
		return text + fmt.Sprintf(", shard %s of %d: %s; %s looked at", ranges(r.Part.Shards), r.Part.Of, inWords(r), rest)
	case r.Part.Sample > 0:
		return text + fmt.Sprintf(", seed %d: %s; %s read", r.Part.Seed, inWords(r), rest)
	}
	return text + ": " + inWords(r)
}

// inWords counts findings.
func inWords(r *dtool.VerifyReport) string {
	var counts []string
	count := func(found []dtool.Finding, what string) {
		if len(found) > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", len(found), what))
		}
	}
	count(r.Unknown, "unknown")
	count(r.Missing, "missing")
	count(r.AlteredSize, "of altered size")
	count(r.AlteredHash, "of altered hash")
	if counts == nil {
		counts = []string{"nothing wrong"}
	}
	count(r.Unverifiable, "could not be checked")
	return strings.Join(counts, ", ")
}
