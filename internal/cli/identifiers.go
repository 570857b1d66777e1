package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (a *app) identifiersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "identifiers DS",
		Short: "Print the identifier of every item",
		Args:  arguments(1, 1),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.runIdentifiers(cmd.Context(), args[0]) },
	}
	return withExits(cmd)
}

func (a *app) runIdentifiers(ctx context.Context, uri string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	m, err := ds.Manifest(ctx)
	if err != nil {
		return err
	}
	for _, item := range m.Items() {
		a.out.Printf("%s\n", item.Identifier)
	}
	return nil
}
