package dtool_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/storage"
)

func TestMarkersOfDirectoriesAreNoItems(t *testing.T) {
	at := memoryBucket()
	fresh := at.load(t, fixtures.Mixed)
	frozen, proto := fresh["5d700000-0100-4000-8000-000000000001"], fresh["5d700000-0100-4000-8000-000000000004"]
	var markers []storage.Info
	for _, id := range []string{frozen, proto} {
		for _, part := range []string{"", "data/", "overlays/", "annotations/", "tags/", "fragments/"} {
			markers = append(markers, storage.Info{Key: id + "/" + part})
		}
	}
	at.store = oddStore{Store: at.store, listed: markers}
	client := clientFor(t, at)

	d := mustOpen(t, client, at, frozen)
	report, _ := verified(t, d)
	if !report.Good() {
		t.Errorf("verifying finds %+v", report)
	}
	want := frozenWith(described(frozen, "mixed-no-prefix", true), fixtureItems())
	if diff := cmp.Diff(want, snapshotOf(t, mustCopy(t, client, d, t.TempDir()))); diff != "" {
		t.Errorf("the copy differs (-want +got):\n%s", diff)
	}
	p, err := client.OpenProto(t.Context(), at.uri+"/"+proto)
	must(t, err)
	d, err = p.Freeze(t.Context(), dtool.FreezeOptions{})
	must(t, err)
	if got := relpathsOf(snapshotOf(t, d).Items); !cmp.Equal(got, []string{"plain.txt", "sub/dir/with space.csv"}) {
		t.Errorf("the frozen dataset has the items %q", got)
	}
}

func TestForeignObjectAmongItemsIsReportedAndNotGuessed(t *testing.T) {
	id := dtool.Identifier("right.txt")
	for _, c := range []struct {
		name, key string
		metadata  map[string]string
	}{
		{"no metadata", id, nil},
		{"handle of another item", id, map[string]string{"handle": "wrong.txt"}},
		{"handle in base64 of another item", id, map[string]string{"handle": "d3JvbmcudHh0"}},
		{"key that is no identifier", "right.txt", map[string]string{"handle": "right.txt"}},
		{"key below an identifier", id + "/right.txt", map[string]string{"handle": "right.txt"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := memoryBucket()
			fresh := at.load(t, fixtures.Mixed)
			frozen, proto := fresh["5d700000-0100-4000-8000-000000000001"], fresh["5d700000-0100-4000-8000-000000000004"]
			for _, dataset := range []string{frozen, proto} {
				at.put(t, dataset+"/data/"+c.key, "whatever", c.metadata)
			}
			client := clientFor(t, at)
			p, err := client.OpenProto(t.Context(), at.uri+"/"+proto)
			must(t, err)
			before := at.parts(t, proto)
			if _, err = p.Freeze(t.Context(), dtool.FreezeOptions{}); err == nil || !strings.Contains(err.Error(), proto+"/data/"+c.key) {
				t.Errorf("freezing gives %v", err)
			}
			if diff := cmp.Diff(before, at.parts(t, proto)); diff != "" {
				t.Errorf("a freeze that was refused changed the dataset (-before +after):\n%s", diff)
			}
			report, _ := verified(t, mustOpen(t, client, at, frozen))
			want := dtool.Findings{Unknown: []dtool.Finding{{Identifier: c.key, Found: &dtool.Content{Size: 8}}}}
			if diff := cmp.Diff(want, report.Findings, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the report differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestItemsThatAFrozenDatasetDoesNotKnowAreReported(t *testing.T) {
	at := memoryBucket()
	id := at.load(t, "0.13.0")["5d700000-0013-4000-8000-000000000001"]
	at.put(t, id+"/data/"+dtool.Identifier("extra é.txt"), "extra", map[string]string{"handle": "ZXh0cmEgw6kudHh0"})
	at.remove(t, id+"/data/"+dtool.Identifier("plain.txt"))
	report, _ := verified(t, mustOpen(t, clientFor(t, at), at, id))
	plain := fixtureItems()[1]
	want := dtool.Findings{
		Unknown: []dtool.Finding{{
			Identifier: dtool.Identifier("extra é.txt"), Relpath: "extra é.txt", Found: &dtool.Content{Size: 5},
		}},
		Missing: []dtool.Finding{{
			Identifier: plain.Identifier, Relpath: plain.Relpath, Expected: &dtool.Content{Size: plain.Size, Hash: plain.Hash},
		}},
	}
	if diff := cmp.Diff(want, report.Findings, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the report differs (-want +got):\n%s", diff)
	}
}
