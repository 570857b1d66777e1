package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

func (a *app) nameCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "name URI [NEW]",
		Short: "Print the name of a dataset, or give it a new one",
		Long: `Prints the name of a dataset. With NEW the dataset, frozen or not, gets that
name first. Its URI and its directory stay what they are.`,
		Args: arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runName(cmd.Context(), args[0], args[1:]) },
	}
	return withExits(cmd, exit{6, dtool.ErrInvalidName, "the new name is invalid"})
}

func (a *app) runName(ctx context.Context, uri string, newName []string) error {
	ds, err := a.open(ctx, uri)
	if err != nil {
		return err
	}
	for _, name := range newName {
		if err := ds.Rename(ctx, name); err != nil {
			return err
		}
	}
	a.out.Printf("%s\n", ds.Name())
	return nil
}
