package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

func (a *app) itemCommand() *cobra.Command {
	return group("item", "Print what is known of one item, or get its content",
		a.itemPropertiesCommand(), a.itemFetchCommand(), a.itemRelpathCommand(), a.itemOverlayCommand())
}

func (a *app) itemPropertiesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "properties DS ID",
		Short: "Print relpath, size, time and hash of an item as JSON",
		Args:  arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			item, err := a.findItem(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			a.out.Text(append(item.JSON(), '\n'))
			return nil
		},
	}
	return withExits(cmd, exit{20, dtool.ErrNoItem, "there is no such item"})
}

func (a *app) itemFetchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fetch DS ID",
		Short: "Print the path of a local file with the content of an item",
		Long: `Prints the absolute path of a local file that holds the content of an item. What
lies in a bucket is downloaded into the cache, checked, and kept there.`,
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runItemFetch(cmd.Context(), args[0], args[1])
		},
	}
	return withExits(cmd, exit{20, dtool.ErrNoItem, "there is no such item"})
}

func (a *app) runItemFetch(ctx context.Context, uri, id string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	path, err := ds.ItemPath(ctx, id)
	if err != nil {
		return a.meantRelpath(ctx, ds, id, err)
	}
	a.out.Printf("%s\n", path)
	return nil
}

func (a *app) itemRelpathCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "relpath DS ID",
		Short: "Print the relpath of an item",
		Args:  arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			item, err := a.findItem(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			a.out.Printf("%s\n", item.Relpath)
			return nil
		},
	}
	return withExits(cmd, exit{21, dtool.ErrNoItem, "there is no such item"})
}

func (a *app) itemOverlayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "overlay NAME DS ID",
		Short: "Print the value that an overlay has for an item",
		Args:  arguments(3, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runItemOverlay(cmd.Context(), args[0], args[1], args[2])
		},
	}
	return withExits(cmd,
		exit{4, dtool.ErrNoOverlay, "there is no such overlay"},
		exit{5, dtool.ErrNoItem, "there is no such item, or the overlay has no value for it"},
	)
}

func (a *app) runItemOverlay(ctx context.Context, name, uri, id string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	overlay, err := ds.Overlay(ctx, name)
	if errors.Is(err, dtool.ErrNoOverlay) {
		return a.otherOverlays(ctx, ds, err)
	}
	if err != nil {
		return err
	}
	if err := a.warnOfMisfit(ctx, ds, name, overlay); err != nil {
		return err
	}
	value, ok := overlay[id]
	if !ok {
		err := fmt.Errorf("overlay %s of %s: %w: %s", name, ds.URI(), dtool.ErrNoItem, id)
		return a.meantRelpath(ctx, ds, id, err)
	}
	a.out.Printf("%s\n", value.String())
	return nil
}

// warnOfMisfit tells of an overlay that does not fit its dataset.
func (a *app) warnOfMisfit(ctx context.Context, ds *dtool.Dataset, name string, overlay dtool.Overlay) error {
	m, err := ds.Manifest(ctx)
	if err != nil {
		return err
	}
	if misfit := overlay.Misfit(m); misfit != "" {
		a.notes.Printf("dtool: warning: overlay %s of %s: %s", name, ds.URI(), misfit)
	}
	return nil
}

func (a *app) findItem(ctx context.Context, uri, id string) (dtool.Item, error) {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return dtool.Item{}, err
	}
	m, err := ds.Manifest(ctx)
	if err != nil {
		return dtool.Item{}, err
	}
	item, err := m.Item(id)
	if err != nil {
		return item, a.meantRelpath(ctx, ds, id, err)
	}
	return item, nil
}

// meantRelpath adds to the error for an unknown identifier the right one, if a
// relpath was given in its place.
func (a *app) meantRelpath(ctx context.Context, ds *dtool.Dataset, given string, err error) error {
	if !errors.Is(err, dtool.ErrNoItem) {
		return err
	}
	m, manifestErr := ds.Manifest(ctx)
	if manifestErr != nil {
		return err
	}
	if item, err := m.Item(dtool.Identifier(given)); err == nil {
		return hinted{fmt.Errorf("%s: %w: %s", ds.URI(), dtool.ErrNoItem, given), "that is a relpath; its identifier is " + item.Identifier}
	}
	return hinted{err, "dtool ls " + shellQuoted(ds.URI()) + " shows the identifiers beside the relpaths"}
}

// otherOverlays adds to the error for an unknown overlay which there are.
func (a *app) otherOverlays(ctx context.Context, ds *dtool.Dataset, err error) error {
	names, listErr := ds.Overlays(ctx)
	switch {
	case listErr != nil:
		return err
	case len(names) == 0:
		return hinted{err, "the dataset has no overlays"}
	}
	return hinted{err, "the dataset has " + strings.Join(names, ", ")}
}
