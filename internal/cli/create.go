package cli

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
	"github.com/dtool-go/dtool/storage"
)

type createOptions struct {
	quiet   bool
	symlink string
	from    string
}

func (a *app) createCommand() *cobra.Command {
	var o createOptions
	cmd := &cobra.Command{
		Use:   "create NAME [BASE]",
		Short: "Make a proto dataset, or with --from a whole dataset",
		Long: `Makes an empty proto dataset in BASE, by default the current directory. Files
are put into it with dtool add, or on disk by any other means into its data
directory, and dtool freeze then makes a dataset of it.

With --from DIR all of that is one step: the files of DIR are copied into a new
dataset, which is frozen. DIR is not changed. If it fails nothing is left.

With --symlink-path DIR the dataset describes the files of DIR where they lie.`,
		Args: arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			base := "."
			if len(args) == 2 {
				base = args[1]
			}
			flags := cmd.Flags()
			switch {
			case flags.Changed("from") && o.from == "", flags.Changed("symlink-path") && o.symlink == "":
				return misused(cmd, "--from and --symlink-path take the name of a directory")
			case o.from != "" && o.symlink != "":
				return misused(cmd, "--from and --symlink-path exclude each other")
			case isFile(o.from + o.symlink):
				return misused(cmd, "%q is no directory", o.from+o.symlink)
			case o.from != "":
				return a.runCreateFrom(cmd.Context(), o, args[0], base)
			}
			return a.runCreate(cmd.Context(), o, args[0], base)
		},
	}
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print the URI alone")
	cmd.Flags().StringVarP(&o.symlink, "symlink-path", "s", "", "describe the files of the directory `DIR` where they lie")
	cmd.Flags().StringVar(&o.from, "from", "", "make a frozen dataset of the files of the directory `DIR`")
	return withExits(cmd,
		exit{6, dtool.ErrInvalidName, "the name is invalid"},
		exit{2, storage.ErrNoStore, "there is no such base, or something is there already"},
		exit{2, dtool.ErrNoSource, "--from, -s: there is no such directory"},
		exit{2, dtool.ErrTooManyItems, "--from: more items than DTOOL_MAX_FILES_LIMIT"},
		exit{3, dtool.ErrNewline, "--from: a file name has a newline"},
	)
}

func (a *app) runCreate(ctx context.Context, o createOptions, name, base string) error {
	client, err := a.library()
	if err != nil {
		return err
	}
	proto, err := client.Create(ctx, name, base, dtool.CreateOptions{SymlinkTo: o.symlink})
	if err != nil {
		return err
	}
	uri := proto.URI()
	if o.quiet {
		a.out.Printf("%s\n", uri)
		return nil
	}
	a.out.Printf("Created the proto dataset %s\n\nNext:\n", uri)
	uri = shellQuoted(uri)
	if o.symlink == "" {
		a.out.Printf("  dtool add item FILE... %s\n", uri)
	}
	a.out.Printf("  dtool readme write %s README.yml\n", uri)
	a.out.Printf("  dtool freeze %s\n", uri)
	return nil
}

func (a *app) runCreateFrom(ctx context.Context, o createOptions, name, base string) error {
	client, err := a.library()
	if err != nil {
		return err
	}
	observer, done := a.observe(o.quiet)
	ds, err := client.CreateFrom(ctx, o.from, name, base, dtool.CreateFromOptions{Observer: observer})
	done()
	if err != nil && ctx.Err() != nil && !errors.Is(err, dtool.ErrLeftBehind) {
		return hinted{err, "nothing was left behind, and " + shellQuoted(o.from) + " is as it was"}
	}
	if err != nil {
		return err
	}
	if !o.quiet {
		if err := a.tellSize(ctx, "Created", ds); err != nil {
			return err
		}
	}
	a.out.Printf("%s\n", ds.URI())
	return nil
}

// tellSize prints what was done, and how much of it.
func (a *app) tellSize(ctx context.Context, what string, ds *dtool.Dataset) error {
	m, err := ds.Manifest(ctx)
	if err != nil {
		return err
	}
	a.out.Printf("%s %s: %s, %s\n", what, ds.Name(), items(m.Len()), show.Size(m.TotalSize()))
	return nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
