package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

// The commands that print one word about a dataset.

func (a *app) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status URI",
		Short: "Print whether a dataset is frozen or proto",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.printOf(cmd.Context(), args[0], a.open, statusOf)
		},
	}
	return withExits(cmd)
}

func (a *app) uriCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "uri URI",
		Short: "Print the full URI of a dataset",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.printOf(cmd.Context(), args[0], a.open, (*dtool.Dataset).URI)
		},
	}
	return withExits(cmd)
}

func (a *app) uuidCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "uuid DS",
		Short: "Print the UUID of a dataset",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.printOf(cmd.Context(), args[0], a.openFrozen, (*dtool.Dataset).UUID)
		},
	}
	return withExits(cmd)
}

func statusOf(ds *dtool.Dataset) string {
	if ds.Frozen() {
		return "frozen"
	}
	return "proto"
}

func (a *app) printOf(
	ctx context.Context, uri string,
	open func(context.Context, string) (*dtool.Dataset, error),
	word func(*dtool.Dataset) string,
) error {
	ds, err := open(ctx, uri)
	if err != nil {
		return err
	}
	a.out.Printf("%s\n", word(ds))
	return nil
}
