package cli

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDeliveryIsOfItsOwner has a user with a place of their own prepare a delivery. Somebody
// without credentials brings the items; another user of the store can do nothing to it,
// and what such a user signs for it is worth nothing.
func TestDeliveryIsOfItsOwner(t *testing.T) {
	o := newOffice(
		t,
		[]string{"--principal", "olssont", "plants", "u/olssont/"},
		[]string{"--principal", "jane", "plants", "u/jane/"},
	)
	files := t.TempDir()
	mustWrite(t, filepath.Join(files, "a.txt"), "content of a\n")
	source := o.must("create", "-q", "--from", files, "leaves", t.TempDir())

	o.as(o.olssont)
	o.below("u/olssont/")
	o.requests()
	delivery := o.dtool("sign", "-q", "--upload", "--json", source, "s3://plants")
	if delivery.code != 0 {
		t.Fatal(delivery.stderr)
	}
	uri := "s3://plants/" + o.must("uuid", source)
	root := "u/olssont/" + strings.TrimPrefix(uri, "s3://plants/")

	o.as(o.jane)
	o.below("u/jane/")
	o.mustBeRefused("u/olssont/", "s3:PutObject", "sign", "--upload", source, "s3://plants")
	foreign := o.dtool("sign", "-q", "--upload", "--json", uri)
	if status := carry(t, foreign.stdout, files); status != http.StatusForbidden {
		t.Errorf("what another user signed was answered with %d", status)
	}
	if o.as(o.olssont); carry(t, delivery.stdout, files) != http.StatusOK {
		t.Error("what the owner signed was refused")
	}
	o.as(o.jane)
	o.mustBeRefused(root+"/dtool", "s3:PutObject", "sign", "--complete", uri)

	o.as(o.olssont)
	o.requests()
	o.must("sign", "--complete", uri)
	mustHaveNeeded(t, o.requests(), "s3:ListBucket", "s3:GetObject", "s3:PutObject")
	o.must("verify", "-f", uri)
}

// carry makes the requests of a delivery, with the files of a directory, and gives the last
// status that was not 200, if there was one.
func carry(t *testing.T, delivery, files string) int {
	t.Helper()
	var list struct {
		Items []struct {
			Relpath, URL string
			Headers      map[string]string
		}
	}
	if err := json.Unmarshal([]byte(delivery), &list); err != nil || len(list.Items) == 0 {
		t.Fatalf("the delivery is %s: %v", delivery, err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	status := http.StatusOK
	for _, item := range list.Items {
		body, err := os.ReadFile(filepath.Join(files, filepath.FromSlash(item.Relpath)))
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, item.URL, strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range item.Headers {
			req.Header.Set(name, value)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != http.StatusOK {
			status = resp.StatusCode
		}
	}
	return status
}
