package dtool_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/storetest"
)

// TestRemovalTakesTheStatementAlong even if http_manifest.json is gone, so that the same
// dataset is not public when it comes back.
func TestRemovalTakesTheStatementAlong(t *testing.T) {
	for _, half := range []bool{false, true} {
		w := newWorld(t)
		b, base := w.shared()
		d := w.documented(base)
		mustPublish(t, b, d, dtool.ByPolicy)
		if half {
			must(t, b.Delete(t.Context(), d.UUID()+"/http_manifest.json"))
		}
		r, err := w.PlanRemove(t.Context(), d.URI())
		must(t, err)
		must(t, w.Remove(t.Context(), r, dtool.RemoveOptions{}))
		if !r.Published || b.policy != nil || len(w.plants()) > 0 {
			t.Errorf("published is %v, the policy %s, and left are %v", r.Published, b.policy, w.plants())
		}
	}
}

// TestRemovalByWhoMayNotSeeThePolicy is refused only where a statement would stay.
func TestRemovalByWhoMayNotSeeThePolicy(t *testing.T) {
	for way, options := range map[dtool.Way]dtool.PublishOptions{
		dtool.ByPolicy: {Policy: true}, dtool.ByACL: {}, dtool.BySignature: {Expires: time.Hour}, "": {},
	} {
		t.Run(string(way), func(t *testing.T) {
			w := newWorld(t)
			b, base := w.shared()
			d := w.documented(base)
			if way != "" {
				_, err := d.Publish(t.Context(), options)
				must(t, err)
			}
			before := textsOf(t, b)
			w.memory["plants"] = storetest.NewFaulty(func(c storetest.Call) storetest.Fault {
				if c.Op == storetest.Policy {
					return storetest.Fault{Kind: storetest.Fail, Cause: storage.ErrForbidden}
				}
				return storetest.Fault{}
			}).Around(b)
			w.connect()
			err := w.rm(d.URI())
			if way != dtool.ByPolicy {
				must(t, err)
				return
			}
			wantError(t, err, dtool.ErrStatement, "DtoolPublish", "0 of")
			if diff := cmp.Diff(before, textsOf(t, b)); diff != "" {
				t.Errorf("the bucket differs (-before +after):\n%s", diff)
			}
		})
	}
}

// TestStatementOfWhatIsGone can still be taken out.
func TestStatementOfWhatIsGone(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	mustPublish(t, b, d, dtool.ByPolicy)
	must(t, b.Delete(t.Context(), w.plants()...))
	for _, want := range []bool{true, false} {
		removed, err := w.UnpublishRemains(t.Context(), d.URI())
		must(t, err)
		if removed != want || b.policy != nil {
			t.Errorf("removed: %v, and the policy is %s", removed, b.policy)
		}
	}
	for _, uri := range []string{base, t.TempDir(), "http://localhost/plants/" + d.UUID()} {
		if removed, err := w.UnpublishRemains(t.Context(), uri); removed || err != nil {
			t.Errorf("%s: removed: %v, %v", uri, removed, err)
		}
	}
}
