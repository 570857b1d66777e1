package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
	"github.com/dtool-go/dtool/storage"
)

type cpOptions struct {
	quiet  bool
	resume bool
	verify bool
	dryRun bool
}

func (a *app) cpCommand() *cobra.Command {
	var o cpOptions
	cmd := &cobra.Command{
		Use:   "cp DS BASE",
		Short: "Copy a dataset to another base",
		Long: `Copies a frozen dataset into BASE and prints the URI of the copy on the last
line. Every byte that passes through this machine is compared with the manifest on
its way; the copy becomes a dataset only when all of it is there and right. A copy
that was interrupted is completed with --resume, which keeps the items that arrived.
With --verify it reads each of them for that, and so puts a copy right that was
damaged later.

Between buckets of one S3 store, the store itself copies the items. Of small ones it
tells the checksum; large ones it may copy unread, which is said at the end. With
--verify they pass through this machine and are read, too.

With --dry-run nothing is written: what would be copied is listed, each item with
its size and the reason.`,
		Args: arguments(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runCp(cmd.Context(), o, args[0], args[1])
		},
	}
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print the URI alone")
	cmd.Flags().BoolVar(&o.resume, "resume", false, "complete an interrupted copy")
	cmd.Flags().BoolVar(&o.verify, "verify", false, "read every item, those that are there already and those that the store would copy")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "list what would be copied, and why")
	return withExits(cmd)
}

// copyCommand is the old name of cp.
func (a *app) copyCommand() *cobra.Command {
	cmd := a.cpCommand()
	cmd.Use = "copy DS BASE"
	cmd.Short = "The old name of cp"
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a.notes.Printf("dtool: warning: dtool copy is deprecated, dtool cp is the same")
		return run(cmd, args)
	}
	return cmd
}

func (a *app) runCp(ctx context.Context, o cpOptions, uri, base string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	client, err := a.library()
	if err != nil {
		return err
	}
	if o.dryRun {
		return a.printPlan(ctx, client, o, ds, uri, base)
	}
	observer, done := a.observe(o.quiet)
	result, err := client.Copy(ctx, ds, base, o.forLibrary(observer))
	done()
	if err != nil {
		return o.resumable(ctx, err, uri, base)
	}
	if result.AlreadyComplete {
		a.notes.Printf("%s", o.nothingToDo())
	} else if !o.quiet {
		a.out.Printf("%s\n", copied(result))
	}
	if result.Unread > 0 {
		a.notes.Printf("The store itself copied %s unread: dtool verify --full %s reads what is there",
			items(result.Unread), shellQuoted(result.Dataset.URI()))
	}
	a.out.Printf("%s\n", result.Dataset.URI())
	return nil
}

func (o cpOptions) forLibrary(observer dtool.Observer) dtool.CopyOptions {
	return dtool.CopyOptions{Resume: o.resume, Verify: o.verify, Observer: observer}
}

// printPlan says what a copy would do.
func (a *app) printPlan(ctx context.Context, client *dtool.Client, o cpOptions, ds *dtool.Dataset, uri, base string) error {
	observer, done := a.observe(o.quiet)
	plan, err := client.PlanCopy(ctx, ds, base, o.forLibrary(observer))
	done()
	if err != nil {
		return o.resumable(ctx, err, uri, base)
	}
	if !o.quiet {
		for _, p := range plan.Items {
			a.out.Printf("%s  %s: %s\n", show.PaddedSize(p.Size), p.Relpath, string(p.Why))
		}
		a.out.Printf("%s\n", o.wouldCopy(plan))
	}
	a.out.Printf("%s\n", plan.URI)
	return nil
}

func (o cpOptions) wouldCopy(p *dtool.CopyPlan) string {
	if p.Complete {
		return o.nothingToDo()
	}
	return withKept(fmt.Sprintf("Would copy %s, %s", items(len(p.Items)), show.Size(p.Bytes())), p.Kept)
}

func (o cpOptions) nothingToDo() string {
	if o.verify {
		return "Nothing to do: the copy is complete, and all of it was read and is right"
	}
	return "Nothing to do: the copy is complete already"
}

func copied(r *dtool.CopyResult) string {
	return withKept(fmt.Sprintf("Copied %s, %s", items(r.Copied), show.Size(r.Bytes)), r.Kept)
}

func withKept(text string, kept int) string {
	if kept > 0 {
		text += fmt.Sprintf("; %s had arrived before", items(kept))
	}
	return text
}

// resumable says how to go on after a copy that did not come to its end.
func (o cpOptions) resumable(ctx context.Context, err error, uri, base string) error {
	resume := fmt.Sprintf("dtool cp --resume %s %s", shellQuoted(uri), shellQuoted(base))
	var item *dtool.ItemError
	switch {
	case ctx.Err() != nil:
		return hinted{err, resume + " goes on from here"}
	case errors.Is(err, dtool.ErrExists) && !o.resume:
		return hinted{err, resume + " completes it, if it is an interrupted copy of this dataset; otherwise choose another base"}
	case errors.Is(err, dtool.ErrExists):
		return hinted{err, "choose another base"}
	case errors.As(err, &item) && errors.Is(err, storage.ErrCorrupted):
		return hinted{err, "dtool verify --full " + shellQuoted(uri) + " tells what is damaged; once that is right, " + resume + " goes on"}
	case errors.As(err, &item), passes(err):
		return hinted{err, strings.TrimPrefix(hintFor(ctx, err)+"; ", "; ") + resume + " goes on once the cause is gone"}
	}
	return err
}

// passes tells whether a failure is one that may pass, or be made to, with the
// copy as it is.
func passes(err error) bool {
	return errors.Is(err, storage.ErrUnreachable) || errors.Is(err, storage.ErrThrottled) || errors.Is(err, storage.ErrForbidden)
}

// shellQuoted shows a text as one would type it to a shell.
func shellQuoted(text string) string {
	if strings.IndexFunc(text, needsQuotes) < 0 && text != "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func needsQuotes(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/:._-+,@%=", r)
}
