package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

func (a *app) addCommand() *cobra.Command {
	return group("add", "Add files, and metadata of files, to a proto dataset", a.addItemCommand(), a.addMetadataCommand())
}

func (a *app) addItemCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "item FILE... PROTO [RELPATH]",
		Short: "Add files and directories",
		Long: `Copies files into a proto dataset, each under its base name. A directory is
added with all files below it, under the directory's own name.

A single FILE may be given its path in the dataset as RELPATH; the RELPATH "."
puts the files of a directory at the top of the dataset. Of three arguments the
second is taken for the PROTO if there is a dataset by that URI; otherwise the
last one is. A file that was added before under the same path is replaced.`,
		Args: arguments(2, -1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runAddItem(cmd.Context(), args) },
	}
	return withExits(cmd,
		exit{2, fs.ErrNotExist, "there is no such file"},
		exit{2, dtool.ErrInvalidItem, "the relpath is not valid"},
	)
}

// An addition is a file or a directory to be added, and where it goes.
type addition struct {
	path    string
	relpath string
	dir     bool
}

func (a *app) runAddItem(ctx context.Context, args []string) error {
	paths, proto, relpath, err := a.splitAddArgs(ctx, args)
	if err != nil {
		return err
	}
	additions, err := planAdditions(paths, relpath)
	if err != nil {
		return err
	}
	observer, done := a.observe(false)
	defer done()
	for _, add := range additions {
		if add.dir {
			err = proto.AddDir(ctx, add.path, add.relpath, observer)
		} else {
			err = proto.AddFile(ctx, add.path, add.relpath, observer)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// splitAddArgs finds the proto dataset among the arguments: the last one, or of
// three the second with a relpath behind it.
func (a *app) splitAddArgs(ctx context.Context, args []string) (paths []string, proto *dtool.Proto, relpath string, err error) {
	if len(args) == 3 {
		proto, err = a.openProto(ctx, args[1])
		if !errors.Is(err, dtool.ErrNotDataset) {
			return args[:1], proto, args[2], err
		}
	}
	last := len(args) - 1
	proto, err = a.openProto(ctx, args[last])
	return args[:last], proto, "", err
}

// planAdditions looks at everything before anything is added.
func planAdditions(paths []string, relpath string) ([]addition, error) {
	var additions []addition
	from := map[string]string{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		add := addition{path: path, relpath: relpath, dir: info.IsDir()}
		if relpath == "" {
			if add.relpath, err = baseName(path); err != nil {
				return nil, err
			}
		}
		if other, ok := from[add.relpath]; ok {
			return nil, &usageError{fmt.Sprintf("%s and %s would both become %s", other, path, add.relpath), "add them one by one, each with a RELPATH"}
		}
		from[add.relpath] = path
		if add.dir && filepath.Clean(add.relpath) == "." {
			add.relpath = ""
		}
		additions = append(additions, add)
	}
	return additions, nil
}

// baseName gives the last part of a path, which for "." is the directory's name.
func baseName(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	return filepath.Base(absolute), err
}

func (a *app) addMetadataCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "metadata PROTO RELPATH KEY VALUE",
		Short: "Add a value to an item, which freezing makes an overlay of",
		Long: `Notes that the item at RELPATH has the VALUE, a text, for the KEY. Freezing
makes an overlay of each KEY.`,
		Args: arguments(4, 4),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runAddMetadata(cmd.Context(), args[0], args[1], args[2], args[3])
		},
	}
	return withExits(cmd,
		exit{2, dtool.ErrNoItem, "there is no item at RELPATH"},
		exit{2, dtool.ErrInvalidItem, "RELPATH is not valid"},
		exit{2, dtool.ErrInvalidName, "the key is no name for an overlay"},
	)
}

func (a *app) runAddMetadata(ctx context.Context, uri, relpath, key, text string) error {
	proto, err := a.openProto(ctx, uri)
	if err != nil {
		return err
	}
	value, err := dtool.NewValue(text)
	if err != nil {
		return err
	}
	err = proto.AddMetadata(ctx, relpath, key, value)
	if errors.Is(err, dtool.ErrNoItem) {
		return hinted{err, "add the item first"}
	}
	return err
}
