package dtool_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/oddnames"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

// carrier delivers items as somebody would who has nothing but the requests.
type carrier struct {
	t     *testing.T
	http  *http.Client
	files map[string]string // by relpath
}

func newCarrier(t *testing.T, files map[string]string) carrier {
	t.Helper()
	return carrier{t, anybody(t), files}
}

// anybody gives a client that knows nothing of any store.
func anybody(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// send makes the request for an item with a body, and gives the status of the answer.
func (c carrier) send(item dtool.SignedItem, body string, change func(http.Header)) int {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPut, item.URL, strings.NewReader(body))
	must(c.t, err)
	if body == "" {
		req.Body = http.NoBody // a length of 0, and not one that is unknown
	}
	for name, value := range item.Header {
		req.Header.Set(name, value)
	}
	change(req.Header)
	resp, err := c.http.Do(req)
	must(c.t, err)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	must(c.t, err)
	return resp.StatusCode
}

func unchanged(http.Header) {}

// deliver sends items, all of which must be taken.
func (c carrier) deliver(items []dtool.SignedItem) {
	c.t.Helper()
	for _, item := range items {
		if status := c.send(item, c.files[item.Relpath], unchanged); status != http.StatusOK {
			c.t.Fatalf("item %q was answered with %d", item.Relpath, status)
		}
	}
}

// withoutItems gives a frozen dataset in a directory, with all that a dataset can have,
// and then takes its items away; and what it told of itself before that.
func (w *world) withoutItems(contents map[string]string) (*dtool.Dataset, snapshot) {
	w.t.Helper()
	base := w.t.TempDir()
	d, ctx := w.frozen(base, "seedlings", contents), w.t.Context()
	must(w.t, d.WriteREADME(ctx, []byte("---\nplace: Norwich\n")))
	must(w.t, d.SetTag(ctx, "field"))
	stars, err := dtool.NewValue(5)
	must(w.t, err)
	must(w.t, d.SetAnnotation(ctx, "stars", stars))
	m, err := d.Manifest(ctx)
	must(w.t, err)
	overlay := dtool.Overlay{}
	for _, item := range m.Items() {
		overlay[item.Identifier] = stars
	}
	must(w.t, d.SetOverlay(ctx, "rank", overlay))
	d, err = w.OpenFrozen(ctx, d.URI())
	must(w.t, err)
	whole := snapshotOf(w.t, d)
	must(w.t, os.RemoveAll(filepath.Join(base, "seedlings", "data")))
	return d, whole
}

// manifestOf gives the manifest that a dataset of these files would have, as a document.
func (w *world) manifestOf(contents map[string]string) *dtool.Manifest {
	w.t.Helper()
	m, err := w.frozen(w.t.TempDir(), "seedlings", contents).Manifest(w.t.Context())
	must(w.t, err)
	return m
}

func oddFiles() map[string]string {
	contents := seedling()
	for _, name := range slices.Concat(oddnames.Plain(), oddnames.Acting(), []string{oddnames.Deep()}) {
		contents[name] = "content of " + name
	}
	for _, picky := range oddnames.Windows() {
		contents[picky.Name] = "content of " + picky.Name
	}
	return contents
}

// TestDatasetIsDeliveredByWhoHasNoKeys has a dataset of odd names delivered of which only
// the items come from elsewhere.
func TestDatasetIsDeliveredByWhoHasNoKeys(t *testing.T) {
	w := newWorld(t)
	base, contents, ctx := w.s3(s3test.Start(t)), oddFiles(), t.Context()
	src, whole := w.withoutItems(contents)
	delivery, err := w.PrepareDelivery(ctx, src, base, dtool.SignOptions{})
	must(t, err)
	if delivery.UUID != src.UUID() || delivery.Name != "seedlings" || len(delivery.Items) != len(contents) || delivery.Delivered != 0 ||
		!delivery.ExpiresAt.Equal(noon().Add(dtool.DefaultExpiry)) {
		t.Errorf("the delivery is of %s %s, %d items, until %v", delivery.UUID, delivery.Name, len(delivery.Items), delivery.ExpiresAt)
	}
	_, err = w.OpenFrozen(ctx, delivery.URI)
	wantError(t, err, dtool.ErrDelivery)
	checks, err := w.Diagnose(ctx, delivery.URI, dtool.DiagnoseOptions{ReadOnly: true})
	must(t, err)
	for check := range checks {
		if check.Step == "dataset" && !strings.Contains(check.Hint, "dtool sign --complete "+delivery.URI) {
			t.Errorf("a diagnosis of the delivery says: %+v", check)
		}
	}

	newCarrier(t, contents).deliver(delivery.Items)
	report, err := w.CompleteDelivery(ctx, delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	if report.Dataset == nil || report.Items != len(contents) || report.AlreadyComplete {
		t.Fatalf("the report says %+v", report)
	}
	there, err := w.OpenFrozen(ctx, delivery.URI)
	must(t, err)
	mustVerify(t, there)
	if diff := cmp.Diff(whole, snapshotOf(t, there)); diff != "" {
		t.Errorf("what was delivered is not the dataset (-want +got):\n%s", diff)
	}

	again, err := w.CompleteDelivery(ctx, delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	if !again.AlreadyComplete || again.Dataset == nil || again.Items != len(contents) {
		t.Errorf("to complete it again gives %+v", again)
	}
	for _, prepare := range []func() (*dtool.Delivery, error){
		func() (*dtool.Delivery, error) { return w.PrepareDelivery(ctx, src, base, dtool.SignOptions{}) },
		func() (*dtool.Delivery, error) { return w.RenewDelivery(ctx, delivery.URI, dtool.SignOptions{}) },
	} {
		_, err := prepare()
		wantError(t, err, dtool.ErrFrozen)
	}
	// The requests hold for a while still, and change nothing.
	newCarrier(t, contents).deliver(delivery.Items[:3])
	mustVerify(t, there)
}

// TestDatasetIsMadeOfAManifest has a dataset delivered that was nowhere before.
func TestDatasetIsMadeOfAManifest(t *testing.T) {
	w := newWorld(t)
	base, ctx := w.s3(s3test.Start(t)), t.Context()
	n := dtool.NewDataset{Name: "buds", Manifest: w.manifestOf(seedling()), README: []byte("---\nplace: Norwich\n")}
	delivery, err := w.PrepareNewDelivery(ctx, n, base, dtool.SignOptions{Expires: time.Hour})
	must(t, err)
	if !delivery.ExpiresAt.Equal(noon().Add(time.Hour)) {
		t.Errorf("it ends %v", delivery.ExpiresAt)
	}
	// Nothing but the URI is needed to go on.
	c := newCarrier(t, seedling())
	c.deliver(delivery.Items[:2])
	rest, err := w.RenewDelivery(ctx, delivery.URI, dtool.SignOptions{})
	must(t, err)
	if rest.Delivered != 2 || len(rest.Items) != len(seedling())-2 || rest.UUID != delivery.UUID || rest.Name != "buds" {
		t.Errorf("after two items the rest is %d items of %s, and %d are said to be there", len(rest.Items), rest.Name, rest.Delivered)
	}
	c.deliver(rest.Items)
	report, err := w.CompleteDelivery(ctx, delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	d, err := w.OpenFrozen(ctx, report.URI)
	must(t, err)
	mustVerify(t, d)
	text, err := d.README(ctx)
	must(t, err)
	at, _ := d.FrozenAt()
	if string(text) != "---\nplace: Norwich\n" || d.Name() != "buds" || !at.Equal(noon()) || d.Creator() != "olssont" {
		t.Errorf("it is %s by %s, frozen %v, with the README %q", d.Name(), d.Creator(), at, text)
	}
	if uris := w.uris(base); !slices.Contains(uris, d.URI()) {
		t.Errorf("the base lists %q", uris)
	}
}

// TestRequestLetsNothingElseIn tries to have other things stored by the requests of a
// delivery, as it is and once it is frozen.
func TestRequestLetsNothingElseIn(t *testing.T) {
	w := newWorld(t)
	base, ctx := w.s3(s3test.Start(t)), t.Context()
	src, _ := w.withoutItems(seedling())
	delivery, err := w.PrepareDelivery(ctx, src, base, dtool.SignOptions{})
	must(t, err)
	c := newCarrier(t, seedling())
	refused := func() {
		t.Helper()
		for i, item := range delivery.Items {
			right, other := c.files[item.Relpath], delivery.Items[(i+1)%len(delivery.Items)]
			attempts := map[string]int{
				"a longer body": c.send(item, right+"x", func(h http.Header) { h.Del("Content-Length") }),
				"another handle": c.send(item, right, func(h http.Header) {
					h.Set("X-Amz-Meta-Handle", other.Header["X-Amz-Meta-Handle"])
				}),
				"another checksum": c.send(item, right, func(h http.Header) {
					h.Set("X-Amz-Meta-Checksum", strings.Repeat("0", 32))
				}),
				"no handle":   c.send(item, right, func(h http.Header) { h.Del("X-Amz-Meta-Handle") }),
				"no checksum": c.send(item, right, func(h http.Header) { h.Del("X-Amz-Meta-Checksum") }),
				"no MD5":      c.send(item, right, func(h http.Header) { h.Del("Content-Md5") }),
				"the MD5 of another item": c.send(item, c.files[other.Relpath], func(h http.Header) {
					h.Set("Content-Md5", other.Header["Content-Md5"])
				}),
				"more metadata": c.send(item, right, func(h http.Header) { h.Set("X-Amz-Meta-More", "x") }),
				"an ACL":        c.send(item, right, func(h http.Header) { h.Set("X-Amz-Acl", "public-read") }),
			}
			if len(right) > 0 {
				attempts["another body"] = c.send(item, strings.Repeat("x", len(right)), unchanged)
				attempts["a shorter body"] = c.send(item, right[1:], func(h http.Header) { h.Del("Content-Length") })
			}
			for what, status := range attempts {
				if status < 400 || status >= 500 {
					t.Errorf("%q with %s was answered with %d", item.Relpath, what, status)
				}
			}
		}
	}
	refused()
	report, err := w.CompleteDelivery(ctx, delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	if report.Dataset != nil || len(report.Wrong) != len(seedling()) {
		t.Errorf("of what was refused there is %+v", report)
	}
	c.deliver(delivery.Items)
	report, err = w.CompleteDelivery(ctx, delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	refused()
	mustVerify(t, report.Dataset)
}

// TestWrongDeliveryIsNeverFrozen has somebody with keys spoil what was delivered, in each
// way.
func TestWrongDeliveryIsNeverFrozen(t *testing.T) {
	w, server := newWorld(t), s3test.Start(t)
	site := bucketOn(t, server)
	w.environ = append(w.environ, site.environ...)
	w.connect()
	ctx := t.Context()
	contents := map[string]string{"good": "good", "gone": "gone", "size": "size", "content": "content", "bare": "bare", "stale": "stale", "handle": "handle"}
	src, _ := w.withoutItems(contents)
	delivery, err := w.PrepareDelivery(ctx, src, site.uri, dtool.SignOptions{})
	must(t, err)
	site.removeAfter(t, delivery.UUID)
	newCarrier(t, contents).deliver(delivery.Items)
	keyOf := func(relpath string) string { return delivery.UUID + "/data/" + dtool.Identifier(relpath) }
	put := func(relpath, content string, change func(map[string]string)) {
		t.Helper()
		info, err := site.store.Stat(ctx, keyOf(relpath))
		must(t, err)
		metadata := maps.Clone(info.Metadata)
		change(metadata)
		_, err = site.store.Put(ctx, keyOf(relpath), strings.NewReader(content), storage.PutOptions{Size: int64(len(content)), Metadata: metadata})
		must(t, err)
	}
	must(t, site.store.Delete(ctx, keyOf("gone")))
	put("size", "longer", func(map[string]string) {})
	put("content", "CONTENT", func(m map[string]string) { m["checksum"] = strings.Repeat("0", 32) })
	put("bare", "bare", func(m map[string]string) { delete(m, "checksum") })
	put("stale", "STALE", func(map[string]string) {})
	put("handle", "handle", func(m map[string]string) { m["handle"] = "b3RoZXI=" })
	foreign := delivery.UUID + "/data/foreign"
	_, err = site.store.Put(ctx, foreign, strings.NewReader("x"), storage.PutOptions{Size: 1})
	must(t, err)

	report, err := w.CompleteDelivery(ctx, delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	want := map[string]dtool.CopyReason{
		"gone": dtool.NotThere, "size": dtool.OtherSize, "content": dtool.OtherContent, "bare": dtool.Unrecorded,
		"stale": dtool.OtherContent, "handle": dtool.Unrecorded,
	}
	if diff := cmp.Diff(want, reasons(&dtool.CopyPlan{Items: report.Wrong})); diff != "" || !slices.Equal(report.Foreign, []string{foreign}) || report.Dataset != nil {
		t.Errorf("foreign is %q; what is wrong (-want +got):\n%s", report.Foreign, diff)
	}
	_, err = w.OpenFrozen(ctx, delivery.URI)
	wantError(t, err, dtool.ErrUnfinished)

	// What is wrong is signed anew, and only that.
	rest, err := w.RenewDelivery(ctx, delivery.URI, dtool.SignOptions{})
	must(t, err)
	if len(rest.Items) != len(want) || rest.Delivered != 1 {
		t.Errorf("%d items are signed again, %d are kept", len(rest.Items), rest.Delivered)
	}
	newCarrier(t, contents).deliver(rest.Items)
	must(t, site.store.Delete(ctx, foreign))
	report, err = w.CompleteDelivery(ctx, delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	if report.Dataset == nil {
		t.Fatalf("what was put right is %+v", report)
	}
	mustVerify(t, report.Dataset)
}

// TestDeliveryIsFinishedByACopy has the dataset itself turn up before all of its items
// were delivered.
func TestDeliveryIsFinishedByACopy(t *testing.T) {
	w := newWorld(t)
	base, ctx := w.s3(s3test.Start(t)), t.Context()
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	delivery, err := w.PrepareDelivery(ctx, src, base, dtool.SignOptions{})
	must(t, err)
	newCarrier(t, seedling()).deliver(delivery.Items[:2])
	_, err = w.Copy(ctx, src, base, dtool.CopyOptions{})
	wantError(t, err, dtool.ErrExists)
	result, err := w.Copy(ctx, src, base, dtool.CopyOptions{Resume: true})
	must(t, err)
	if result.Kept != 2 || result.Copied != len(seedling())-2 {
		t.Errorf("%d were copied, %d kept", result.Copied, result.Kept)
	}
	mustVerify(t, result.Dataset)
	report, err := w.CompleteDelivery(ctx, delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	if !report.AlreadyComplete {
		t.Errorf("the report says %+v", report)
	}
}

// TestManyItemsAreSignedAtOnce asks for the requests that it takes.
func TestManyItemsAreSignedAtOnce(t *testing.T) {
	w, server := newWorld(t), s3test.StartOwn(t)
	base, ctx := w.s3(server), t.Context()
	many := map[string]string{}
	for i := range 1000 {
		many[fmt.Sprintf("plates/%d.csv", i)] = fmt.Sprint(i)
	}
	src, _ := w.withoutItems(many)
	var delivery *dtool.Delivery
	asked := server.Count(t, func() {
		var err error
		delivery, err = w.PrepareDelivery(ctx, src, base, dtool.SignOptions{})
		must(t, err)
	})
	// The registration, structure.json, README.txt, dtool, the manifest, and five documents, of which one is an old README.
	if len(delivery.Items) != 1000 || asked["PutObject"] != 10 || asked["HeadObject"] != 0 || asked["ListObjectsV2"] > 4 {
		t.Errorf("%d items were signed with the requests %v", len(delivery.Items), asked)
	}
	newCarrier(t, many).deliver(delivery.Items)
	report, err := w.CompleteDelivery(ctx, delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	if report.Dataset == nil || report.Items != 1000 {
		t.Errorf("the report says %+v", report)
	}
}

// TestHostileManifestIsNotDelivered gives manifests that nothing may come of, and looks
// whether anything is written.
func TestHostileManifestIsNotDelivered(t *testing.T) {
	w := newWorld(t)
	base, ctx := w.s3(s3test.Start(t)), t.Context()
	const md5 = "d41d8cd98f00b204e9800998ecf8427e"
	manifest := func(function, relpath, hash string, size int64) string {
		return fmt.Sprintf(`{"dtoolcore_version": "3.20.0", "hash_function": %q, "items": {%q: {"relpath": %q, "hash": %q, "size_in_bytes": %d, "utc_timestamp": 0}}}`,
			function, dtool.Identifier(relpath), relpath, hash, size)
	}
	type hostile struct {
		what, text string
		kind       error
	}
	list := []hostile{
		{"no manifest", "[]", dtool.ErrBadManifest},
		{"cut short", manifest("md5sum_hexdigest", "a", md5, 0)[:80], dtool.ErrBadManifest},
		{"a wrong identifier", strings.ReplaceAll(manifest("md5sum_hexdigest", "a", md5, 0), dtool.Identifier("a"), dtool.Identifier("b")), dtool.ErrBadManifest},
		{"a negative size", manifest("md5sum_hexdigest", "a", md5, -1), dtool.ErrBadManifest},
		{"another hash", manifest("sha256sum_hexdigest", "a", strings.Repeat("0", 64), 0), dtool.ErrUndeliverable},
		{"an ETag of parts", manifest("md5sum_hexdigest", "a", md5+"-2", 0), dtool.ErrUndeliverable},
		{"no hash", manifest("md5sum_hexdigest", "a", "", 0), dtool.ErrUndeliverable},
		{"a hash in upper case", manifest("md5sum_hexdigest", "a", strings.ToUpper(md5), 0), dtool.ErrUndeliverable},
		{"a header in the hash", manifest("md5sum_hexdigest", "a", "x\\r\\nX-Amz-Acl: public-read", 0), dtool.ErrUndeliverable},
		{"an unclean relpath", manifest("md5sum_hexdigest", "./a", md5, 0), dtool.ErrInvalidItem},
		{"more than a request stores", manifest("md5sum_hexdigest", "a", md5, 5<<30+1), nil},
		{"a relpath too long for metadata", manifest("md5sum_hexdigest", strings.Repeat("x", 2000), md5, 0), dtool.ErrInvalidItem},
	}
	for _, relpath := range oddnames.Outward() {
		if !strings.Contains(relpath, "\x00") {
			list = append(list, hostile{"the relpath " + relpath, manifest("md5sum_hexdigest", relpath, md5, 0), dtool.ErrInvalidItem})
		}
	}
	for _, relpath := range []string{"two\nlines", "carriage\rreturn"} {
		list = append(list, hostile{"a line end", manifest("md5sum_hexdigest", relpath, md5, 0), dtool.ErrNewline})
	}
	for _, h := range list {
		m, err := dtool.ReadManifest(strings.NewReader(h.text))
		if err == nil {
			_, err = w.PrepareNewDelivery(ctx, dtool.NewDataset{Name: "buds", Manifest: m}, base, dtool.SignOptions{})
		}
		if err == nil || h.kind != nil {
			wantError(t, err, h.kind)
		}
	}
	if uris := w.uris(base); len(uris) > 0 && os.Getenv("S3_TEST_BASE_URI") == "" {
		t.Errorf("the base lists %q", uris)
	}
}

// TestDeliveryNeedsABucketAndADelivery tries places that there can be none in.
func TestDeliveryNeedsABucketAndADelivery(t *testing.T) {
	w := newWorld(t)
	base, ctx, dir := w.s3(s3test.Start(t)), t.Context(), t.TempDir()
	src, _ := w.withoutItems(seedling())
	_, err := w.PrepareDelivery(ctx, src, dir, dtool.SignOptions{})
	wantError(t, err, dtool.ErrCannotSign)
	_, err = w.PrepareNewDelivery(ctx, dtool.NewDataset{Name: "buds", Manifest: w.manifestOf(seedling())}, dir, dtool.SignOptions{})
	wantError(t, err, dtool.ErrCannotSign)
	_, err = src.Sign(ctx, dtool.SignOptions{})
	wantError(t, err, dtool.ErrCannotSign)
	if found := tree(t, dir); len(found) > 0 {
		t.Errorf("the directory holds %v", found)
	}
	_, err = w.PrepareNewDelivery(ctx, dtool.NewDataset{Name: "../x", Manifest: w.manifestOf(seedling())}, base, dtool.SignOptions{})
	wantError(t, err, dtool.ErrInvalidName)

	proto, err := w.Create(ctx, "buds", base, dtool.CreateOptions{})
	must(t, err)
	_, err = proto.Sign(ctx, dtool.SignOptions{})
	wantError(t, err, dtool.ErrNotFrozen)
	for _, uri := range []string{proto.URI(), base + "/00000000-0000-4000-8000-000000000000"} {
		_, err = w.RenewDelivery(ctx, uri, dtool.SignOptions{})
		if uri == proto.URI() {
			wantError(t, err, dtool.ErrNoDelivery)
		} else {
			wantError(t, err, dtool.ErrNotDataset)
		}
		_, completing := w.CompleteDelivery(ctx, uri, dtool.CompleteOptions{})
		if completing == nil || completing.Error() != err.Error() {
			t.Errorf("to complete it gives %v, not %v", completing, err)
		}
	}
	must(t, proto.Add(ctx, []dtool.Source{{Path: files(t, seedling())}}, dtool.AddOptions{})) // which it still is for
}

// TestSignedDatasetIsReadWithoutCredentials reads all that was signed, with nothing but
// HTTP.
func TestSignedDatasetIsReadWithoutCredentials(t *testing.T) {
	w, server := newWorld(t), s3test.StartOwn(t)
	base, contents, ctx := w.s3(server), oddFiles(), t.Context()
	src := w.frozen(t.TempDir(), "seedlings", contents)
	must(t, src.WriteREADME(ctx, []byte("---\nplace: Norwich\n")))
	must(t, src.SetTag(ctx, "field"))
	stars, err := dtool.NewValue(5)
	must(t, err)
	must(t, src.SetAnnotation(ctx, "stars", stars))
	copied, err := w.Copy(ctx, src, base, dtool.CopyOptions{})
	must(t, err)
	d, err := w.OpenFrozen(ctx, copied.Dataset.URI())
	must(t, err)
	var signed *dtool.SignedDataset
	asked := server.Count(t, func() {
		signed, err = d.Sign(ctx, dtool.SignOptions{Expires: storage.MaxExpiry})
		must(t, err)
	})
	if want := map[string]int{"GetObject": 1, "ListObjectsV2": 3}; !maps.Equal(asked, want) {
		t.Errorf("signing took the requests %v, want %v", asked, want)
	}
	found := map[string]string{}
	for _, item := range signed.Items {
		found[item.Relpath] = string(got(t, item.URL))
	}
	if diff := cmp.Diff(contents, found); diff != "" {
		t.Errorf("what the URLs give is wrong (-want +got):\n%s", diff)
	}
	var parts []string
	for _, part := range signed.Parts {
		parts = append(parts, part.Name)
		if body := got(t, part.URL); part.Name == "README.yml" && string(body) != "---\nplace: Norwich\n" {
			t.Errorf("the README is %q", body)
		}
	}
	if want := []string{"dtool", "README.yml", "manifest.json", "annotations/stars.json"}; !slices.Equal(parts, want) {
		t.Errorf("the parts are %q, want %q", parts, want)
	}
	if !signed.ExpiresAt.Equal(noon().Add(storage.MaxExpiry)) || signed.UUID != d.UUID() || signed.Name != d.Name() || signed.URI != d.URI() {
		t.Errorf("it is of %s until %v", signed.URI, signed.ExpiresAt)
	}
	for _, expires := range []time.Duration{-1, time.Millisecond, storage.MaxExpiry + 1} {
		if _, err := d.Sign(ctx, dtool.SignOptions{Expires: expires}); err == nil {
			t.Errorf("it was signed for %v", expires)
		}
	}
}

// got reads a URL, with no credentials.
func got(t *testing.T, url string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	resp, err := anybody(t).Do(req)
	must(t, err)
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the answer is %s, %v: %.200s", resp.Status, err, body.String())
	}
	return body.Bytes()
}
