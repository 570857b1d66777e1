package cli

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

func (a *app) annotationCommand() *cobra.Command {
	return group("annotation", "Give a dataset named values",
		a.annotationSetCommand(), a.annotationGetCommand(), a.annotationLsCommand())
}

// errNotOfType means that the text of a value does not fit the type that was
// asked for.
var errNotOfType = errors.New("not a value of the type")

func (a *app) annotationSetCommand() *cobra.Command {
	kind := choice{of: []string{"str", "int", "float", "bool", "json"}, value: "str"}
	cmd := &cobra.Command{
		Use:   "set URI KEY VALUE",
		Short: "Set an annotation",
		Long: `Gives the annotation KEY of a dataset the VALUE, a text unless --type says
otherwise. As a bool 0, f and false, in capitals or not, are false, and all else
is true. A negative number needs "--" before it:

  dtool annotation set -t int -- URI KEY -5`,
		Args: arguments(3, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runAnnotationSet(cmd.Context(), kind.value, args[0], args[1], args[2])
		},
	}
	cmd.Flags().VarP(&kind, "type", "t", "what VALUE is: `TYPE` is "+kind.Type())
	return withExits(cmd,
		exit{144, dtool.ErrInvalidName, "the key is no valid name"},
		exit{146, errNotOfType, "the value is not of the type"},
	)
}

func (a *app) runAnnotationSet(ctx context.Context, kind, uri, key, text string) error {
	ds, err := a.open(ctx, uri)
	if err != nil {
		return err
	}
	value, err := typedValue(kind, text)
	if err != nil {
		return err
	}
	if err := ds.SetAnnotation(ctx, key, value); err != nil {
		return err
	}
	return a.notPublishedYet(ctx, ds)
}

// typedValue reads a value as Python's int, float, bool and json.loads would.
func typedValue(kind, text string) (dtool.Value, error) {
	value, err := parseValue(kind, text)
	if err != nil {
		return dtool.Value{}, fmt.Errorf("%w %s: %q", errNotOfType, kind, text)
	}
	return value, nil
}

func parseValue(kind, text string) (dtool.Value, error) {
	switch kind {
	case "int":
		number, ok := new(big.Int).SetString(strings.TrimSpace(text), 10)
		if !ok {
			return dtool.Value{}, strconv.ErrSyntax
		}
		return dtool.ParseValue([]byte(number.String()))
	case "float":
		number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return dtool.Value{}, err
		}
		return dtool.NewValue(number)
	case "bool":
		return dtool.NewValue(!slices.Contains([]string{"0", "f", "false"}, strings.ToLower(text)))
	case "json":
		return dtool.ParseValue([]byte(text))
	}
	return dtool.NewValue(text)
}

func (a *app) annotationGetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "get URI KEY",
		Short: "Print the value of an annotation",
		Args:  arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runAnnotationGet(cmd.Context(), args[0], args[1])
		},
	}
	return withExits(cmd, exit{145, dtool.ErrNoAnnotation, "there is no such annotation"})
}

func (a *app) runAnnotationGet(ctx context.Context, uri, key string) error {
	ds, err := a.open(ctx, uri)
	if err != nil {
		return err
	}
	value, err := ds.Annotation(ctx, key)
	if err != nil {
		return err
	}
	a.out.Printf("%s\n", value.String())
	return nil
}

func (a *app) annotationLsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ls URI",
		Short: "Print all annotations: name, tab, value",
		Args:  arguments(1, 1),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.runAnnotationLs(cmd.Context(), args[0]) },
	}
	return withExits(cmd)
}

func (a *app) runAnnotationLs(ctx context.Context, uri string) error {
	ds, err := a.open(ctx, uri)
	if err != nil {
		return err
	}
	names, err := ds.Annotations(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		value, err := ds.Annotation(ctx, name)
		if err != nil {
			return err
		}
		a.out.Printf("%s\t%s\n", name, value.String())
	}
	return nil
}
