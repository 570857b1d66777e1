package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/show"
)

type rmOptions struct {
	quiet  bool
	yes    bool
	dryRun bool
}

func (a *app) rmCommand() *cobra.Command {
	var o rmOptions
	cmd := &cobra.Command{
		Use:   "rm URI...",
		Short: "Remove datasets, proto datasets and what is left of them",
		Long: `Shows what would be removed, asks, and removes it. Where nobody can be asked, --yes
is needed. If one URI is of no dataset then nothing is removed. A bucket with
versioning keeps what is removed as older versions, which is said where it is known;
elsewhere it is gone for good.

A dataset stops being one at once: in a bucket its registration goes first, on disk
its administrative metadata. Then goes all that lies under its own keys, or in its
directory as a part of it, and nothing else: what somebody has laid beside the data
stays, and so does what links lead to. A removal that was interrupted is ended by the
same command, and so is what an interrupted create or cp has left.

If one dataset cannot be removed, those after it are removed all the same.`,
		Args: arguments(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !o.yes && !o.dryRun && !isTerminal(a.Stdin) {
				return &usageError{"rm: nobody can be asked here", "dtool rm --yes removes without asking, dtool rm --dry-run shows what would be removed"}
			}
			return a.runRm(cmd.Context(), o, args)
		},
	}
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print the URIs of what was removed alone")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be removed")
	return withExits(cmd, exit{1, errDeclined, "the question was not answered with yes"})
}

// errDeclined means that somebody was asked, and did not say yes.
var errDeclined = errors.New("nothing was removed")

func (a *app) runRm(ctx context.Context, o rmOptions, uris []string) error {
	client, err := a.library()
	if err != nil {
		return err
	}
	removals, err := planRemovals(ctx, client, uris)
	if err != nil {
		return err
	}
	tell := func(format string, args ...any) { a.out.Printf(format+"\n", args...) }
	if !o.yes && !o.dryRun {
		tell = a.notes.Printf // to whoever answers
	}
	for _, r := range removals {
		switch {
		case o.quiet && o.dryRun:
			a.out.Printf("%s\n", r.URI)
		case !o.quiet || !o.yes:
			showRemoval(tell, r)
		}
		a.warnOfRemoval(r)
	}
	if o.dryRun {
		return nil
	}
	if !o.yes {
		if err := a.askToRemove(ctx, len(removals)); err != nil {
			return err
		}
	}
	return a.removeAll(ctx, o, client, removals)
}

// planRemovals looks at all of the URIs before anything is removed. One that is named
// twice is removed once.
func planRemovals(ctx context.Context, client *dtool.Client, uris []string) ([]*dtool.Removal, error) {
	var removals []*dtool.Removal
	var failed []error
	for _, uri := range uris {
		r, err := client.PlanRemove(ctx, uri)
		switch {
		case errors.Is(err, dtool.ErrInside):
			failed = append(failed, hinted{err, "remove that one first, if it is to go, too"})
		case err != nil:
			failed = append(failed, err)
		case !slices.ContainsFunc(removals, func(other *dtool.Removal) bool { return other.Where == r.Where && other.URI == r.URI }):
			removals = append(removals, r)
		}
	}
	return removals, errors.Join(failed...)
}

func showRemoval(tell func(format string, args ...any), r *dtool.Removal) {
	if d := r.Dataset; d != nil {
		tell("%s, %s", d.Name(), stageOf(d))
		tell("  %s", r.URI)
		tell("  UUID %s, made by %s%s", d.UUID(), d.Creator(), onDay(d))
	} else {
		tell("The remains of a dataset")
		tell("  %s", r.URI)
	}
	tell("  %s, %s, below %s", objects(r.Objects), show.Size(r.Bytes), r.Where)
}

func stageOf(d *dtool.Dataset) string {
	switch {
	case d.Frozen():
		return "a frozen dataset"
	case d.Unfinished():
		return "an unfinished dataset"
	}
	return "a proto dataset"
}

func onDay(d *dtool.Dataset) string {
	if at, ok := d.FrozenAt(); ok && d.Frozen() {
		return ", frozen on " + day(at)
	}
	if at, ok := d.CreatedAt(); ok {
		return " on " + day(at)
	}
	return ""
}

func objects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// warnOfRemoval tells what others lose, and what nobody else will remove.
func (a *app) warnOfRemoval(r *dtool.Removal) {
	if r.Published {
		a.notes.Printf("dtool: warning: %s is published, or URLs of it were signed: they will lead to nothing", r.URI)
	}
	if r.Delivery {
		a.notes.Printf("dtool: warning: %s is being delivered: files can still come as long as what was signed for it holds, 7 days at most; dtool rm again removes those", r.URI)
	}
	if r.Versions {
		a.notes.Printf("dtool: warning: %s is not gone for good: the bucket keeps what is removed as older versions, until a rule of the bucket or its owner removes those", r.URI)
	}
	if r.Strays > 0 {
		a.notes.Printf("dtool: warning: %s has %s among its data that came after the freeze, and are no items: they go, too", r.URI, files(r.Strays))
	}
	if len(r.Stays) > 0 {
		a.notes.Printf("dtool: warning: %s keeps what is no part of a dataset: %s", r.URI, strings.Join(r.Stays, ", "))
	}
}

func (a *app) askToRemove(ctx context.Context, n int) error {
	question := "Remove it?"
	if n > 1 {
		question = fmt.Sprintf("Remove these %d?", n)
	}
	fmt.Fprintf(a.Stderr, "%s [y/N] ", question)
	answer, err := untilCancelled(ctx, func() (string, error) { return bufio.NewReader(io.LimitReader(a.Stdin, 1<<10)).ReadString('\n') })
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errDeclined
}

func (a *app) removeAll(ctx context.Context, o rmOptions, client *dtool.Client, removals []*dtool.Removal) error {
	var failed []error
	for _, r := range removals {
		observer, done := a.observe(o.quiet)
		err := client.Remove(ctx, r, dtool.RemoveOptions{Observer: observer})
		done()
		switch {
		case err != nil && ctx.Err() != nil:
			return hinted{err, o.again(r) + " goes on from here"}
		case err != nil:
			failed = append(failed, o.toBeEnded(ctx, r, err))
		case o.quiet:
			a.out.Printf("%s\n", r.URI)
		default:
			a.out.Printf("Removed %s\n", r.URI)
		}
	}
	return errors.Join(failed...)
}

// toBeEnded says how to end a removal that has begun.
func (o rmOptions) toBeEnded(ctx context.Context, r *dtool.Removal, err error) error {
	var failure *dtool.RemoveError
	if !errors.As(err, &failure) || !failure.Begun {
		return err
	}
	if errors.Is(err, dtool.ErrStatement) {
		return hinted{err, withStoreHint(err) + "whoever may change the policy runs dtool unpublish " + shellQuoted(r.URI) + " before"}
	}
	return hinted{err, strings.TrimPrefix(hintFor(ctx, err)+"; ", "; ") + o.again(r) + " goes on once the cause is gone"}
}

func (o rmOptions) again(r *dtool.Removal) string {
	if o.yes {
		return "dtool rm --yes " + shellQuoted(r.URI)
	}
	return "dtool rm " + shellQuoted(r.URI)
}
