package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

type publishOptions struct {
	quiet, policy, apply, page, status, json bool

	expires         expiryOrNever
	publicURL, into string
}

const publishHelp = `Lets others read a frozen dataset in a bucket over HTTP, without an account, and prints
its access URL on the last line: dtool cp, ls, verify and others take it in place of a
URI, and any program can read http_manifest.json behind it. The URL is printed once the
dataset could be opened by it, without credentials, and all of it answered.

There are four ways:

  dtool publish DS                      everybody may read, by the ACL of each object
  dtool publish --expires 7d DS         whoever has the URL may read, until it expires
  dtool publish --policy --apply DS     everybody may read, by the policy of the bucket
  dtool publish --public-url URL DS     the bucket is public already, or something else
                                        hands out its objects below URL

New buckets at AWS have no ACLs. --policy without --apply prints the statement and
changes nothing, for whoever may change the policy; --into adds it to what the policy
says already. Once it is in force, or the bucket is public anyway, dtool publish DS sees
that everybody may read, and does the rest. README, items, overlays, annotations
and tags are published as they are now; what is added later is by publishing again. A
policy also lets everybody read a README, or a label, that is written again under its name.

--status tells what can be read now, and dtool unpublish takes all of it back.`

func (a *app) publishCommand() *cobra.Command {
	var o publishOptions
	cmd := &cobra.Command{
		Use:   "publish DS",
		Short: "Let others read a dataset over HTTP",
		Long:  publishHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return arguments(1, 1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.status:
				return a.runPublished(cmd.Context(), o, args[0])
			case o.policy && !o.apply:
				return a.printPolicy(cmd.Context(), o, args[0])
			}
			return a.runPublish(cmd.Context(), o, args[0])
		},
	}
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print the access URL alone; with --status: whole, part or nothing")
	cmd.Flags().Var(&o.expires, "expires", "sign URLs that are good for `TIME`, such as 7d, 12h or 3600 (seconds), or never")
	cmd.Flags().StringVar(&o.publicURL, "public-url", "", "the `URL` below which the keys of the bucket lie for everybody")
	cmd.Flags().BoolVar(&o.policy, "policy", false, "print the statement for the policy of the bucket")
	cmd.Flags().StringVar(&o.into, "into", "", "with --policy: add it to the policy in `FILE`, or in standard input if it is \"-\"")
	cmd.Flags().BoolVar(&o.apply, "apply", false, "with --policy: put it into the policy, and publish")
	cmd.Flags().BoolVar(&o.page, "page", false, "put a page for browsers there, too")
	cmd.Flags().BoolVar(&o.status, "status", false, "tell what can be read without credentials")
	cmd.Flags().BoolVar(&o.json, "json", false, "with --status: print it as JSON")
	return withExits(cmd,
		exit{2, dtool.ErrCannotPublish, "the dataset lies where nothing can be published"},
		exit{2, fs.ErrNotExist, "--into: there is no such file"},
	)
}

// check refuses what does not go together.
func (o *publishOptions) check(cmd *cobra.Command) error {
	publishes := o.expires.given || o.publicURL != "" || o.policy || o.page || o.into != ""
	switch {
	case o.status && publishes:
		return misused(cmd, "--status goes with --json alone")
	case o.json && !o.status:
		return misused(cmd, "--json goes with --status")
	case o.apply && !o.policy:
		return misused(cmd, "--apply goes with --policy")
	case o.into != "" && (!o.policy || o.apply):
		return misused(cmd, "--into goes with --policy without --apply")
	case o.policy && !o.apply && (o.expires.given || o.publicURL != "" || o.page):
		return misused(cmd, "--policy changes nothing without --apply: add it, or leave the others out")
	case o.expires.expiry != 0 && (o.policy || o.publicURL != ""):
		return misused(cmd, "--expires goes with neither --policy nor --public-url, by which everybody can read")
	case cmd.Flags().Changed("public-url") && o.publicURL == "":
		return misused(cmd, "--public-url is empty")
	}
	return nil
}

// An expiryOrNever is an expiry, or the word that no setting is to count.
type expiryOrNever struct {
	expiry
	given bool
}

func (e *expiryOrNever) Set(text string) error {
	e.given = true
	if text == "never" {
		e.expiry = 0
		return nil
	}
	return e.expiry.Set(text)
}

// forLibrary has the setting count if the command line says nothing.
func (o *publishOptions) forLibrary(client *dtool.Client, uri string) (dtool.PublishOptions, error) {
	options := dtool.PublishOptions{Expires: time.Duration(o.expires.expiry), Policy: o.policy, PublicURL: o.publicURL, Page: o.page}
	if o.expires.given || o.policy || o.publicURL != "" {
		return options, nil
	}
	var err error
	if options.Expires, err = client.PublishExpiry(uri); err != nil && !errors.Is(err, dtool.ErrInvalidURI) {
		err = &usageError{err.Error(), "set it to a number of seconds, 604800 at most, or to nothing, or use --expires"}
	}
	return options, err
}

func (a *app) runPublish(ctx context.Context, o publishOptions, uri string) error {
	client, err := a.library()
	if err != nil {
		return err
	}
	options, err := o.forLibrary(client, uri)
	if err != nil {
		return err
	}
	ds, err := client.OpenFrozen(ctx, uri)
	if err != nil {
		return err
	}
	observer, done := a.observe(o.quiet)
	options.Observer = observer
	result, err := ds.Publish(ctx, options)
	done()
	if err != nil {
		return publishAgain(ctx, err, uri)
	}
	if !o.quiet {
		a.out.Printf("%s\n", published(result))
		if result.PageURL != "" {
			a.out.Printf("Page: %s\n", result.PageURL)
		}
	}
	a.out.Printf("%s\n", result.AccessURL)
	return nil
}

// published says who can read what was published.
func published(p *dtool.Publication) string {
	if p.Way == dtool.BySignature {
		return fmt.Sprintf("Published for whoever has this URL, until %s: %s", clock(p.Expires), objects(p.Objects))
	}
	return fmt.Sprintf("Published for everybody: %s", objects(p.Objects))
}

// publishAgain says what to do about a publication that failed.
func publishAgain(ctx context.Context, err error, uri string) error {
	if errors.Is(err, dtool.ErrInvalidURI) {
		return hinted{err, "--public-url begins with https:// or http://"}
	}
	var failed *dtool.PublishError
	if !errors.As(err, &failed) {
		return err
	}
	takeBack := "dtool unpublish " + shellQuoted(uri) + " takes it back"
	switch {
	case errors.Is(err, dtool.ErrPublic):
		return hinted{err, "who can read it needs no signed URLs: --expires never gives the URL for everybody; " + takeBack + ", or else a policy of the whole bucket lets everybody read"}
	case failed.Unread && ctx.Err() == nil:
		return hinted{err, whyUnread(failed) + "; " + takeBack}
	case errors.Is(err, storage.ErrNoACLs):
		return hinted{err, withStoreHint(err) + "--expires 7d gives a URL that is good for a week, and needs nothing to be public; " +
			"--policy prints the statement that the policy of the bucket needs, and with --apply puts it there; " +
			"--public-url URL is for a bucket that is public already, or has a web server before it"}
	case failed.Closed && ctx.Err() == nil:
		return hinted{err, whyUnread(failed)}
	case failed.Way == dtool.ByPolicy && errors.Is(err, storage.ErrForbidden) && !failed.Begun:
		return hinted{err, withStoreHint(err) + "without --apply, it prints the statement for whoever may change the policy"}
	case failed.Begun:
		return hinted{err, withStoreHint(err) + "the same command goes on; " + takeBack}
	}
	return err
}

// withStoreHint gives the store's own words, to begin a hint with.
func withStoreHint(err error) string {
	var store *storage.Error
	if errors.As(err, &store) && store.Hint != "" {
		return store.Hint + "; "
	}
	return ""
}

// whyUnread says what keeps everybody from reading what was published.
func whyUnread(e *dtool.PublishError) string {
	refused := errors.Is(e, storage.ErrForbidden)
	switch {
	case e.Way == dtool.ByURL:
		return "everybody must be able to read all of the dataset there; --public-url is to be the URL below which the keys of the bucket lie"
	case e.Way == dtool.BySignature && refused:
		return "the access key that signed may have no right to read, or a clock is wrong"
	case e.Way == dtool.ByACL && refused:
		return "the store took the ACLs and yet lets nobody read: Block Public Access (IgnorePublicAcls) of the bucket or the account, or a policy that denies it, stands above them"
	case e.Way == dtool.ByPolicy && refused:
		return "the bucket's policy lets everybody read and the store yet does not: Block Public Access (RestrictPublicBuckets) of the bucket or the account, or another statement that denies it, stands above it"
	}
	return "the dataset must be reachable from here by its public URL"
}

// printPolicy prints what an administrator is to put in force, and says what else
// stands there: who puts a policy replaces the one before.
func (a *app) printPolicy(ctx context.Context, o publishOptions, uri string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	into, err := a.readPolicy(ctx, o.into)
	if err != nil {
		return err
	}
	text, err := ds.PublishPolicy(ctx, into)
	if err != nil {
		return err
	}
	a.out.Text(text)
	if o.quiet {
		return nil
	}
	if o.into == "" {
		a.notes.Printf("note: the policy that the bucket has must keep its other statements: --into FILE adds this one to them")
	}
	a.notes.Printf("Once it is the policy of the bucket: dtool publish %s", shellQuoted(uri))
	return nil
}
