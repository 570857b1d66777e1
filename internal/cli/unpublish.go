package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
)

func (a *app) unpublishCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "unpublish DS",
		Short: "Take back what publish has done",
		Long: `Takes back that others can read a dataset: removes http_manifest.json and the page for
browsers, makes objects private that everybody may read by their ACL, and takes the
dataset's statement out of the policy of the bucket. Then it asks, without credentials,
whether anything can be read still, and says what, and why.

URLs that were signed are good until they expire, and this says when that is; to end
that earlier, revoke the access key that signed them.`,
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
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	observer, done := a.observe(false)
	w, err := ds.Unpublish(ctx, dtool.UnpublishOptions{Observer: observer})
	done()
	if err != nil {
		return hinted{err, strings.TrimPrefix(hintFor(ctx, err)+"; ", "; ") + "dtool unpublish " + shellQuoted(uri) + " goes on from here"}
	}
	a.out.Printf("%s\n", withdrawn(w))
	if !w.Signed.IsZero() {
		a.out.Printf("URLs that were signed are good until %s, unless the access key that signed them is revoked\n", moment(w.Signed))
	}
	if n := len(w.Readable); n > 0 {
		return hinted{
			fmt.Errorf("%s can still be read without credentials, %s for one", objects(n), w.Readable[0]),
			"what dtool publish did is taken back: look for a policy of the bucket that lets everybody read, or a web server before it",
		}
	}
	return nil
}

// withdrawn says what was taken back.
func withdrawn(w *dtool.Withdrawal) string {
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
	switch {
	case w.Never:
		return "Nothing to take back: the dataset is not published"
	case did == nil:
		return "Nothing to take back: the dataset is not published any more"
	}
	return "Taken back: " + strings.Join(did, ", ")
}

// inWays names how a dataset was published.
func inWays(ways []dtool.Way) string {
	words := map[dtool.Way]string{
		dtool.ByACL: "by ACLs", dtool.ByPolicy: "by the policy of the bucket", dtool.ByURL: "by a public URL", dtool.BySignature: "by signed URLs",
	}
	var names []string
	for _, way := range ways {
		if word, ok := words[way]; ok {
			names = append(names, word)
		}
	}
	return strings.Join(names, ", ")
}
