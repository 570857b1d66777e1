package dtool_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/storetest"
)

// shared makes a bucket, "plants", that can let others read.
func (w *world) shared() (*sharedBucket, string) {
	w.t.Helper()
	b := newSharedBucket(w.t, "plants")
	w.memory["plants"] = b
	return b, "mem://plants"
}

// documented makes a dataset with everything that a dataset can have.
func (w *world) documented(base string) *dtool.Dataset {
	w.t.Helper()
	ctx := w.t.Context()
	d := w.frozen(base, "seedlings", seedling())
	must(w.t, d.WriteREADME(ctx, []byte("---\nproject: secret\n")))
	must(w.t, d.WriteREADME(ctx, []byte("---\nproject: leaves\n")))
	must(w.t, d.SetTag(ctx, "rnaseq"))
	must(w.t, d.SetAnnotation(ctx, "ratio.of.two", value(w.t, "0.5")))
	overlay := dtool.Overlay{}
	for relpath := range seedling() {
		overlay[dtool.Identifier(relpath)] = value(w.t, "true")
	}
	must(w.t, d.SetOverlay(ctx, "kind.of.file", overlay))
	return d
}

// handedOut is what http_manifest.json says, as another program reads it.
type handedOut struct {
	Admin       map[string]any    `json:"admin_metadata"`
	README      string            `json:"readme_url"`
	Manifest    string            `json:"manifest_url"`
	Items       map[string]string `json:"item_urls"`
	Overlays    map[string]string `json:"overlays"`
	Annotations map[string]string `json:"annotations"`
	Tags        []string          `json:"tags"`
}

// fetch gets what lies at a URL with nothing but an HTTP client.
func fetch(t *testing.T, at string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	must(t, err)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	answer, err := client.Do(request)
	must(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, text
}

func mustFetch(t *testing.T, at string) []byte {
	t.Helper()
	status, text := fetch(t, at)
	if status != http.StatusOK {
		t.Fatalf("%s answers %d: %s", at, status, text)
	}
	return text
}

// manifestURL gives the URL of http_manifest.json of an access URL.
func manifestURL(access string) string {
	path, query, signed := strings.Cut(access, "?")
	path += "/http_manifest.json"
	if signed {
		path += "?" + query
	}
	return path
}

// readAll reads a published dataset as another program would: by http_manifest.json
// alone. It gives the items by relpath, and what http_manifest.json says.
func readAll(t *testing.T, access string) (map[string]string, handedOut) {
	t.Helper()
	var h handedOut
	must(t, json.Unmarshal(mustFetch(t, manifestURL(access)), &h))
	var m struct {
		Items map[string]struct{ Relpath string }
	}
	must(t, json.Unmarshal(mustFetch(t, h.Manifest), &m))
	found := map[string]string{}
	for id, item := range m.Items {
		found[item.Relpath] = string(mustFetch(t, h.Items[id]))
	}
	return found, h
}

// ways gives the options of each way of publishing in a bucket.
func ways(b *sharedBucket) map[dtool.Way]dtool.PublishOptions {
	return map[dtool.Way]dtool.PublishOptions{
		dtool.ByACL:       {},
		dtool.BySignature: {Expires: time.Hour},
		dtool.ByPolicy:    {Policy: true},
		dtool.ByURL:       {PublicURL: b.http.URL + "/" + b.name + "/"},
	}
}

// letAllRead makes the bucket one that is public by a policy of its own.
func (b *sharedBucket) letAllRead(t *testing.T) {
	t.Helper()
	must(t, b.SetPolicy(t.Context(), []byte(`{"Statement":[{"Sid":"ours","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::`+b.name+`/*"]}]}`)))
}

// TestPublishedDatasetNeedsNothingButHTTP in any way of publishing, wherever the dataset
// lies in its bucket.
func TestPublishedDatasetNeedsNothingButHTTP(t *testing.T) {
	for _, prefix := range []string{"", "u/olssont/", "ü l#?%&+ /"} {
		w := newWorld(t, "DTOOL_MEM_DATASET_PREFIX_plants="+prefix)
		b, base := w.shared()
		d := w.documented(base)
		for way, options := range ways(b) {
			t.Run(prefix+string(way), func(t *testing.T) {
				if way == dtool.ByURL {
					b.letAllRead(t)
				}
				result, err := d.Publish(t.Context(), options)
				must(t, err)
				items, h := readAll(t, result.AccessURL)
				if diff := cmp.Diff(seedling(), items); diff != "" {
					t.Errorf("items differ (-want +got):\n%s", diff)
				}
				if text := mustFetch(t, h.README); string(text) != "---\nproject: leaves\n" {
					t.Errorf("the README is %q", text)
				}
				mustFetch(t, h.Overlays["kind.of.file"])
				mustFetch(t, h.Annotations["ratio.of.two"])
				if h.Admin["uuid"] != d.UUID() || !slices.Equal(h.Tags, []string{"rnaseq"}) {
					t.Errorf("http_manifest.json has the UUID %v and the tags %v", h.Admin["uuid"], h.Tags)
				}
				opened, err := w.OpenFrozen(t.Context(), result.AccessURL)
				must(t, err)
				if report, err := opened.Verify(t.Context(), dtool.VerifyOptions{Full: true}); err != nil || !report.Good() {
					t.Errorf("verified where it is published: %+v, %v", report, err)
				}
				_, err = d.Unpublish(t.Context(), dtool.UnpublishOptions{})
				must(t, err)
				must(t, b.SetPolicy(t.Context(), nil))
			})
		}
	}
}

// TestNothingElseIsPublished than readers need: neither READMEs that were
// replaced, nor the record, nor what strangers put there, nor another dataset.
func TestNothingElseIsPublished(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	other := w.frozen(base, "others", seedling())
	top := d.UUID() + "/"
	for _, key := range []string{top + "fragments/left.kind.json", top + "notes.txt", top + "overlays/sub/deep.json", d.UUID() + "x/dtool"} {
		_, err := b.Put(t.Context(), key, strings.NewReader("{}"), storage.PutOptions{Size: 2})
		must(t, err)
	}
	for _, way := range []dtool.Way{dtool.ByACL, dtool.ByPolicy} {
		var err error
		for range 2 { // by the second time there is a record
			_, err = d.Publish(t.Context(), ways(b)[way])
			must(t, err)
		}
		for _, key := range b.open(t) {
			rest, ours := strings.CutPrefix(key, top)
			switch {
			case !ours, strings.HasPrefix(key, other.UUID()):
				t.Errorf("%s: %s is public, and no part of the dataset", way, key)
			case strings.HasPrefix(rest, "README.yml-"), strings.HasPrefix(rest, "fragments/"), rest == "publish.json", rest == "notes.txt":
				t.Errorf("%s: %s is public, and nobody needs it", way, key)
			}
		}
		_, err = d.Unpublish(t.Context(), dtool.UnpublishOptions{})
		must(t, err)
		if open := b.open(t); open != nil {
			t.Errorf("%s: after taking it back, public are %v", way, open)
		}
	}
}

func TestPublishingWritesWhatPythonWrote(t *testing.T) {
	w := newWorld(t)
	_, base := w.shared()
	result, err := w.documented(base).Publish(t.Context(), dtool.PublishOptions{Expires: time.Hour})
	must(t, err)
	python, err := fixtures.HTTPManifest()
	must(t, err)
	ours := mustFetch(t, manifestURL(result.AccessURL))
	if got, want := members(t, ours), members(t, python); !slices.Equal(got, want) {
		t.Errorf("http_manifest.json has the members %v, and that of Python %v", got, want)
	}
	if got, want := string(ours[:20]), string(python[:20]); got != want {
		t.Errorf("it begins with %q, and that of Python with %q", got, want)
	}
}

// members gives the names of an object's members in their order, and which kind of
// value each has.
func members(t *testing.T, text []byte) []string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(text)))
	_, err := dec.Token()
	must(t, err)
	var names []string
	for dec.More() {
		name, err := dec.Token()
		must(t, err)
		var v json.RawMessage
		must(t, dec.Decode(&v))
		names = append(names, name.(string)+" "+string(v[:1]))
	}
	return names
}

func TestStoreWithoutACLsIsLeftAsItWas(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	before := w.plants()
	b.noACLs = true
	_, err := d.Publish(t.Context(), dtool.PublishOptions{})
	wantError(t, err, storage.ErrNoACLs, "is not published")
	if diff := cmp.Diff(before, w.plants()); diff != "" {
		t.Errorf("keys differ (-before +after):\n%s", diff)
	}
}

// plants lists that bucket.
func (w *world) plants() []string {
	w.t.Helper()
	var keys []string
	for info, err := range w.memory["plants"].List(w.t.Context(), "", storage.Deep) {
		must(w.t, err)
		keys = append(keys, info.Key)
	}
	return keys
}

// TestAccessURLIsOnlyGivenForWhatCanBeRead by everybody, and else it is said what has
// been done.
func TestAccessURLIsOnlyGivenForWhatCanBeRead(t *testing.T) {
	for name, tt := range map[string]struct {
		options func(b *sharedBucket) dtool.PublishOptions
		spoil   func(t *testing.T, b *sharedBucket, d *dtool.Dataset)
		kind    error
	}{
		"ACLs that count for nothing": {
			func(*sharedBucket) dtool.PublishOptions { return dtool.PublishOptions{} },
			func(_ *testing.T, b *sharedBucket, _ *dtool.Dataset) { b.blocked = true }, storage.ErrForbidden,
		},
		"a URL of private items": {
			func(b *sharedBucket) dtool.PublishOptions {
				return dtool.PublishOptions{PublicURL: b.http.URL + "/plants"}
			},
			func(t *testing.T, b *sharedBucket, d *dtool.Dataset) {
				for key := range textsOf(t, b) {
					must(t, b.SetPublic(t.Context(), key, !strings.HasPrefix(key, d.UUID()+"/data/")))
				}
			}, storage.ErrForbidden,
		},
		"a front with another manifest": {
			frontThat(func(name, text string) string {
				if before, hash, ok := strings.Cut(text, `"hash": "`); ok && name == "manifest.json" {
					return before + `"hash": "` + hash[1:2] + hash[:1] + hash[2:]
				}
				return text
			}), nothingSpoilt, storage.ErrCorrupted,
		},
		"a front with an older http_manifest.json": {
			frontThat(func(name, text string) string {
				if name == "http_manifest.json" {
					return strings.Replace(text, `"rnaseq"`, `"dna"`, 1)
				}
				return text
			}), nothingSpoilt, storage.ErrCorrupted,
		},
		"a front with an item cut short": {
			frontThat(func(name, text string) string {
				if name == "data/"+dtool.Identifier("reads.txt") {
					return text[:len(text)-1]
				}
				return text
			}), nothingSpoilt, storage.ErrCorrupted,
		},
		"a front without the page": {frontWithout("index.html"), nothingSpoilt, storage.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b, base := w.shared()
			d := w.documented(base)
			tt.spoil(t, b, d)
			result, err := d.Publish(t.Context(), tt.options(b))
			failed, ok := errors.AsType[*dtool.PublishError](err)
			if !ok || !failed.Unread || !failed.Begun || tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Fatalf("got %+v, %v", result, err)
			}
			if !strings.Contains(err.Error(), "was published, and cannot be read without credentials") {
				t.Errorf("it says %q", err)
			}
		})
	}
}

func nothingSpoilt(*testing.T, *sharedBucket, *dtool.Dataset) {}

// frontThat publishes, with a page, at a front that alters what it hands out.
func frontThat(alters func(name, text string) string) func(b *sharedBucket) dtool.PublishOptions {
	return func(b *sharedBucket) dtool.PublishOptions {
		return dtool.PublishOptions{PublicURL: b.front(alters).URL + "/data", Page: true}
	}
}

func frontWithout(missing string) func(b *sharedBucket) dtool.PublishOptions {
	return frontThat(func(name, text string) string {
		if name == missing {
			return gone
		}
		return text
	})
}

// TestFailureTellsWhatMayBeReadable by then, and that it does not if the store refuses.
func TestFailureTellsWhatMayBeReadable(t *testing.T) {
	type fault = storetest.Fault
	lost, refused := fault{Kind: storetest.LoseAnswer}, fault{Kind: storetest.Fail, Cause: storage.ErrForbidden}
	for name, tt := range map[string]struct {
		way   dtool.Way
		call  storetest.Call
		fault fault
		begun bool
	}{
		"the answer to the first ACL is lost": {dtool.ByACL, storetest.Call{Op: storetest.SetPublic, Key: "README.txt"}, lost, true},
		"the first ACL is refused":            {dtool.ByACL, storetest.Call{Op: storetest.SetPublic, Key: "README.txt"}, refused, false},
		"the last ACL is refused":             {dtool.ByACL, storetest.Call{Op: storetest.SetPublic, Key: "http_manifest.json"}, refused, true},
		"the policy is refused":               {dtool.ByPolicy, storetest.Call{Op: storetest.SetPolicy}, refused, false},
		"the policy cannot be read":           {dtool.ByPolicy, storetest.Call{Op: storetest.Policy}, refused, false},
		"the policy cannot be read again":     {dtool.ByPolicy, storetest.Call{Op: storetest.Policy, N: 1}, refused, false},
		"the policy cannot be read after it":  {dtool.ByPolicy, storetest.Call{Op: storetest.Policy, N: 2}, refused, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b, base := w.shared()
			d := w.documented(base)
			before := w.plants()
			faulty := storetest.NewFaulty(func(c storetest.Call) fault {
				c.Key = strings.TrimPrefix(c.Key, d.UUID()+"/")
				if _, err := b.Stat(t.Context(), d.UUID()+"/publish.json"); err != nil && (c.Op == storetest.SetPublic || c.Op == storetest.SetPolicy) {
					t.Errorf("%v is done before it is recorded", c)
				}
				if c == tt.call {
					return tt.fault
				}
				return fault{}
			})
			w.memory["plants"] = faulty.Around(b)
			w.connect()
			theirs, err := w.OpenFrozen(t.Context(), d.URI())
			must(t, err)
			_, err = theirs.Publish(t.Context(), ways(b)[tt.way])
			failed, ok := errors.AsType[*dtool.PublishError](err)
			if !ok || failed.Begun != tt.begun || strings.Contains(err.Error(), "may be readable") != tt.begun {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "somebody else") {
				t.Errorf("a failure passes for a change: %v", err)
			}
			if diff := cmp.Diff(before, w.plants()); !tt.begun && diff != "" {
				t.Errorf("keys differ (-before +after):\n%s", diff)
			}
			_, err = d.Unpublish(t.Context(), dtool.UnpublishOptions{})
			must(t, err)
			if open := b.open(t); open != nil {
				t.Errorf("after taking it back, public are %v", open)
			}
		})
	}
}

// TestRefusalKeepsWhatWasRecordedBefore of another way.
func TestRefusalKeepsWhatWasRecordedBefore(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	_, err := d.Publish(t.Context(), dtool.PublishOptions{Expires: time.Hour})
	must(t, err)
	before := textsOf(t, b)
	b.noACLs = true
	_, err = d.Publish(t.Context(), dtool.PublishOptions{})
	wantError(t, err, storage.ErrNoACLs)
	if diff := cmp.Diff(before, textsOf(t, b)); diff != "" {
		t.Errorf("the bucket differs (-before +after):\n%s", diff)
	}
}

// TestWrongPublicURLChangesNothing, since it is asked before anything is written.
func TestWrongPublicURLChangesNothing(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	before := w.plants()
	for path, kind := range map[string]error{"/elsewhere": storage.ErrNotFound, "/plants": storage.ErrForbidden} {
		must(t, b.SetPolicy(t.Context(), nil))
		if errors.Is(kind, storage.ErrNotFound) {
			b.letAllRead(t)
		}
		_, err := d.Publish(t.Context(), dtool.PublishOptions{PublicURL: b.http.URL + path})
		failed, ok := errors.AsType[*dtool.PublishError](err)
		if !ok || !failed.Closed || failed.Unread || !errors.Is(err, kind) {
			t.Errorf("at %s: %v", path, err)
		}
	}
	if diff := cmp.Diff(before, w.plants()); diff != "" {
		t.Errorf("keys differ (-before +after):\n%s", diff)
	}
}

// TestWhatEverybodyCanReadNeedsNoACLs where a statement of an administrator's lets
// everybody read.
func TestWhatEverybodyCanReadNeedsNoACLs(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	b.noACLs = true
	statement, err := d.PublishPolicy(t.Context(), nil)
	must(t, err)
	must(t, b.SetPolicy(t.Context(), statement))
	result, err := d.Publish(t.Context(), dtool.PublishOptions{})
	must(t, err)
	if result.Way != dtool.ByURL || result.AccessURL != b.http.URL+"/plants/"+d.UUID() {
		t.Errorf("published: %+v", result)
	}
	readAll(t, result.AccessURL)
	withdrawal, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	if !withdrawal.Statement || withdrawal.Readable != nil {
		t.Errorf("taken back: %+v", withdrawal)
	}
}

// TestWaysAreThoseOfThePresent and not of a publication that was taken back.
func TestWaysAreThoseOfThePresent(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	look := func(stage string, want ...dtool.Way) {
		t.Helper()
		got, err := d.Ways(t.Context(), dtool.Observer{})
		must(t, err)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", stage, got, want)
		}
	}
	look("never published")
	for _, way := range []dtool.Way{dtool.BySignature, dtool.ByACL} {
		_, err := d.Publish(t.Context(), ways(b)[way])
		must(t, err)
	}
	look("published", dtool.ByACL, dtool.BySignature)
	must(t, b.Delete(t.Context(), d.UUID()+"/publish.json"))
	look("by another program", dtool.ByACL)
	takeBack := func() {
		t.Helper()
		_, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
		must(t, err)
	}
	takeBack()
	_, err := d.Publish(t.Context(), ways(b)[dtool.BySignature])
	must(t, err)
	takeBack()
	look("taken back, with URLs that are good")
	onDisk := w.frozen(t.TempDir(), "seedlings", seedling())
	if got, err := onDisk.Ways(t.Context(), dtool.Observer{}); got != nil || err != nil {
		t.Errorf("on a disk: %v, %v", got, err)
	}
}

func TestWhatIsIncompleteIsNotPublished(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	key := d.UUID() + "/data/" + dtool.Identifier("reads.txt")
	must(t, b.Delete(t.Context(), key))
	_, err := d.Publish(t.Context(), dtool.PublishOptions{})
	wantError(t, err, storage.ErrNotFound, `publishing item reads.txt`, key)
	_, err = b.Put(t.Context(), key, strings.NewReader("AC"), storage.PutOptions{Size: 2})
	must(t, err)
	_, err = d.Publish(t.Context(), dtool.PublishOptions{})
	wantError(t, err, storage.ErrCorrupted, `publishing item reads.txt`, "size 2 where 5 was expected")
	if open := b.open(t); open != nil {
		t.Errorf("public are %v", open)
	}
}

func TestOnlyFrozenDatasetsInBucketsArePublished(t *testing.T) {
	w := newWorld(t)
	_, base := w.shared()
	p, err := w.Create(t.Context(), "seedlings", base, dtool.CreateOptions{})
	must(t, err)
	_, err = p.Publish(t.Context(), dtool.PublishOptions{})
	wantError(t, err, dtool.ErrNotFrozen)
	onDisk := w.frozen(t.TempDir(), "seedlings", seedling())
	_, err = onDisk.Publish(t.Context(), dtool.PublishOptions{})
	wantError(t, err, dtool.ErrCannotPublish, onDisk.URI())
	_, err = onDisk.Unpublish(t.Context(), dtool.UnpublishOptions{})
	wantError(t, err, dtool.ErrCannotPublish)
	_, err = onDisk.Published(t.Context(), dtool.PublishedOptions{})
	wantError(t, err, dtool.ErrCannotPublish)
	_, err = onDisk.PublishPolicy(t.Context(), nil)
	wantError(t, err, dtool.ErrCannotPublish)
}

func TestOptionsThatContradictEachOtherAreRefused(t *testing.T) {
	w := newWorld(t)
	_, base := w.shared()
	d := w.documented(base)
	for name, o := range map[string]dtool.PublishOptions{
		"longer than a week":         {Expires: storage.MaxExpiry + time.Second},
		"less than a second":         {Expires: time.Millisecond},
		"into the past":              {Expires: -time.Hour},
		"signed for everybody":       {Expires: time.Hour, Policy: true},
		"signed, and public":         {Expires: time.Hour, PublicURL: "https://example.org"},
		"a URL without a host":       {PublicURL: "example.org/data"},
		"a URL with a query":         {PublicURL: "https://example.org/?a=b"},
		"a URL with a password":      {PublicURL: "https://me:sesame@example.org/"},
		"a URL of a file":            {PublicURL: "file:///etc"},
		"a URL of no web at all":     {PublicURL: "s3://plants"},
		"a URL that cannot be meant": {PublicURL: "https://[::1"},
	} {
		if _, err := d.Publish(t.Context(), o); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if keys := w.plants(); slices.ContainsFunc(keys, func(key string) bool { return strings.HasSuffix(key, "http_manifest.json") }) {
		t.Error("http_manifest.json was written")
	}
}

func TestPolicyOfOthersIsLeftToTheLetter(t *testing.T) {
	const others = `{
  "Version": "2012-10-17",
  "Id": "ours",
  "Statement": [
    {"Effect": "Deny", "Sid":"NoHTTP", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::plants/x/*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
  ]
}
`
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	must(t, b.SetPolicy(t.Context(), []byte(others)))
	_, err := d.Publish(t.Context(), dtool.PublishOptions{Policy: true})
	must(t, err)
	once := string(b.policy)
	if !strings.Contains(once, `{"Effect": "Deny", "Sid":"NoHTTP"`) || !strings.Contains(once, "DtoolPublish"+strings.ReplaceAll(d.UUID(), "-", "")) {
		t.Errorf("the policy is %s", once)
	}
	_, err = d.Publish(t.Context(), dtool.PublishOptions{Policy: true})
	must(t, err)
	if diff := cmp.Diff(once, string(b.policy)); diff != "" {
		t.Errorf("to publish again changes the policy:\n%s", diff)
	}
	withdrawal, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
	must(t, err)
	if !withdrawal.Statement || string(b.policy) != others {
		t.Errorf("taken back: %+v, and the policy is %s", withdrawal, b.policy)
	}
}

// TestPolicyThatOthersChangeMeanwhile has both what they wrote and the dataset's statement
// in the end, or not that any more.
func TestPolicyThatOthersChangeMeanwhile(t *testing.T) {
	const theirs = `{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::plants/theirs/*"}]}`
	publish := func(d *dtool.Dataset) error {
		_, err := d.Publish(t.Context(), dtool.PublishOptions{Policy: true})
		return err
	}
	unpublish := func(d *dtool.Dataset) error {
		_, err := d.Unpublish(t.Context(), dtool.UnpublishOptions{})
		return err
	}
	for name, tt := range map[string]struct {
		do     func(*dtool.Dataset) error
		moment storetest.Call
		kind   storetest.Kind
		before bool // whether it is published before
		after  bool
	}{
		"before it is written":                  {publish, storetest.Call{Op: storetest.Policy, N: 1}, storetest.None, false, true},
		"while it is written":                   {publish, storetest.Call{Op: storetest.SetPolicy}, storetest.Lose, false, true},
		"when the store has refused":            {publish, storetest.Call{Op: storetest.SetPolicy}, storetest.Fail, false, true},
		"after it was written":                  {publish, storetest.Call{Op: storetest.Policy, N: 2}, storetest.None, false, true},
		"before it is removed":                  {unpublish, storetest.Call{Op: storetest.Policy}, storetest.None, true, false},
		"while it is removed":                   {unpublish, storetest.Call{Op: storetest.SetPolicy}, storetest.Lose, true, false},
		"when the store has refused to remove":  {unpublish, storetest.Call{Op: storetest.SetPolicy}, storetest.Fail, true, false},
		"after it was removed, and it is empty": {unpublish, storetest.Call{Op: storetest.Policy, N: 1}, storetest.None, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b, base := w.shared()
			d := w.documented(base)
			if tt.before {
				must(t, publish(d))
			}
			faulty := storetest.NewFaulty(func(c storetest.Call) storetest.Fault {
				if c != tt.moment {
					return storetest.Fault{}
				}
				must(t, b.SetPolicy(t.Context(), []byte(theirs)))
				return storetest.Fault{Kind: tt.kind}
			})
			w.memory["plants"] = faulty.Around(b)
			w.connect()
			d, err := w.OpenFrozen(t.Context(), d.URI())
			must(t, err)
			must(t, tt.do(d))
			if has := strings.Contains(string(b.policy), "DtoolPublish"); has != tt.after || !strings.Contains(string(b.policy), "Theirs") {
				t.Errorf("the policy is %s", b.policy)
			}
		})
	}
}

func TestPolicyThatWouldBeTooLargeIsNotWritten(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	large := `{"Version":"2012-10-17","Statement":[{"Sid":"` + strings.Repeat("x", 20<<10-100) + `","Effect":"Deny","Principal":"*"}]}`
	must(t, b.SetPolicy(t.Context(), []byte(large)))
	_, err := d.Publish(t.Context(), dtool.PublishOptions{Policy: true})
	if err == nil || !strings.Contains(err.Error(), "at most 20480 are taken") || string(b.policy) != large {
		t.Errorf("got %v", err)
	}
}

func TestPublishPolicyIsAddedToAnother(t *testing.T) {
	w := newWorld(t)
	_, base := w.shared()
	d := w.documented(base)
	const theirs = `{"Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}`
	once, err := d.PublishPolicy(t.Context(), []byte(`{"Version":"2012-10-17","Statement":[`+theirs+`]}`))
	must(t, err)
	twice, err := d.PublishPolicy(t.Context(), once)
	must(t, err)
	if !strings.Contains(string(once), theirs) || strings.Count(string(twice), "DtoolPublish") != 1 {
		t.Errorf("the policy is %s, and then %s", once, twice)
	}
	if _, err := d.PublishPolicy(t.Context(), []byte("[]")); err == nil {
		t.Error("what is no policy was added to")
	}
}

func TestPublishPolicyIsAPolicyByItself(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	text, err := d.PublishPolicy(t.Context(), nil)
	must(t, err)
	if b.policy != nil {
		t.Error("the policy of the bucket was changed")
	}
	must(t, b.SetPolicy(t.Context(), text)) // by hand
	result, err := d.Publish(t.Context(), dtool.PublishOptions{PublicURL: b.http.URL + "/plants"})
	must(t, err)
	if want := b.http.URL + "/plants/" + d.UUID(); result.AccessURL != want {
		t.Errorf("published at %s, want %s", result.AccessURL, want)
	}
	readAll(t, result.AccessURL)
}

// TestAccessURLOfSignedDatasetHasTheSignature, and nothing in the bucket but
// http_manifest.json has one.
func TestAccessURLOfSignedDatasetHasTheSignature(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.documented(base)
	result, err := d.Publish(t.Context(), dtool.PublishOptions{Expires: time.Hour})
	must(t, err)
	u, err := url.Parse(result.AccessURL)
	must(t, err)
	if u.Path != "/plants/"+d.UUID() || !b.mayRead(d.UUID()+"/http_manifest.json", u.Query()) {
		t.Errorf("the access URL is %s", result.AccessURL)
	}
	if !result.Expires.Equal(noon().Truncate(time.Second).Add(time.Hour)) {
		t.Errorf("it expires at %v", result.Expires)
	}
	for key, text := range textsOf(t, b) {
		if strings.Contains(text, testSignature) && !strings.HasSuffix(key, "/http_manifest.json") {
			t.Errorf("%s has a signature: %s", key, text)
		}
	}
	if open := b.open(t); open != nil {
		t.Errorf("public are %v", open)
	}
}

func textsOf(t *testing.T, b *sharedBucket) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for info, err := range b.List(t.Context(), "", storage.Deep) {
		must(t, err)
		body, _, err := b.Get(t.Context(), info.Key, storage.Range{})
		must(t, err)
		text, err := io.ReadAll(body)
		must(t, err)
		must(t, body.Close())
		texts[info.Key] = string(text)
	}
	return texts
}

// TestDatasetWithoutAREADMEGetsOne that is empty, since http_manifest.json names it.
func TestDatasetWithoutAREADMEGetsOne(t *testing.T) {
	w := newWorld(t)
	b, base := w.shared()
	d := w.frozen(base, "seedlings", seedling())
	must(t, b.Delete(t.Context(), d.UUID()+"/README.yml"))
	before := w.plants()
	b.noACLs = true
	_, err := d.Publish(t.Context(), dtool.PublishOptions{})
	wantError(t, err, storage.ErrNoACLs)
	if diff := cmp.Diff(before, w.plants()); diff != "" {
		t.Errorf("what was refused has changed something:\n%s", diff)
	}
	b.noACLs = false
	result, err := d.Publish(t.Context(), dtool.PublishOptions{})
	must(t, err)
	if _, h := readAll(t, result.AccessURL); len(mustFetch(t, h.README)) != 0 {
		t.Error("the README is not empty")
	}
}

// TestOldDatasetsArePublished as they are, of whichever version.
func TestOldDatasetsArePublished(t *testing.T) {
	for _, version := range []string{"0.3.0", "0.4.1", "0.13.0", "0.15.0", "mixed"} {
		t.Run(version, func(t *testing.T) {
			b := newSharedBucket(t, "plants")
			at := site{uri: "mem://plants", bucket: "plants", store: b}
			at.load(t, version)
			client := clientFor(t, at)
			for d, err := range client.List(t.Context(), at.uri) {
				must(t, err)
				if !d.Frozen() {
					continue
				}
				result, err := d.Publish(t.Context(), dtool.PublishOptions{})
				must(t, err)
				got, _ := readAll(t, result.AccessURL)
				if diff := cmp.Diff(contents(t, d), got); diff != "" {
					t.Errorf("%s: items differ (-want +got):\n%s", d.URI(), diff)
				}
			}
		})
	}
}
