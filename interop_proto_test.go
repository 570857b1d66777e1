package dtool_test

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/internal/s3test"
)

// itemsAdded is what the fixtures' proto datasets hold after additions, by relpath.
func itemsAdded() map[string]string {
	return map[string]string{
		"plain.txt":              "b1946ac92492d2347c6235b4d2611184",
		"sub/dir/with space.csv": "15a84e53b6247d5f55cff8c8269ecc25",
		"new/grüße.txt":          "900150983cd24fb0d6963f7d28e17f72",
	}
}

// overlaysAdded is what their item metadata becomes.
func overlaysAdded() map[string]map[string]string {
	plain, csv, added := dtool.Identifier("plain.txt"), dtool.Identifier("sub/dir/with space.csv"), dtool.Identifier("new/grüße.txt")
	return map[string]map[string]string{
		"is_text":    {plain: "true", csv: "null", added: "null"},
		"leaf.count": {plain: "null", csv: "null", added: "12"},
	}
}

func TestProtoFixtureInBucketIsAddedToAndFrozen(t *testing.T) {
	before := time.Now().Truncate(time.Second)
	at := bucketOn(t, s3test.Start(t))
	id := at.load(t, fixtures.Mixed)["5d700000-0100-4000-8000-000000000004"]
	client := clientFor(t, at)
	want := described(id, "mixed-proto", false)
	d := addAndFreeze(t, client, at.uri+"/"+id, want)
	for _, item := range snapshotOf(t, d).Items {
		if item.Timestamp != math.Trunc(item.Timestamp) || item.Timestamp < seconds(before) {
			t.Errorf("%s has the time %v, want the whole second when it was stored", item.Relpath, item.Timestamp)
		}
	}
	if left := at.keys(t, at.root(t, id)+"fragments/"); len(left) != 0 {
		t.Errorf("fragments are left: %q", left)
	}
}

func TestProtoFixtureOnDiskIsAddedToAndFrozen(t *testing.T) {
	dir, id := diskFixture(t, fixtures.Proto)
	at := bucketOn(t, s3test.Start(t))
	at.removeAfter(t, id)
	client := clientFor(t, at)
	d := addAndFreeze(t, client, dir, described(id, fixtures.Proto, true))
	for _, item := range snapshotOf(t, d).Items {
		if item.Relpath != "new/grüße.txt" && item.Timestamp != seconds(fixtures.ItemTime()) {
			t.Errorf("%s has the time %v, want that of its file", item.Relpath, item.Timestamp)
		}
	}
	for name := range tree(t, dir) {
		if strings.Contains(name, ".json") && strings.Contains(name, "tmp_fragments") {
			t.Errorf("a fragment is left: %s", name)
		}
	}
	c := &copier{t: t, client: client, want: snapshotOf(t, d), parts: partsOnDisk(t, dir)}
	back := c.copy(c.toSite(d, at), t.TempDir())
	if diff := cmp.Diff(c.parts, partsOnDisk(t, pathOf(t, back))); diff != "" {
		t.Errorf("parts differ after the way to a bucket and back (-want +got):\n%s", diff)
	}
}

// addAndFreeze adds an item and metadata to a proto dataset, freezes it, and
// compares what comes out with what it was, the additions, and what its
// metadata becomes.
func addAndFreeze(t *testing.T, client *dtool.Client, uri string, want snapshot) *dtool.Dataset {
	t.Helper()
	ctx := t.Context()
	p, err := client.OpenProto(ctx, uri)
	must(t, err)
	if diff := cmp.Diff(want, snapshotOf(t, p.Dataset)); diff != "" {
		t.Errorf("the fixture differs (-want +got):\n%s", diff)
	}
	file := filepath.Join(files(t, map[string]string{"f": "abc"}), "f")
	must(t, p.Add(ctx, []dtool.Source{{Path: file, Relpath: "new/grüße.txt"}}, dtool.AddOptions{}))
	must(t, p.AddMetadata(ctx, "new/grüße.txt", "leaf.count", value(t, "12")))
	wantError(t, p.AddMetadata(ctx, "nowhere.txt", "leaf.count", value(t, "1")), dtool.ErrNoItem, "nowhere.txt")
	must(t, p.SetTag(ctx, "added"))
	_, err = p.Freeze(ctx, dtool.FreezeOptions{})
	must(t, err)

	d, err := client.OpenFrozen(ctx, uri)
	must(t, err)
	got := snapshotOf(t, d)
	want.Frozen = true
	want.FrozenAt = got.FrozenAt
	want.Items = got.Items
	want.MD5 = itemsAdded()
	want.Overlays = overlaysAdded()
	want.Tags = slices.Sorted(slices.Values(append(want.Tags, "added")))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the frozen dataset differs (-want +got):\n%s", diff)
	}
	if frozen := time.Unix(int64(got.FrozenAt), 0); time.Since(frozen) > time.Hour || time.Since(frozen) < -time.Hour {
		t.Errorf("frozen at %v", frozen)
	}
	hashes := map[string]string{}
	for _, item := range got.Items {
		hashes[item.Relpath] = item.Hash
	}
	if diff := cmp.Diff(itemsAdded(), hashes); diff != "" {
		t.Errorf("hashes in the manifest differ (-want +got):\n%s", diff)
	}
	mustVerify(t, d)
	return d
}
