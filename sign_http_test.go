package dtool_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
)

// TestSignedDatasetIsOpenedFromAnyWebServer puts what was signed on a web server that has
// nothing else, and copies the dataset from there.
func TestSignedDatasetIsOpenedFromAnyWebServer(t *testing.T) {
	w := newWorld(t)
	src, whole := w.withoutItems(seedling())
	base, ctx := w.s3(s3test.Start(t)), t.Context()
	delivery, err := w.PrepareDelivery(ctx, w.openHere(src), base, dtool.SignOptions{})
	must(t, err)
	newCarrier(t, seedling()).deliver(delivery.Items)
	report, err := w.CompleteDelivery(ctx, delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	signed, err := report.Dataset.Sign(ctx, dtool.SignOptions{})
	must(t, err)

	mux := http.NewServeMux()
	mux.HandleFunc("/"+signed.UUID+"/http_manifest.json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(signed.JSON()) // a failure shows in what is read
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	somebody := newWorld(t) // who knows nothing of the bucket
	there, err := somebody.OpenFrozen(ctx, server.URL+"/"+signed.UUID)
	must(t, err)
	copied, err := somebody.Copy(ctx, there, t.TempDir(), dtool.CopyOptions{})
	must(t, err)
	if diff := cmp.Diff(whole, snapshotOf(t, copied.Dataset)); diff != "" {
		t.Errorf("what was copied differs (-want +got):\n%s", diff)
	}
	_, err = there.Sign(ctx, dtool.SignOptions{})
	wantError(t, err, dtool.ErrCannotSign)
}
