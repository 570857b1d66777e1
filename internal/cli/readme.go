package cli

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

func (a *app) readmeCommand() *cobra.Command {
	return group("readme", "Print, check or write the README of a dataset",
		a.readmeShowCommand(), a.readmeValidateCommand(), a.readmeWriteCommand())
}

func (a *app) readmeShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show URI",
		Short: "Print the README of a dataset",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.textOfREADME(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			a.out.Text(append(text, '\n'))
			return nil
		},
	}
	return withExits(cmd)
}

func (a *app) readmeValidateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate URI",
		Short: "Check that the README of a dataset is YAML",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.textOfREADME(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return about(args[0], dtool.ValidateREADME(text))
		},
	}
	return withExits(cmd, exit{5, dtool.ErrInvalidYAML, "it is not YAML, or has a key twice"})
}

func (a *app) readmeWriteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "write URI FILE",
		Short: "Replace the README of a dataset",
		Long: `Replaces the README of a dataset with the text of FILE, or of standard input if
FILE is "-". The text is brought into the usual form, with its comments and its
order kept. The old README of a frozen dataset is kept beside the new one.`,
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runREADMEWrite(cmd.Context(), args[0], args[1])
		},
	}
	return withExits(cmd,
		exit{5, dtool.ErrInvalidYAML, "the text is not YAML, or has a key twice; nothing was changed"},
		exit{2, fs.ErrNotExist, "there is no such file"},
	)
}

func (a *app) runREADMEWrite(ctx context.Context, uri, file string) error {
	ds, err := a.open(ctx, uri)
	if err != nil {
		return err
	}
	text, err := a.readFile(ctx, file)
	if err != nil {
		return err
	}
	if text, err = dtool.NormaliseREADME(text); err != nil {
		return about(file, err)
	}
	if err := ds.WriteREADME(ctx, text); err != nil {
		return err
	}
	return a.notPublishedYet(ctx, ds)
}

// about adds to an error what it is about, as it was named on the command line.
func about(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (a *app) textOfREADME(ctx context.Context, uri string) ([]byte, error) {
	ds, err := a.open(ctx, uri)
	if err != nil {
		return nil, err
	}
	return ds.README(ctx)
}
