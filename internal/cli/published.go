package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/dtool-go/dtool"
)

func (a *app) runPublished(ctx context.Context, o publishOptions, uri string) error {
	ds, err := a.openFrozen(ctx, uri)
	if err != nil {
		return err
	}
	observer, done := a.observe(o.quiet)
	p, err := ds.Published(ctx, dtool.PublishedOptions{Observer: observer})
	done()
	if err != nil {
		return err
	}
	if o.json {
		a.out.Text(append(p.JSON(), '\n'))
		return nil
	}
	a.printPublished(o.quiet, p)
	return nil
}

// printPublished tells what can be read, quiet in one word.
func (a *app) printPublished(quiet bool, p *dtool.Published) {
	if quiet {
		a.out.Printf("%s\n", p.Readable())
		return
	}
	switch {
	case p.Whole():
		a.out.Printf("Everybody can read it: %s\n", p.AccessURL)
	case p.Nothing():
		a.out.Printf("Nobody can read it without credentials or a signed URL\n")
	default:
		a.out.Printf("Everybody can read a part of it: %s\n", p.AccessURL)
	}
	if !p.Nothing() {
		for _, part := range []struct {
			name string
			open bool
		}{{"http_manifest.json", p.HTTPManifest}, {"page for browsers", p.Page}, {"README", p.README}, {"manifest", p.Manifest}} {
			a.out.Printf("  %-18s  %s\n", part.name, yesOrNo(part.open))
		}
		a.out.Printf("  %-18s  %d of %d\n", "items", p.ReadableItems, p.Items)
	}
	if len(p.Ways) > 0 {
		a.out.Printf("Published: %s\n", inWays(p.Ways))
	}
	if len(p.Ways) > 0 && p.Ways[0] != dtool.BySignature && !p.Whole() && !p.Nothing() {
		a.notes.Printf("hint: %s publishes what has changed since", republish(p.Ways, p.URI))
	}
	if !p.SignedUntil.IsZero() {
		a.out.Printf("%s\n", signedUntil(p.SignedUntil))
	}
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
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

// notPublishedYet tells whoever has changed a document of a published dataset that
// others do not have the change: by an ACL not even what was there before, since what is
// written anew is private.
func (a *app) notPublishedYet(ctx context.Context, ds *dtool.Dataset) error {
	if !ds.Frozen() {
		return nil
	}
	observer, done := a.observe(true)
	ways, err := ds.Ways(ctx, observer)
	done()
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		a.notes.Printf("dtool: warning: whether the dataset is published, and must be published again, is not known: %v", err)
	case len(ways) > 0:
		a.notes.Printf("note: the dataset is published %s; until it is published again, others may not be able to read what has changed: %s", inWays(ways), republish(ways, ds.URI()))
	}
	return nil
}

// republish gives the command that publishes a dataset as it was published before, in the
// first of the ways: never to more people than that.
func republish(ways []dtool.Way, uri string) string {
	how := ""
	switch {
	case slices.Contains(ways, dtool.ByACL):
	case slices.Contains(ways, dtool.ByPolicy):
		how = "--policy --apply "
	case slices.Contains(ways, dtool.ByURL):
		how = "--public-url URL "
	default:
		how = "--expires 7d "
	}
	return "dtool publish " + how + shellQuoted(uri)
}
