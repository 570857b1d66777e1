package dtool_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/internal/s3test"
)

func TestCopiesOfFixturesAreTheSameEverywhere(t *testing.T) {
	elsewhere, err := s3test.Run(t.Context(), t.TempDir())
	must(t, err)
	t.Cleanup(elsewhere.Stop)
	eachFrozenFixture(t, func(t *testing.T, at site, want snapshot) {
		c := newCopier(t, at, want)
		prefixed := bucketOn(t, s3test.StartOwn(t)).withPrefix("u/olssont")
		other := bucketOn(t, elsewhere)
		c.sites(at, prefixed, other)
		source := mustOpen(t, c.client, at, want.UUID)

		onDisk := c.toDirectory(source)
		inBucket := c.toSite(source, prefixed)
		c.toSite(onDisk, other)
		c.toDirectory(inBucket)
		if root := prefixed.root(t, want.UUID); root != "u/olssont/"+want.UUID+"/" {
			t.Errorf("the copy in the bucket with a prefix lies under %s", root)
		}

		other = bucketOn(t, elsewhere)
		c.sites(at, other)
		source = mustOpen(t, c.client, at, want.UUID)
		c.toDirectory(c.toSite(source, other))
	})
}

func TestCopiesOfDiskFixtureAreTheSameEverywhere(t *testing.T) {
	dir, id := diskFixture(t, fixtures.Frozen)
	at := bucketOn(t, s3test.Start(t))
	at.removeAfter(t, id)
	c := &copier{t: t, parts: partsOnDisk(t, dir)}
	c.want = frozenWith(described(id, fixtures.Frozen, true), fixtureItems())
	c.sites(at)
	source, err := c.client.Open(t.Context(), dir)
	must(t, err)
	if diff := cmp.Diff(c.want, snapshotOf(t, source)); diff != "" {
		t.Errorf("the fixture differs (-want +got):\n%s", diff)
	}
	mustVerify(t, source)
	c.toDirectory(c.toSite(source, at))
	c.toDirectory(source)
}

func TestProtoFixtureCannotBeCopied(t *testing.T) {
	dir, _ := diskFixture(t, fixtures.Proto)
	client := clientFor(t)
	proto, err := client.Open(t.Context(), dir)
	must(t, err)
	base := t.TempDir()
	_, err = client.Copy(t.Context(), proto, base, dtool.CopyOptions{})
	wantError(t, err, dtool.ErrNotFrozen, proto.URI())
	if left := tree(t, base); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A copier copies a dataset about and compares each copy with what is wanted.
type copier struct {
	t      *testing.T
	client *dtool.Client
	want   snapshot
	parts  map[string]string // to the letter
}

func newCopier(t *testing.T, at site, want snapshot) *copier {
	t.Helper()
	c := &copier{t: t, want: want, parts: at.parts(t, want.UUID)}
	if c.parts["dtool"] == "dtoolfile" {
		// The oldest has its administrative metadata in headers alone. A copy
		// has a document.
		c.parts["dtool"] = `{"uuid": "` + want.UUID + `", "dtoolcore_version": "3.0.0", "name": "hist-0.3.0", "type": "dataset", ` +
			`"creator_username": "olssont", "frozen_at": 1536749834.015616}`
	}
	return c
}

// sites makes a client that reaches the sites.
func (c *copier) sites(sites ...site) { c.client = clientFor(c.t, sites...) }

func (c *copier) toDirectory(src *dtool.Dataset) *dtool.Dataset {
	c.t.Helper()
	d := c.copy(src, c.t.TempDir())
	dir := pathOf(c.t, d)
	if diff := cmp.Diff(c.parts, partsOnDisk(c.t, dir)); diff != "" {
		c.t.Errorf("parts of %s differ (-want +got):\n%s", d.URI(), diff)
	}
	for _, item := range c.want.Items {
		info, err := os.Stat(filepath.Join(dir, "data", filepath.FromSlash(item.Relpath)))
		must(c.t, err)
		if !info.ModTime().Equal(fixtures.ItemTime()) {
			c.t.Errorf("%s has the time %v, want %v", item.Relpath, info.ModTime(), fixtures.ItemTime())
		}
	}
	return d
}

func (c *copier) toSite(src *dtool.Dataset, at site) *dtool.Dataset {
	c.t.Helper()
	d := c.copy(src, at.uri)
	if diff := cmp.Diff(c.parts, at.parts(c.t, c.want.UUID)); diff != "" {
		c.t.Errorf("parts of %s differ (-want +got):\n%s", d.URI(), diff)
	}
	for _, item := range c.want.Items {
		_, got := at.get(c.t, at.root(c.t, c.want.UUID)+"data/"+item.Identifier)
		want := map[string]string{"handle": base64.StdEncoding.EncodeToString([]byte(item.Relpath)), "checksum": item.Hash}
		if diff := cmp.Diff(want, got); diff != "" {
			c.t.Errorf("headers of %s in %s differ (-want +got):\n%s", item.Relpath, d.URI(), diff)
		}
	}
	return d
}

// copy makes a copy, and opens it as somebody else would.
func (c *copier) copy(src *dtool.Dataset, base string) *dtool.Dataset {
	c.t.Helper()
	result, err := c.client.Copy(c.t.Context(), src, base, dtool.CopyOptions{})
	must(c.t, err)
	if result.Copied != len(c.want.Items) || result.Kept != 0 || result.AlreadyComplete {
		c.t.Errorf("copying to %s says %+v", base, result)
	}
	d, err := c.client.OpenFrozen(c.t.Context(), result.Dataset.URI())
	must(c.t, err)
	if diff := cmp.Diff(c.want, snapshotOf(c.t, d)); diff != "" {
		c.t.Errorf("%s differs (-want +got):\n%s", d.URI(), diff)
	}
	mustVerify(c.t, d)
	return d
}
