package dtool_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

func TestListingOfFixtureBucketGivesItsDatasets(t *testing.T) {
	eachFixture(t, func(t *testing.T, at site, datasets []snapshot) {
		want := map[string]bool{}
		var inOrder, listed []string
		for _, d := range datasets {
			want[d.UUID] = true
			inOrder = append(inOrder, d.Name+" "+at.uri+"/"+d.UUID)
		}
		for d, err := range clientFor(t, at).List(t.Context(), at.uri+"/") {
			if at.crowded() && (err != nil || !want[d.UUID()]) {
				continue
			}
			must(t, err)
			listed = append(listed, d.Name()+" "+d.URI())
		}
		if diff := cmp.Diff(inOrder, listed); diff != "" {
			t.Errorf("the listing differs (-want +got):\n%s", diff)
		}
	})
}

func TestFixturesOpenAndAreGood(t *testing.T) {
	eachFixture(t, func(t *testing.T, at site, datasets []snapshot) {
		client := clientFor(t, at)
		for _, want := range datasets {
			d := mustOpen(t, client, at, want.UUID)
			if diff := cmp.Diff(want, snapshotOf(t, d)); diff != "" {
				t.Errorf("%s differs (-want +got):\n%s", want.Name, diff)
			}
			if want.Frozen {
				mustVerify(t, d)
				continue
			}
			_, err := d.Verify(t.Context(), dtool.VerifyOptions{})
			wantError(t, err, dtool.ErrNotFrozen, d.URI())
		}
	})
}

func TestKeysThatOnlyLookLikeDatasetsAreNone(t *testing.T) {
	at := bucketOn(t, s3test.StartOwn(t))
	at.load(t, fixtures.Mixed)
	client := clientFor(t, at)
	for _, path := range []string{
		"notes.txt", "dtool-notes.txt", "dtoolbox/readme", "other", "u/olssont",
		"11111111-1111-4111-8111-111111111111",
	} {
		_, err := client.Open(t.Context(), at.uri+"/"+path)
		wantError(t, err, dtool.ErrNotDataset, at.uri+"/"+path)
	}
}

func TestOneFlippedByteInAnyItemIsFound(t *testing.T) {
	eachFrozenFixture(t, func(t *testing.T, at site, want snapshot) {
		client := clientFor(t, at)
		for _, item := range want.Items {
			key := at.root(t, want.UUID) + "data/" + item.Identifier
			whole, _ := at.get(t, key)
			at.edit(t, key, flipped)

			d := mustOpen(t, client, at, want.UUID)
			report, err := d.Verify(t.Context(), dtool.VerifyOptions{Full: true})
			must(t, err)
			if diff := cmp.Diff(foundAltered(item, whole), report.Findings, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("with %s altered, the report differs (-want +got):\n%s", item.Relpath, diff)
			}
			refusesToRead(t, d, item)
			refusesToCopy(t, client, d, item)

			at.edit(t, key, func(string) string { return whole })
			mustVerify(t, d)
		}
	})
}

func TestOneFlippedByteOnDiskIsFound(t *testing.T) {
	dir, _ := diskFixture(t, fixtures.Frozen)
	client := clientFor(t)
	for _, item := range fixtureItems() {
		file := filepath.Join(dir, "data", filepath.FromSlash(item.Relpath))
		whole, err := os.ReadFile(file)
		must(t, err)
		must(t, os.WriteFile(file, []byte(flipped(string(whole))), 0o644))

		d, err := client.Open(t.Context(), dir)
		must(t, err)
		report, err := d.Verify(t.Context(), dtool.VerifyOptions{Full: true})
		must(t, err)
		if diff := cmp.Diff(foundAltered(item, string(whole)), report.Findings, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("with %s altered, the report differs (-want +got):\n%s", item.Relpath, diff)
		}
		refusesToRead(t, d, item)
		refusesToCopy(t, client, d, item)

		must(t, os.WriteFile(file, whole, 0o644))
		mustVerify(t, d)
	}
}

// flipped gives a text with one bit changed in its middle; an empty one gets a byte.
func flipped(text string) string {
	if text == "" {
		return "x"
	}
	bytes := []byte(text)
	bytes[len(bytes)/2] ^= 1
	return string(bytes)
}

// foundAltered is what verifying says of an item whose content was flipped.
func foundAltered(item dtool.Item, content string) dtool.Findings {
	found := dtool.Finding{
		Identifier: item.Identifier, Relpath: item.Relpath,
		Expected: &dtool.Content{Size: item.Size, Hash: item.Hash},
		Found:    &dtool.Content{Size: 1},
	}
	if item.Size == 0 {
		return dtool.Findings{AlteredSize: []dtool.Finding{found}}
	}
	found.Found = &dtool.Content{Size: item.Size, Hash: md5Of([]byte(flipped(content)))}
	return dtool.Findings{AlteredHash: []dtool.Finding{found}}
}

func refusesToRead(t *testing.T, d *dtool.Dataset, item dtool.Item) {
	t.Helper()
	body, err := d.OpenItem(t.Context(), item.Identifier)
	must(t, err)
	defer body.Close()
	if _, err := io.Copy(io.Discard, body); !errors.Is(err, storage.ErrCorrupted) {
		t.Errorf("reading the altered %s gives %v", item.Relpath, err)
	}
}

// refusesToCopy fails unless a copy to a directory stops at the item, which is
// not there under its name, and is no dataset.
func refusesToCopy(t *testing.T, client *dtool.Client, d *dtool.Dataset, item dtool.Item) {
	t.Helper()
	base := t.TempDir()
	_, err := client.Copy(t.Context(), d, base, dtool.CopyOptions{})
	var failed *dtool.ItemError
	if !errors.As(err, &failed) || failed.Relpath != item.Relpath || !errors.Is(err, storage.ErrCorrupted) {
		t.Errorf("copying the altered %s gives %v", item.Relpath, err)
	}
	dir := filepath.Join(base, d.Name())
	if _, err := os.Lstat(filepath.Join(dir, "data", filepath.FromSlash(item.Relpath))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the altered %s is at the destination: %v", item.Relpath, err)
	}
	_, err = client.OpenFrozen(t.Context(), dir)
	wantError(t, err, dtool.ErrNotFrozen)
}
