package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

func (a *app) tagCommand() *cobra.Command {
	return group("tag", "Put tags on a dataset", a.tagSetCommand(), a.tagLsCommand(), a.tagDeleteCommand())
}

func (a *app) tagSetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set URI TAG",
		Short: "Put a tag on a dataset",
		Args:  arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeTag(cmd.Context(), args[0], args[1], (*dtool.Dataset).SetTag)
		},
	}
	return withExits(cmd, exit{144, dtool.ErrInvalidName, "the tag is no valid name"})
}

func (a *app) changeTag(ctx context.Context, uri, tag string, change func(*dtool.Dataset, context.Context, string) error) error {
	ds, err := a.open(ctx, uri)
	if err != nil {
		return err
	}
	if err := change(ds, ctx, tag); err != nil {
		return err
	}
	return a.notPublishedYet(ctx, ds)
}

func (a *app) tagLsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ls URI",
		Short: "Print the tags of a dataset",
		Args:  arguments(1, 1),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.runTagLs(cmd.Context(), args[0]) },
	}
	return withExits(cmd)
}

func (a *app) runTagLs(ctx context.Context, uri string) error {
	ds, err := a.open(ctx, uri)
	if err != nil {
		return err
	}
	tags, err := ds.Tags(ctx)
	for _, tag := range tags {
		a.out.Printf("%s\n", tag)
	}
	return err
}

func (a *app) tagDeleteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete URI TAG",
		Short: "Take a tag off a dataset, if it is there",
		Args:  arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeTag(cmd.Context(), args[0], args[1], (*dtool.Dataset).DeleteTag)
		},
	}
	return withExits(cmd)
}
