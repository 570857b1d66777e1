package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

func (a *app) verifyCommand() *cobra.Command {
	var full bool
	cmd := &cobra.Command{
		Use:   "verify DS",
		Short: "Check that a dataset is what its manifest says",
		Long: `Compares the items that lie in a dataset with its manifest: which there are and
how large they are, and with --full the hash of every byte. Prints a line for each
item that differs. What is missing or altered can be put right from a good copy of
the same dataset: dtool cp --resume --verify COPY BASE, where BASE holds the bad
one.`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runVerify(cmd.Context(), full, args[0]) },
	}
	cmd.Flags().BoolVarP(&full, "full", "f", false, "read every item and compare its hash")
	return withExits(cmd, exit{1, nil, "an item is unknown, missing or altered"})
}

func (a *app) runVerify(ctx context.Context, full bool, uri string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	observer, done := a.observe(false)
	report, err := ds.Verify(ctx, dtool.VerifyOptions{Full: full, Observer: observer})
	done()
	if err != nil {
		return err
	}
	a.printFound("Unknown item", report.Unknown)
	a.printFound("Missing item", report.Missing)
	a.printFound("Altered item size", report.AlteredSize)
	a.printFound("Altered item hash", report.AlteredHash)
	if !report.Good() {
		return &status{code: 1}
	}
	if n := len(report.Unverifiable); n > 0 {
		a.out.Printf("Nothing wrong was found, and %s could not be checked\n", items(n))
		return nil
	}
	a.out.Printf("All good :)\n")
	return nil
}

func (a *app) printFound(what string, found []dtool.Item) {
	for _, item := range found {
		a.out.Printf("%s: %s %s\n", what, item.Identifier, item.Relpath)
	}
}
