package dtool_test

import (
	"errors"
	"testing"

	"github.com/dtool-go/dtool"
)

// TestWhatNobodyFilledInIsRefused gives the library structs that lack what they are of.
func TestWhatNobodyFilledInIsRefused(t *testing.T) {
	w := newWorld(t)
	base := w.bucket("plants")
	_, delivering := w.PrepareNewDelivery(t.Context(), dtool.NewDataset{Name: "seedlings"}, base, dtool.SignOptions{})
	wantError(t, delivering, dtool.ErrBadManifest, "there is none")
	removing := w.Remove(t.Context(), &dtool.Removal{}, dtool.RemoveOptions{})
	wantError(t, removing, dtool.ErrNotDataset, "nothing was removed", "PlanRemove")
	if failed, ok := errors.AsType[*dtool.RemoveError](removing); !ok || failed.Begun {
		t.Errorf("the error is %#v", removing)
	}
	w.mustHold(base, map[string]string{})
}

func TestSitePolicyRefusesWhatContradictsItself(t *testing.T) {
	for what, p := range map[string]dtool.SitePolicy{
		"a prefix for who only reads":  {Bucket: "plants", Prefix: "u/jane/", ReadOnly: true},
		"publishing by who only reads": {Bucket: "plants", Publish: true, ReadOnly: true},
	} {
		if text, err := p.Text(); err == nil {
			t.Errorf("%s gives %s", what, text)
		}
	}
}
