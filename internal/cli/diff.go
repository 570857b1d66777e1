package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

func (a *app) diffCommand() *cobra.Command {
	var full bool
	cmd := &cobra.Command{
		Use:   "diff DS REF",
		Short: "Compare the items of two datasets",
		Long: `Compares the dataset DS with the reference REF: first which items they have, then
their sizes, and with --full the hashes of the items of DS, which are read for
that, with those in the manifest of REF. It stops at the first kind of difference.`,
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runDiff(cmd.Context(), full, args[0], args[1])
		},
	}
	cmd.Flags().BoolVarP(&full, "full", "f", false, "read every item of DS and compare hashes")
	return withExits(cmd,
		exit{1, nil, "identifiers differ"},
		exit{2, nil, "sizes differ"},
		exit{3, nil, "contents differ"},
	)
}

func (a *app) runDiff(ctx context.Context, full bool, uri, refURI string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	ref, err := a.openFrozen(ctx, refURI)
	if err != nil {
		return err
	}
	observer, done := a.observe(false)
	report, err := ds.Diff(ctx, ref, dtool.DiffOptions{Full: full, Observer: observer})
	done()
	if err != nil {
		return err
	}
	return a.printDiff(report, ds.Name(), ref.Name())
}

func (a *app) printDiff(r *dtool.DiffReport, left, right string) error {
	header := func(kind, what string) {
		a.out.Printf("Different %s\nID, %s '%s', %s '%s'\n", kind, what, left, what, right)
	}
	switch {
	case len(r.Identifiers) > 0:
		header("identifiers", "present in")
		for _, d := range r.Identifiers {
			a.out.Printf("%s, %s, %s\n", d.Identifier, pythonBool(d.Left), pythonBool(d.Right))
		}
		return &status{code: 1}
	case len(r.Sizes) > 0:
		header("sizes", "size in")
		for _, d := range r.Sizes {
			a.out.Printf("%s, %d, %d\n", d.Identifier, d.Left, d.Right)
		}
		return &status{code: 2}
	case len(r.Content) > 0:
		header("content", "hash in")
		for _, d := range r.Content {
			a.out.Printf("%s, %s, %s\n", d.Identifier, d.Left, d.Right)
		}
		return &status{code: 3}
	}
	return nil
}

func pythonBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
