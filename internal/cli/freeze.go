package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
)

func (a *app) freezeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "freeze PROTO",
		Short: "Make a dataset of a proto dataset",
		Long: `Reads every item of a proto dataset, writes down its size and hash in the
manifest, and makes the proto dataset a dataset, whose items never change.`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runFreeze(cmd.Context(), args[0]) },
	}
	return withExits(cmd,
		exit{2, dtool.ErrTooManyItems, "more items than DTOOL_MAX_FILES_LIMIT"},
		exit{3, dtool.ErrNewline, "the name of an item has a newline"},
		exit{4, dtool.ErrRogue, "the dataset's directory holds what is no part of a dataset"},
	)
}

func (a *app) runFreeze(ctx context.Context, uri string) error {
	proto, err := a.openProto(ctx, uri)
	if errors.Is(err, dtool.ErrFrozen) {
		return errors.Join(err, a.tidy(ctx, uri))
	}
	if err != nil {
		return err
	}
	observer, done := a.observe(false)
	ds, err := proto.Freeze(ctx, dtool.FreezeOptions{Observer: observer})
	done()
	if err != nil && ctx.Err() != nil {
		return hinted{err, "it is a proto dataset as before: dtool freeze " + shellQuoted(uri) + " begins anew"}
	}
	if err != nil {
		return err
	}
	m, err := ds.Manifest(ctx)
	if err != nil {
		return err
	}
	a.out.Printf("Froze %s: %s, %s\n", ds.URI(), items(m.Len()), show.Size(m.TotalSize()))
	return nil
}

// tidy brings the work of a freeze to its end that was interrupted when the dataset
// was frozen already.
func (a *app) tidy(ctx context.Context, uri string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	return ds.FinishFreeze(ctx)
}
