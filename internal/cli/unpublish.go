package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

func (a *app) unpublishCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "unpublish DS",
		Short: "Take back what publish has done",
		Long: `Takes back that others can read a dataset: removes http_manifest.json and the page for
browsers, makes objects private that everybody may read by their ACL, and takes the
dataset's statement out of the policy of the bucket. Then it asks, without credentials,
whether anything can be read still, and says what, and why. Of a dataset that is not
there any more, the statement in the policy is taken out.

URLs that publish signed are good until they expire, and this says when that is. Those
of dtool sign are recorded nowhere: they hold for as long as they were signed for,
7 days at most. To end either earlier, revoke the access key that signed them.`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runUnpublish(cmd.Context(), args[0])
		},
	}
	return withExits(cmd,
		exit{1, nil, "some of it can be read without credentials all the same"},
		exit{2, dtool.ErrCannotPublish, "the dataset lies where nothing can be published"},
	)
}

func (a *app) runUnpublish(ctx context.Context, uri string) error {
	client, err := a.library()
	if err != nil {
		return err
	}
	ds, err := client.OpenFrozen(ctx, uri)
	if errors.Is(err, dtool.ErrNotDataset) {
		return a.unpublishRemains(ctx, client, err, uri)
	}
	if err != nil {
		return err
	}
	observer, done := a.observe(false)
	w, err := ds.Unpublish(ctx, dtool.UnpublishOptions{Observer: observer})
	done()
	if err != nil {
		return a.halfWithdrawn(ctx, w, err, uri)
	}
	a.out.Printf("%s\n", withdrawn(w))
	if !w.Signed.IsZero() {
		a.out.Printf("%s; revoking the access key that signed them ends that\n", signedUntil(w.Signed))
	}
	if w.Versions {
		a.out.Printf("The bucket keeps what is removed as older versions, http_manifest.json with its URLs among them\n")
	}
	return stillReadable(w)
}

// unpublishRemains takes back what outlives a dataset, and otherwise says that there is none.
func (a *app) unpublishRemains(ctx context.Context, client *dtool.Client, notDataset error, uri string) error {
	removed, err := client.UnpublishRemains(ctx, uri)
	switch {
	case !removed:
		return notDataset
	case err != nil:
		return err
	}
	a.out.Printf("%s\n", withdrawn(&dtool.Withdrawal{Statement: true}))
	return nil
}

// halfWithdrawn says what was taken back before something failed, and what to do.
func (a *app) halfWithdrawn(ctx context.Context, w *dtool.Withdrawal, err error, uri string) error {
	if w == nil {
		return err
	}
	if did := takenBack(w); did != "" {
		a.out.Printf("Taken back: %s\n", did)
	}
	next := "dtool unpublish " + shellQuoted(uri) + " goes on from here"
	if errors.Is(err, storage.ErrForbidden) {
		next = "until somebody who has the right runs dtool unpublish " + shellQuoted(uri) + ", everybody may read what is not taken back"
	}
	return hinted{err, strings.TrimPrefix(hintFor(ctx, err)+"; ", "; ") + next}
}

// stillReadable is nil if nothing can be read.
func stillReadable(w *dtool.Withdrawal) error {
	if len(w.Readable) == 0 {
		return nil
	}
	err := fmt.Errorf("%s can still be read without credentials, %s for one", objects(len(w.Readable)), w.Readable[0])
	if w.Kept != nil {
		return hinted{fmt.Errorf("%w: %w", err, w.Kept), "whoever may change the policy has to take that statement out; if it has none, another one lets everybody read, or a web server before the bucket"}
	}
	return hinted{err, "what dtool publish did is taken back: look for a policy of the bucket that lets everybody read, or a web server before it"}
}

// signedUntil says until when URLs are good. Those of dtool sign are recorded nowhere,
// since signing takes no right to write.
func signedUntil(t time.Time) string {
	return fmt.Sprintf("URLs that publish signed are good until %s, those of dtool sign for as long as they were signed for", clock(t))
}

// withdrawn says what came of it.
func withdrawn(w *dtool.Withdrawal) string {
	did := takenBack(w)
	switch {
	case w.Never:
		return "Nothing to take back: the dataset is not published"
	case did == "" && len(w.Readable) > 0:
		return "Nothing was taken back"
	case did == "":
		return "Nothing to take back: the dataset is not published any more"
	}
	return "Taken back: " + did
}

func takenBack(w *dtool.Withdrawal) string {
	var did []string
	for _, step := range []struct {
		done bool
		says string
	}{
		{w.Manifest, "http_manifest.json is removed"},
		{w.Page, "the page for browsers is removed"},
		{w.Statement, "the statement is taken out of the policy of the bucket"},
		{w.Private > 0, fmt.Sprintf("%s made private", objects(w.Private))},
	} {
		if step.done {
			did = append(did, step.says)
		}
	}
	return strings.Join(did, ", ")
}
