package s3_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/dtool-go/dtool/storage"
)

func TestListingOfSeveralPages(t *testing.T) {
	s := play(t, listing(keys("d/a", "d/b")+goesOn("t/1+=")), listing(goesOn("t2")), listing(keys("d/c")))
	got, err := list(t.Context(), s.store(), "d/", storage.Deep)
	if err != nil || !slices.Equal(got, []string{"d/a", "d/b", "d/c"}) {
		t.Errorf("listed %q, %v", got, err)
	}
	for n, want := range []string{"", "t/1+=", "t2"} {
		if got := s.request(n).URL.Query().Get("continuation-token"); got != want {
			t.Errorf("request %d goes on at %q, want %q", n, got, want)
		}
	}
}

func TestShallowListingMergesPlacesAndObjects(t *testing.T) {
	s := play(t, listing("<Delimiter>/</Delimiter>"+keys("a", "a.b", "c")+
		"<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>"))
	got, err := list(t.Context(), s.store(), "", storage.Shallow)
	if err != nil || !slices.Equal(got, []string{"a", "a.b", "a/", "b/", "c"}) {
		t.Errorf("listed %q, %v", got, err)
	}
}

func TestMarkersAreListedAsPlaces(t *testing.T) {
	s := play(t, listing("<Contents><Key>data/</Key><Size>0</Size></Contents>"+keys("data/a")))
	for info, err := range s.store().List(t.Context(), "", storage.Deep) {
		if err != nil || info.IsPlace() != (info.Key == "data/") {
			t.Errorf("listed %+v, %v", info, err)
		}
	}
}

func TestEncodedKeysAreDecoded(t *testing.T) {
	s := play(t, listing("<EncodingType>url</EncodingType>"+keys("%01", "a+b", "a%20c", "a%2Bb", "caf%C3%A9", "d%2Fe")),
		listing("<EncodingType>url</EncodingType><CommonPrefixes><Prefix>a+b/</Prefix></CommonPrefixes>"),
		listing(keys("a%20b", "a+b")))
	store := s.store()
	for n, want := range [][]string{{"\x01", "a b", "a c", "a+b", "café", "d/e"}, {"a b/"}, {"a%20b", "a+b"}} {
		got, err := list(t.Context(), store, "", storage.Shallow)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("listed %q, %v; want %q", got, err, want)
		}
		if s.request(n).URL.Query().Get("encoding-type") != "url" {
			t.Errorf("request %d does not ask for encoded keys", n)
		}
	}
}

// TestListingsThatLie has each of them end in an error, never in a list that is
// taken for the whole.
func TestListingsThatLie(t *testing.T) {
	for name, pages := range map[string][]http.HandlerFunc{
		"goes on nowhere":          {listing(keys("d/a") + "<IsTruncated>true</IsTruncated>")},
		"of the first version":     {listing(keys("d/a") + "<IsTruncated>true</IsTruncated><NextMarker>d/a</NextMarker>")},
		"goes on in a circle":      {listing(keys("d/a") + goesOn("t")), listing(keys("d/b") + goesOn("t"))},
		"begins again":             {listing(keys("d/a", "d/b") + goesOn("t")), listing(keys("d/a", "d/b"))},
		"out of order":             {listing(keys("d/b", "d/a"))},
		"out of order over pages":  {listing(keys("d/b") + goesOn("t")), listing(keys("d/a"))},
		"the same key twice":       {listing(keys("d/a", "d/a"))},
		"outside the prefix":       {listing(keys("d/a", "e/b"))},
		"place outside the prefix": {listing(keys("d/a") + "<CommonPrefixes><Prefix>e/</Prefix></CommonPrefixes>")},
		"fewer than it says":       {listing("<KeyCount>2</KeyCount>" + keys("d/a"))},
		"badly encoded":            {listing("<EncodingType>url</EncodingType>" + keys("d/%zz"))},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := list(t.Context(), play(t, pages...).store(), "d/", storage.Deep)
			var e *storage.Error
			if !errors.As(err, &e) || e.Kind != storage.ErrUnreachable {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestParametersAreNeverEmpty(t *testing.T) {
	s := play(t, listing(""), listing(""))
	for _, prefix := range []string{"", "d/"} {
		if _, err := list(t.Context(), s.store(), prefix, storage.Shallow); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 2 {
		for name, values := range s.request(n).URL.Query() {
			if slices.Contains(values, "") {
				t.Errorf("request %d has %s= in it", n, name)
			}
		}
	}
}

// TestPrefixesOfNoKey asks a server that takes every request for one too many.
func TestPrefixesOfNoKey(t *testing.T) {
	store := play(t).store()
	for _, prefix := range []string{"/", "a//", "a//b", "./", "a/../b", "a\x00", "a\xff"} {
		if infos, err := list(t.Context(), store, prefix, storage.Shallow); len(infos) > 0 || err != nil {
			t.Errorf("%q gives %v, %v", prefix, infos, err)
		}
	}
}
