package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
)

type lsOptions struct {
	quiet   bool
	verbose bool
}

func (a *app) lsCommand() *cobra.Command {
	var o lsOptions
	cmd := &cobra.Command{
		Use:   "ls [BASE | DS]",
		Short: "List the datasets of a base, or the items of a dataset",
		Long: `Lists the datasets in BASE, by default the current directory: for each the name,
with a star before it if it is a proto dataset, and the URI. Or lists the items of
the frozen dataset DS: for each the identifier and the relpath, by relpath.`,
		Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runLs(cmd.Context(), o, append(args, ".")[0])
		},
	}
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print URIs alone, or relpaths alone")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "print creator, date and UUID, or sizes")
	return withExits(cmd, exit{1, dtool.ErrNotFrozen, "the items of a proto dataset are asked for"})
}

func (a *app) runLs(ctx context.Context, o lsOptions, uri string) error {
	client, err := a.library()
	if err != nil {
		return err
	}
	isBase, err := client.IsBase(ctx, uri)
	if err != nil {
		return err
	}
	if isBase {
		return a.listDatasets(ctx, o, client, uri)
	}
	ds, err := client.OpenFrozen(ctx, uri)
	if err != nil {
		return err
	}
	return a.listItems(ctx, o, ds)
}

// listDatasets prints what can be listed even if some of it cannot.
func (a *app) listDatasets(ctx context.Context, o lsOptions, client *dtool.Client, base string) error {
	var failed []error
	for ds, err := range client.List(ctx, base) {
		if err != nil {
			failed = append(failed, err)
			continue
		}
		a.printDataset(o, ds)
	}
	return errors.Join(failed...)
}

func (a *app) printDataset(o lsOptions, ds *dtool.Dataset) {
	if o.quiet {
		a.out.Printf("%s\n", ds.URI())
		return
	}
	mark := ""
	if !ds.Frozen() {
		mark = "*"
	}
	a.out.Printf("%s%s\n  %s\n", mark, ds.Name(), ds.URI())
	if !o.verbose {
		return
	}
	a.out.Printf("  %s", ds.Creator())
	if at, ok := ds.FrozenAt(); ok && ds.Frozen() {
		a.out.Printf("  %s", day(at))
	}
	a.out.Printf("  %s\n", ds.UUID())
}

func (a *app) listItems(ctx context.Context, o lsOptions, ds *dtool.Dataset) error {
	m, err := ds.Manifest(ctx)
	if err != nil {
		return err
	}
	for _, item := range m.Items() {
		switch {
		case o.quiet:
			a.out.Printf("%s\n", item.Relpath)
		case o.verbose:
			a.out.Printf("%s%s  %s\n", item.Identifier, show.PaddedSize(item.Size), item.Relpath)
		default:
			a.out.Printf("%s\t%s\n", item.Identifier, item.Relpath)
		}
	}
	return nil
}
