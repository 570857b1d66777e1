package dtool_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/storetest"
)

func TestUnpublishTakesBackWhatPublishDid(t *testing.T) {
	for _, way := range []dtool.Way{dtool.ByACL, dtool.BySignature, dtool.ByPolicy} {
		t.Run(string(way), func(t *testing.T) {
			w := newWorld(t)
			b, base := w.shared()
			d := w.documented(base)
			before := textsOf(t, b)
			options := ways(b)[way]
			options.Page = true
			_, err := d.Publish(t.Context(), options)
			must(t, err)
			got, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
			must(t, err)
			want := &dtool.Withdrawal{Manifest: true, Page: true, Statement: way == dtool.ByPolicy}
			if way == dtool.ByACL {
				want.Private = len(before) // the record, and not the registration
			}
			if way == dtool.BySignature {
				want.Signed = noon().Add(time.Hour)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("taken back (-want +got):\n%s", diff)
			}
			after := textsOf(t, b)
			delete(after, d.UUID()+"/publish.json")
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("the bucket differs (-before +after):\n%s", diff)
			}
			if open := b.open(t); open != nil || b.policy != nil {
				t.Errorf("public are %v, and the policy is %s", open, b.policy)
			}
		})
	}
}

// TestSignedURLsAreRememberedUntilTheyExpire over several publications and withdrawals.
func TestSignedURLsAreRememberedUntilTheyExpire(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	for _, expires := range []time.Duration{time.Minute, 3 * time.Hour, time.Hour} {
		_, err := d.Publish(t.Context(), dtool.PublishOptions{Expires: expires})
		must(t, err)
	}
	for range 2 {
		got, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
		must(t, err)
		if want := noon().Add(3 * time.Hour); !got.Signed.Equal(want) || got.Never {
			t.Errorf("signed URLs are good until %v, want %v", got.Signed, want)
		}
	}
	later := clientWith(t, dtool.Options{Now: func() time.Time { return noon().Add(3 * time.Hour) }}, site{bucket: "plants", store: b})
	d, err := later.OpenFrozen(t.Context(), d.URI())
	must(t, err)
	got, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	if !got.Signed.IsZero() || slices.Contains(w.plants(), d.UUID()+"/publish.json") {
		t.Errorf("when they have expired: %+v", got)
	}
}

func TestUnpublishedTwiceOrNever(t *testing.T) {
	w := newWorld(t)
	_, base := w.shared()
	d := w.documented(base)
	got, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	if diff := cmp.Diff(&dtool.Withdrawal{Never: true}, got); diff != "" {
		t.Errorf("never published:\n%s", diff)
	}
	_, err = d.Publish(t.Context(), dtool.PublishOptions{})
	must(t, err)
	for range 2 {
		got, err = d.Unpublish(t.Context(), dtool.UnpublishOptions{})
		must(t, err)
	}
	if diff := cmp.Diff(&dtool.Withdrawal{Never: true}, got); diff != "" {
		t.Errorf("for the second time:\n%s", diff)
	}
}

// TestWhatStaysReadableIsSaid if others have let everybody read, and their policy
// is left alone.
func TestWhatStaysReadableIsSaid(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	b.letAllRead(t)
	_, err := d.Publish(t.Context(), dtool.PublishOptions{PublicURL: b.http.URL + "/plants"})
	must(t, err)
	policy := string(b.policy)
	got, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	if !slices.Contains(got.Readable, d.UUID()+"/manifest.json") || slices.Contains(got.Readable, d.UUID()+"/http_manifest.json") {
		t.Errorf("still readable are %v", got.Readable)
	}
	if string(b.policy) != policy {
		t.Errorf("the policy is %s", b.policy)
	}
}

// TestWhatStaysReadableElsewhereIsSaid if the dataset was published at another URL than
// the store's own.
func TestWhatStaysReadableElsewhereIsSaid(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	elsewhere, answer := b.switchableFront()
	_, err := d.Publish(t.Context(), dtool.PublishOptions{PublicURL: elsewhere.URL + "/data"})
	must(t, err)
	for round := range 2 {
		got, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
		must(t, err)
		if !slices.Contains(got.Readable, d.UUID()+"/manifest.json") || got.Never {
			t.Errorf("round %d: taken back %+v", round, got)
		}
		state, err := d.Published(t.Context(), dtool.PublishedOptions{})
		must(t, err)
		if state.Nothing() || !strings.HasPrefix(state.AccessURL, elsewhere.URL) {
			t.Errorf("round %d: published is %+v", round, state)
		}
	}
	answer.Store(gone)
	_, err = d.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	if slices.Contains(w.plants(), d.UUID()+"/publish.json") {
		t.Error("the record is kept of what nobody can read any more")
	}
}

// TestWhereNobodyCanAskIsRemembered until somebody can.
func TestWhereNobodyCanAskIsRemembered(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	elsewhere, answer := b.switchableFront()
	_, err := d.Publish(t.Context(), dtool.PublishOptions{PublicURL: elsewhere.URL + "/data"})
	must(t, err)
	answer.Store(broken)
	var warnings []string
	observer := dtool.Observer{Warn: func(message string) { warnings = append(warnings, message) }}
	_, err = d.Unpublish(t.Context(), dtool.UnpublishOptions{Observer: observer})
	must(t, err)
	if len(warnings) != 1 || !strings.Contains(warnings[0], "is not known") {
		t.Errorf("the warnings are %q", warnings)
	}
	answer.Store("")
	got, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	if len(got.Readable) == 0 {
		t.Errorf("taken back: %+v", got)
	}
}

// TestStatementThatOthersMustTakeOut is named, as long as it lets everybody read; what
// is recorded stays for whoever does.
func TestStatementThatOthersMustTakeOut(t *testing.T) {
	for name, op := range map[string]storetest.Op{"may not see it": storetest.Policy, "may not change it": storetest.SetPolicy} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b, base := w.shared()
			d := w.documented(base)
			_, err := d.Publish(t.Context(), dtool.PublishOptions{Policy: true})
			must(t, err)
			faulty := storetest.NewFaulty(func(c storetest.Call) storetest.Fault {
				if c.Op == op {
					return storetest.Fault{Kind: storetest.Fail, Cause: storage.ErrForbidden}
				}
				return storetest.Fault{}
			})
			w.memory["plants"] = faulty.Around(b)
			w.connect()
			theirs, err := w.OpenFrozen(t.Context(), d.URI())
			must(t, err)
			got, err := theirs.Unpublish(t.Context(), dtool.UnpublishOptions{})
			must(t, err)
			wantError(t, got.Kept, storage.ErrForbidden, "DtoolPublish"+strings.ReplaceAll(d.UUID(), "-", ""))
			if !got.Manifest || got.Statement || len(got.Readable) == 0 || !slices.Contains(w.plants(), d.UUID()+"/publish.json") {
				t.Errorf("taken back: %+v", got)
			}
			must(t, b.SetPolicy(t.Context(), nil)) // by hand
			got, err = theirs.Unpublish(t.Context(), dtool.UnpublishOptions{})
			must(t, err)
			if got.Kept != nil || got.Readable != nil || slices.Contains(w.plants(), d.UUID()+"/publish.json") {
				t.Errorf("once it is out: %+v", got)
			}
		})
	}
}

// TestUnpublishWithoutACLs is no failure: there is nothing to take back of them.
func TestUnpublishWithoutACLs(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	b.letAllRead(t)
	b.noACLs = true
	got, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	if got.Private != 0 || len(got.Readable) == 0 {
		t.Errorf("taken back: %+v", got)
	}
}

// TestWhatOthersPublishedIsTakenBack has no record of it, but http_manifest.json.
func TestWhatOthersPublishedIsTakenBack(t *testing.T) {
	python, err := fixtures.HTTPManifest()
	must(t, err)
	signed := strings.NewReplacer("X-Amz-Date=20261125T043732Z", "X-Amz-Date=20260301T110000Z", "X-Amz-Expires=3600", "X-Amz-Expires=86400").Replace(string(python))
	for name, tt := range map[string]struct {
		manifest string
		want     dtool.Withdrawal
	}{
		"for everybody":             {`{"admin_metadata": {}}`, dtool.Withdrawal{Manifest: true, Private: 11}},
		"signed":                    {signed, dtool.Withdrawal{Manifest: true, Signed: time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)}},
		"signed, and expired":       {strings.ReplaceAll(signed, "=20260301T", "=20260101T"), dtool.Withdrawal{Manifest: true}},
		"with something unheard of": {"\x00", dtool.Withdrawal{Manifest: true, Private: 11}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b, base := w.shared()
			d := w.frozen(base, "seedlings", seedling())
			for _, key := range w.plants() {
				must(t, b.SetPublic(t.Context(), key, tt.want.Private > 0 && strings.HasPrefix(key, d.UUID())))
			}
			_, err := b.Put(t.Context(), d.UUID()+"/http_manifest.json", strings.NewReader(tt.manifest), storage.PutOptions{Size: int64(len(tt.manifest))})
			must(t, err)
			got, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
			must(t, err)
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("taken back (-want +got):\n%s", diff)
			}
			if open := b.open(t); open != nil {
				t.Errorf("public are %v", open)
			}
		})
	}
}

// TestWhatOthersSignedIsRememberedThough taking it back fails when http_manifest.json, which
// told of it, is gone.
func TestWhatOthersSignedIsRememberedThoughTakingItBackFails(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	_, err := d.Publish(t.Context(), dtool.PublishOptions{Expires: time.Hour})
	must(t, err)
	must(t, b.Delete(t.Context(), d.UUID()+"/publish.json"))
	faulty := storetest.NewFaulty(func(c storetest.Call) storetest.Fault {
		if c.Op == storetest.Delete && strings.HasSuffix(c.Key, "/http_manifest.json") {
			return storetest.Fault{Kind: storetest.LoseAnswer}
		}
		return storetest.Fault{}
	})
	w.memory["plants"] = faulty.Around(b)
	w.connect()
	theirs, err := w.OpenFrozen(t.Context(), d.URI())
	must(t, err)
	_, err = theirs.Unpublish(t.Context(), dtool.UnpublishOptions{})
	wantError(t, err, storetest.ErrInjected)
	got, err := theirs.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	if got.Never || got.Manifest || got.Signed.IsZero() {
		t.Errorf("taken back: %+v", got)
	}
}

func TestBrokenRecordIsWarnedOf(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	for _, text := range []string{"", "[]", "{", `{"access_url": "file:///etc/passwd"}`, strings.Repeat(" ", 64<<10+1)} {
		_, err := b.Put(t.Context(), d.UUID()+"/publish.json", strings.NewReader(text), storage.PutOptions{Size: int64(len(text))})
		must(t, err)
		var warnings []string
		observer := dtool.Observer{Warn: func(message string) { warnings = append(warnings, message) }}
		_, err = d.Unpublish(t.Context(), dtool.UnpublishOptions{Observer: observer})
		must(t, err)
		if len(warnings) != 1 || !strings.Contains(warnings[0], "until when signed URLs are good") || !strings.Contains(warnings[0], "publish.json") {
			t.Errorf("%.10q: the warnings are %q", text, warnings)
		}
	}
}

// TestPublishedTellsWhatAnswers without credentials, at each stage.
func TestPublishedTellsWhatAnswers(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	look := func(stage string, want dtool.Published) {
		t.Helper()
		got, err := d.Published(t.Context(), dtool.PublishedOptions{})
		must(t, err)
		want.URI, want.UUID, want.Name, want.Items = d.URI(), d.UUID(), "seedlings", len(seedling())
		if want.AccessURL == "" {
			want.AccessURL = b.http.URL + "/plants/" + d.UUID()
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", stage, diff)
		}
	}
	whole := dtool.Published{HTTPManifest: true, README: true, Manifest: true, ReadableItems: len(seedling())}

	look("never published", dtool.Published{})
	_, err := d.Publish(t.Context(), dtool.PublishOptions{Expires: time.Hour})
	must(t, err)
	until := noon().Add(time.Hour)
	look("signed", dtool.Published{Ways: []dtool.Way{dtool.BySignature}, SignedUntil: until})
	_, err = d.Publish(t.Context(), dtool.PublishOptions{Page: true})
	must(t, err)
	public := whole
	public.Page, public.Ways, public.SignedUntil = true, []dtool.Way{dtool.ByACL, dtool.BySignature}, until
	look("for everybody", public)
	must(t, b.SetPublic(t.Context(), d.UUID()+"/README.yml", false))
	must(t, b.SetPublic(t.Context(), d.UUID()+"/data/"+dtool.Identifier("reads.txt"), false))
	public.README, public.ReadableItems = false, len(seedling())-1
	look("in part", public)
	_, err = d.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	look("taken back", dtool.Published{SignedUntil: until})
	b.letAllRead(t)
	_, err = d.Publish(t.Context(), dtool.PublishOptions{PublicURL: b.http.URL + "/plants"})
	must(t, err)
	whole.Ways, whole.SignedUntil = []dtool.Way{dtool.ByURL}, until
	look("at another URL", whole)
}

// TestPublishingIsGoneOnWith after a failure of each of its calls: nothing is named
// before it can be read, and the same again completes it.
func TestPublishingIsGoneOnWith(t *testing.T) {
	for _, way := range []dtool.Way{dtool.ByACL, dtool.BySignature, dtool.ByPolicy} {
		for _, kind := range []storetest.Kind{storetest.Fail, storetest.LoseAnswer} {
			t.Run(fmt.Sprint(way, " ", kind), func(t *testing.T) {
				for n := int64(1); ; n++ {
					w := newWorld(t)
					b, base := w.shared()
					d := w.documented(base)
					faulty := storetest.NewFaulty(nil)
					w.memory["plants"] = faulty.Around(b)
					w.connect()
					d, err := w.OpenFrozen(t.Context(), d.URI())
					must(t, err)
					faulty.Script(callFails(n, kind))
					_, failed := d.Publish(t.Context(), ways(b)[way])
					mustNameNothingClosed(t, b, d, way)
					faulty.Script(nil)
					if faulty.Injected()[kind] == 0 {
						must(t, failed)
						break
					}
					result, err := d.Publish(t.Context(), ways(b)[way])
					must(t, err)
					if items, _ := readAll(t, result.AccessURL); len(items) != len(seedling()) {
						t.Errorf("after call %d, %d items can be read", n, len(items))
					}
				}
			})
		}
	}
}

// callFails has the call of a number fail. What a store does again by itself is not here.
func callFails(number int64, kind storetest.Kind) func(storetest.Call) storetest.Fault {
	var calls atomic.Int64
	return func(storetest.Call) storetest.Fault {
		if calls.Add(1) == number {
			return storetest.Fault{Kind: kind, Cause: storage.ErrForbidden}
		}
		return storetest.Fault{}
	}
}

// mustNameNothingClosed fails if everybody can read http_manifest.json, and not what it
// names.
func mustNameNothingClosed(t *testing.T, b *sharedBucket, d *dtool.Dataset, way dtool.Way) {
	t.Helper()
	access := b.PublicURL(d.UUID())
	if way == dtool.BySignature {
		signed, err := b.SignGet(t.Context(), d.UUID()+"/http_manifest.json", time.Hour)
		must(t, err)
		_, query, _ := strings.Cut(signed, "?")
		access += "?" + query
	}
	if status, _ := fetch(t, manifestURL(access)); status == 200 {
		readAll(t, access)
	}
}

// TestTakingBackIsGoneOnWith after a failure of each of its calls.
func TestTakingBackIsGoneOnWith(t *testing.T) {
	for _, way := range []dtool.Way{dtool.ByACL, dtool.BySignature, dtool.ByPolicy} {
		for _, kind := range []storetest.Kind{storetest.Fail, storetest.LoseAnswer} {
			t.Run(fmt.Sprint(way, " ", kind), func(t *testing.T) {
				for n := int64(1); ; n++ {
					w := newWorld(t)
					b, base := w.shared()
					d := w.documented(base)
					_, err := d.Publish(t.Context(), ways(b)[way])
					must(t, err)
					faulty := storetest.NewFaulty(nil)
					w.memory["plants"] = faulty.Around(b)
					w.connect()
					d, err = w.OpenFrozen(t.Context(), d.URI())
					must(t, err)
					faulty.Script(callFails(n, kind))
					_, failed := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
					faulty.Script(nil)
					got, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
					must(t, err)
					if way == dtool.BySignature && !got.Signed.Equal(noon().Add(time.Hour)) {
						t.Errorf("after call %d, signed URLs are said to be good until %v", n, got.Signed)
					}
					if open := b.open(t); open != nil || b.policy != nil || slices.Contains(w.plants(), d.UUID()+"/http_manifest.json") {
						t.Errorf("after call %d public are %v, the policy is %s", n, open, b.policy)
					}
					if faulty.Injected()[kind] == 0 {
						must(t, failed)
						break
					}
				}
			})
		}
	}
}
