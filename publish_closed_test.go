package dtool_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/storetest"
)

// TestSignedURLsAreNotForEverybody has everybody read the place where they would lie.
func TestSignedURLsAreNotForEverybody(t *testing.T) {
	for name, open := range map[string]func(*testing.T, *sharedBucket, *dtool.Dataset){
		"published by ACL":    func(t *testing.T, b *sharedBucket, d *dtool.Dataset) { mustPublish(t, b, d, dtool.ByACL) },
		"published by policy": func(t *testing.T, b *sharedBucket, d *dtool.Dataset) { mustPublish(t, b, d, dtool.ByPolicy) },
		"a public bucket":     func(t *testing.T, b *sharedBucket, _ *dtool.Dataset) { b.letAllRead(t) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b, base := w.shared()
			d := w.documented(base)
			open(t, b, d)
			before := textsOf(t, b)
			_, err := d.Publish(t.Context(), dtool.PublishOptions{Expires: time.Hour, Page: true})
			wantError(t, err, dtool.ErrPublic, "is not published", "answers without credentials")
			if diff := cmp.Diff(before, textsOf(t, b)); diff != "" {
				t.Errorf("the bucket differs (-before +after):\n%s", diff)
			}
		})
	}
}

func mustPublish(t *testing.T, b *sharedBucket, d *dtool.Dataset, way dtool.Way) {
	t.Helper()
	_, err := d.Publish(t.Context(), ways(b)[way])
	must(t, err)
}

// TestSignedURLsThatEverybodyCouldReadGo if that shows only once they lie there.
func TestSignedURLsThatEverybodyCouldReadGo(t *testing.T) {
	for _, name := range []string{"http_manifest.json", "index.html"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b, base := w.shared()
			d := w.documented(base)
			must(t, b.SetPolicy(t.Context(), []byte(`{"Statement":[{"Sid":"ours","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::plants/`+d.UUID()+`/`+name+`"]}]}`)))
			_, err := d.Publish(t.Context(), dtool.PublishOptions{Expires: time.Hour, Page: true})
			wantError(t, err, dtool.ErrPublic, name+" answers without credentials")
			for key, text := range textsOf(t, b) {
				if strings.Contains(text, testSignature) {
					t.Errorf("%s has signatures", key)
				}
			}
		})
	}
}

// TestWhatWasSignedGoesBeforeAPolicyOpensIt looks at what everybody can read at each call.
func TestWhatWasSignedGoesBeforeAPolicyOpensIt(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	_, err := d.Publish(t.Context(), dtool.PublishOptions{Expires: time.Hour, Page: true})
	must(t, err)
	look := func() {
		for _, key := range b.open(t) {
			if strings.Contains(textsOf(t, b)[key], testSignature) {
				t.Errorf("everybody can read %s, with signatures", key)
			}
		}
	}
	w.memory["plants"] = storetest.NewFaulty(func(storetest.Call) storetest.Fault {
		look()
		return storetest.Fault{}
	}).Around(b)
	w.connect()
	d, err = w.OpenFrozen(t.Context(), d.URI())
	must(t, err)
	mustPublish(t, b, d, dtool.ByPolicy)
	look()
}

// TestPolicyPublishesNoLabelsOfLater until the dataset is published again.
func TestPolicyPublishesNoLabelsOfLater(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	mustPublish(t, b, d, dtool.ByPolicy)
	before := b.open(t)
	must(t, d.SetAnnotation(t.Context(), "grade", value(t, "3")))
	must(t, d.SetTag(t.Context(), "draft"))
	if diff := cmp.Diff(before, b.open(t)); diff != "" {
		t.Errorf("public is (-before +after):\n%s", diff)
	}
	b.noACLs = true
	_, err := d.Publish(t.Context(), dtool.PublishOptions{PublicURL: b.http.URL + "/plants"})
	wantError(t, err, storage.ErrForbidden, "is not published", d.UUID())
	_, err = d.Publish(t.Context(), dtool.PublishOptions{})
	wantError(t, err, storage.ErrNoACLs)
	mustPublish(t, b, d, dtool.ByPolicy)
	if n := len(b.open(t)); n != len(before)+2 {
		t.Errorf("published again, %d objects are public, and before %d", n, len(before))
	}
}
