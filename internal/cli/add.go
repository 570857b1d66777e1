package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

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
		exit{2, dtool.ErrNoSource, "there is no such file"},
		exit{2, dtool.ErrInvalidItem, "the relpath is not valid"},
	)
}

func (a *app) runAddItem(ctx context.Context, args []string) error {
	if slices.Contains(args, "") {
		return &usageError{"add item: an argument is empty", "dtool add item FILE... PROTO [RELPATH]"}
	}
	paths, proto, relpath, err := a.splitAddArgs(ctx, args)
	if err != nil {
		return err
	}
	var sources []dtool.Source
	for _, path := range paths {
		source, err := sourceOf(path, relpath)
		if err != nil {
			return err
		}
		sources = append(sources, source)
	}
	observer, done := a.observe(false)
	defer done()
	err = proto.Add(ctx, sources, dtool.AddOptions{Observer: observer})
	if err != nil && ctx.Err() != nil {
		return hinted{err, "some of it may have been added: the same command again adds the rest, and is due before dtool freeze"}
	}
	return err
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
	if len(args) == 3 && errors.Is(err, dtool.ErrNotDataset) {
		err = fmt.Errorf("neither %s nor %s is a proto dataset: %w", args[1], args[2], err)
	}
	return args[:last], proto, "", err
}

// sourceOf says where a file or directory goes: by default both keep their
// names, and "." puts the files of a directory at the top.
func sourceOf(path, relpath string) (dtool.Source, error) {
	var err error
	switch {
	case relpath == "":
		relpath, err = baseName(path)
	case filepath.Clean(relpath) == "." && isDirectory(path):
		relpath = ""
	}
	return dtool.Source{Path: path, Relpath: relpath}, err
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
