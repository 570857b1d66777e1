package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
)

type signOptions struct {
	expires          expiry
	json, quiet      bool
	upload, complete bool
	name, readme     string
}

const signHelp = `Prints URLs under which a dataset in a bucket can be read without credentials: for
each part and item a line with its name, a tab and the URL. They are secrets, hold
for a day or as --expires says, at most 7d, and cannot be taken back.

With --upload, somebody without credentials can deliver a dataset. MANIFEST is a
frozen dataset of which all but the items is copied into BASE, so that nothing but
the items has to come; or a manifest.json, of which a new dataset is made with --name.
Prints a shell script that sends the items with curl, to be run in the directory
where they lie. What is signed lets in the bytes that the manifest promises, and
nothing else. Of a delivery that was begun, --upload URI prints the script for what
is still missing.

With --complete, a delivery is checked, every byte of it, and frozen. What is missing
or wrong is listed, and then nothing has changed.`

func (a *app) signCommand() *cobra.Command {
	var o signOptions
	cmd := &cobra.Command{
		Use:   "sign DS | --upload MANIFEST BASE | --upload URI | --complete URI",
		Short: "Hand a dataset over to or by somebody without credentials",
		Long:  signHelp,
		Args:  o.arguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.upload:
				return a.runSignUpload(cmd.Context(), o, args)
			case o.complete:
				return a.runSignComplete(cmd.Context(), o, args[0])
			}
			return a.runSign(cmd.Context(), o, args[0])
		},
	}
	cmd.Flags().Var(&o.expires, "expires", "sign what is good for `TIME`, such as 7d, 12h or 3600 (seconds); a day by default")
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
	cmd.Flags().BoolVar(&o.upload, "upload", false, "sign what lets a dataset be delivered")
	cmd.Flags().BoolVar(&o.complete, "complete", false, "check what was delivered, and freeze it")
	cmd.Flags().StringVar(&o.name, "name", "", "`NAME` of the dataset that is made of a manifest.json")
	cmd.Flags().StringVar(&o.readme, "readme", "", "its README, from a `FILE` or, with -, from standard input")
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print the result alone")
	return withExits(cmd,
		exit{1, nil, "--complete: an item is missing, altered or unknown; nothing was frozen"},
		exit{2, dtool.ErrCannotSign, "the dataset is not in a bucket"},
		exit{2, dtool.ErrNoDelivery, "no delivery was begun at the URI"},
		exit{2, fs.ErrNotExist, "--upload: there is no such file"},
		exit{3, dtool.ErrNewline, "--upload: a file name has a newline"},
		exit{5, dtool.ErrInvalidYAML, "--readme: the text is not YAML"},
		exit{6, dtool.ErrInvalidName, "--name: the name is invalid"},
	)
}

// arguments refuses what does not go together.
func (o *signOptions) arguments(cmd *cobra.Command, args []string) error {
	flags := cmd.Flags()
	switch {
	case o.upload && o.complete:
		return misused(cmd, "--upload and --complete exclude each other")
	case o.complete && (o.json || flags.Changed("expires")):
		return misused(cmd, "--complete signs nothing: --json and --expires do not go with it")
	case !o.upload && (flags.Changed("name") || flags.Changed("readme")):
		return misused(cmd, "--name and --readme go with --upload MANIFEST BASE")
	case o.upload && len(args) == 0:
		return misused(cmd, "MANIFEST is missing")
	case o.upload && len(args) > 2:
		return misused(cmd, "--upload takes 1 to 2 arguments, not %d", len(args))
	case !o.upload:
		return arguments(1, 1)(cmd, args)
	}
	isNew := len(args) == 2 && isFile(args[0])
	switch {
	case len(args) == 2 && isMissing(args[0]):
		return nil // which is for opening it to say
	case len(args) == 1 && isFile(args[0]):
		return misused(cmd, "BASE is missing")
	case isNew && !flags.Changed("name"):
		return misused(cmd, "--name is missing: a manifest says nothing of the dataset's name")
	case !isNew && (flags.Changed("name") || flags.Changed("readme")):
		return misused(cmd, "--name and --readme go with a manifest.json: %s has a name and a README of its own", args[0])
	}
	return nil
}

func (a *app) runSign(ctx context.Context, o signOptions, uri string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	signed, err := ds.Sign(ctx, dtool.SignOptions{Expires: time.Duration(o.expires)})
	if err != nil {
		return err
	}
	if o.json {
		a.out.Text(append(signed.JSON(), '\n'))
	} else {
		for _, part := range signed.Parts {
			a.out.Printf("%s\t%s\n", show.Escape(part.Name, ""), part.URL)
		}
		for _, item := range signed.Items {
			a.out.Printf("data/%s\t%s\n", show.Escape(item.Relpath, ""), item.URL)
		}
	}
	if !o.quiet {
		a.notes.Printf("Whoever has these URLs can read %s until %s", show.Escape(signed.Name, ""), clock(signed.ExpiresAt))
	}
	return nil
}

func (a *app) runSignUpload(ctx context.Context, o signOptions, args []string) error {
	d, err := a.prepareDelivery(ctx, o, args)
	if err != nil {
		return err
	}
	if o.json {
		a.out.Text(append(d.JSON(), '\n'))
	} else {
		a.out.Text([]byte(deliveryScript(d)))
	}
	if o.quiet {
		return nil
	}
	if len(d.Items) == 0 {
		a.notes.Printf("All %s of %s have arrived", items(d.Delivered), d.URI)
	} else {
		a.notes.Printf("%s; it holds until %s", withKept(fmt.Sprintf("To be delivered to %s: %s", d.URI, items(len(d.Items))), d.Delivered), clock(d.ExpiresAt))
	}
	a.notes.Printf("Afterwards: dtool sign --complete %s", shellQuoted(d.URI))
	if len(d.Items) > 0 {
		a.notes.Printf("For a new script: dtool sign --upload %s", shellQuoted(d.URI))
	}
	return nil
}

func (a *app) prepareDelivery(ctx context.Context, o signOptions, args []string) (*dtool.Delivery, error) {
	client, err := a.library()
	if err != nil {
		return nil, err
	}
	observer, done := a.observe(o.quiet)
	defer done()
	sign := dtool.SignOptions{Expires: time.Duration(o.expires), Observer: observer}
	switch {
	case len(args) == 1:
		return client.RenewDelivery(ctx, args[0], sign)
	case isFile(args[0]), isMissing(args[0]):
		n, err := a.newDataset(ctx, o, args[0])
		if err != nil {
			return nil, err
		}
		return client.PrepareNewDelivery(ctx, n, args[1], sign)
	}
	ds, err := client.OpenFrozen(ctx, args[0])
	if err != nil {
		return nil, err
	}
	d, err := client.PrepareDelivery(ctx, ds, args[1], sign)
	if errors.Is(err, dtool.ErrFrozen) {
		err = hinted{err, "the dataset is there already, and whole"}
	}
	return d, err
}

// isMissing tells of what can only be a path that there is nothing at it.
func isMissing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist) && !strings.Contains(path, ":")
}

// newDataset reads what is known of a dataset that is nowhere yet.
func (a *app) newDataset(ctx context.Context, o signOptions, manifest string) (n dtool.NewDataset, err error) {
	n.Name = o.name
	if o.readme != "" {
		if n.README, err = a.readFile(ctx, o.readme); err != nil {
			return n, err
		}
		if n.README, err = dtool.NormaliseREADME(n.README); err != nil {
			return n, about(o.readme, err)
		}
	}
	f, err := os.Open(manifest)
	if err != nil {
		return n, err
	}
	defer f.Close()
	n.Manifest, err = dtool.ReadManifest(f)
	if errors.Is(err, dtool.ErrBadManifest) {
		err = hinted{err, "it is to be the manifest.json of a dataset, of docs/format.md"}
	}
	return n, about(manifest, err)
}

func (a *app) runSignComplete(ctx context.Context, o signOptions, uri string) error {
	client, err := a.library()
	if err != nil {
		return err
	}
	observer, done := a.observe(o.quiet)
	r, err := client.CompleteDelivery(ctx, uri, dtool.CompleteOptions{Observer: observer})
	done()
	switch {
	case err != nil:
		return err
	case r.Dataset == nil:
		return a.printIncomplete(r)
	case o.quiet:
	case r.AlreadyComplete:
		a.notes.Printf("Nothing to do: the dataset is frozen already")
	default:
		if err := a.tellSize(ctx, "Frozen", r.Dataset); err != nil {
			return err
		}
	}
	a.out.Printf("%s\n", r.URI)
	return nil
}

// printIncomplete lists what a delivery lacks.
func (a *app) printIncomplete(r *dtool.DeliveryReport) error {
	for _, item := range r.Wrong {
		a.out.Printf("%s: %s %s\n", undelivered(item.Why), item.Identifier, item.Relpath)
	}
	for _, key := range r.Foreign {
		a.out.Printf("Unknown item: %s\n", key)
	}
	var lacks, hints []string
	if n := len(r.Wrong); n > 0 {
		lacks = append(lacks, fmt.Sprintf("%d of %s missing or wrong", n, items(r.Items)))
		hints = append(hints, "dtool sign --upload "+shellQuoted(r.URI)+" signs that again")
	}
	if n := len(r.Foreign); n > 0 {
		lacks = append(lacks, objects(n)+" unknown")
		hints = append(hints, "what is unknown is to be removed")
	}
	err := fmt.Errorf("%s: not complete, and not frozen: %s", r.URI, strings.Join(lacks, ", "))
	return &status{1, hinted{err, strings.Join(hints, "; ")}}
}

// undelivered says of an item what is wrong, in the words of dtool verify.
func undelivered(why dtool.CopyReason) string {
	switch why {
	case dtool.NotThere:
		return "Missing item"
	case dtool.OtherSize:
		return "Altered item size"
	case dtool.OtherContent:
		return "Altered item hash"
	case dtool.Unrecorded:
	}
	return "Item without handle or checksum"
}
