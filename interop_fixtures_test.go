package dtool_test

import (
	"crypto/md5"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/fixtures"
	"github.com/dtool-go/dtool/internal/s3test"
)

// A snapshot is all that a dataset tells of itself through the library.
type snapshot struct {
	UUID, Name, Creator string
	Frozen              bool
	Created, FrozenAt   float64 // Unix seconds; 0 for none
	README              string
	Items               []dtool.Item
	MD5                 map[string]string            // of the items as they were read, by relpath
	Overlays            map[string]map[string]string // JSON by identifier
	Annotations         map[string]string            // JSON
	Tags                []string
}

func snapshotOf(t *testing.T, d *dtool.Dataset) snapshot {
	t.Helper()
	ctx := t.Context()
	s := snapshot{UUID: d.UUID(), Name: d.Name(), Creator: d.Creator(), Frozen: d.Frozen()}
	if at, ok := d.CreatedAt(); ok {
		s.Created = seconds(at)
	}
	if at, ok := d.FrozenAt(); ok {
		s.FrozenAt = seconds(at)
	}
	readme, err := d.README(ctx)
	must(t, err)
	s.README = string(readme)
	names, err := d.Annotations(ctx)
	must(t, err)
	for _, name := range names {
		annotation, err := d.Annotation(ctx, name)
		must(t, err)
		setIn(&s.Annotations, name, string(annotation.JSON()))
	}
	s.Tags, err = d.Tags(ctx)
	must(t, err)
	if d.Frozen() {
		s.addItems(t, d)
	}
	return s
}

func (s *snapshot) addItems(t *testing.T, d *dtool.Dataset) {
	t.Helper()
	ctx := t.Context()
	m, err := d.Manifest(ctx)
	must(t, err)
	s.Items = m.Items()
	for _, item := range s.Items {
		body, err := d.OpenItem(ctx, item.Identifier)
		must(t, err)
		text, err := io.ReadAll(body)
		must(t, err)
		must(t, body.Close())
		setIn(&s.MD5, item.Relpath, md5Of(text))
	}
	names, err := d.Overlays(ctx)
	must(t, err)
	for _, name := range names {
		overlay, err := d.Overlay(ctx, name)
		must(t, err)
		values := map[string]string{}
		for id, value := range overlay {
			values[id] = string(value.JSON())
		}
		setIn(&s.Overlays, name, values)
	}
}

func setIn[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = value
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func md5Of(text []byte) string {
	sum := md5.Sum(text)
	return hex.EncodeToString(sum[:])
}

// fixtureREADME is the README of every fixture.
const fixtureREADME = `---
description: Example dataset for interoperability tests
project: dtool interop
confidential: false
personally_identifiable_information: false
owners:
  - name: Jane Doe
    email: jane@example.org
    username: olssont
creation_date: 2018-09-12
`

// The times of every fixture, in Unix seconds.
const (
	fixtureCreated = 1536749830.5
	fixtureFrozen  = 1536749834.015616
)

// fixtureItems gives the items of the fixtures. The one that is not ASCII is in
// the newest only.
func fixtureItems() []dtool.Item {
	return []dtool.Item{
		{"a46ec74fc8f27bbacdaf96407b2f528b408c05cd", "empty.dat", 0, "d41d8cd98f00b204e9800998ecf8427e", 1500000000},
		{"004b794867b1f5faa993eacd78d0b17b90add240", "plain.txt", 6, "b1946ac92492d2347c6235b4d2611184", 1500000000},
		{"568a6ba71c2f25e659814a2e5913d5e17a473168", "reads_1.fastq.gz", 10240, "85c83071f17b12a5ede40f680cab3b3a", 1500000000},
		{"29b389d0e3125e5dced2363417e8c235c0b5bfdd", "sub/dir/with space.csv", 22, "15a84e53b6247d5f55cff8c8269ecc25", 1500000000},
		{"a36549c740a20366f94f292045354a7719313925", "Ünïcode/日本 語.txt", 18, "09dd18321da2ba204d9b8ae285da35f2", 1500000000},
	}
}

// fixtureAnnotations gives the annotations of the fixtures that have any, as JSON.
func fixtureAnnotations() map[string]string {
	return map[string]string{
		"ok":      "true",
		"params":  "{\n  \"aligner\": {\n    \"name\": \"bowtie2\",\n    \"threads\": 4\n  },\n  \"seeds\": [\n    1,\n    2,\n    3\n  ],\n  \"note\": null\n}",
		"project": `"dtool interop"`,
		"ratio":   "0.5",
		"stars":   "5",
	}
}

// described gives a fixture without items: a proto dataset.
func described(id, name string, annotated bool) snapshot {
	s := snapshot{UUID: id, Name: name, Creator: "olssont", Created: fixtureCreated, README: fixtureREADME}
	if annotated {
		s.Annotations = fixtureAnnotations()
		s.Tags = []string{"A.thaliana", "rnaseq"}
	}
	return s
}

// frozenWith gives a fixture with items, and the overlay that tells which of
// them are text.
func frozenWith(s snapshot, items []dtool.Item) snapshot {
	s.Frozen, s.FrozenAt, s.Items = true, fixtureFrozen, items
	isText := map[string]string{}
	for _, item := range items {
		setIn(&s.MD5, item.Relpath, item.Hash)
		isText[item.Identifier] = "true"
		if item.Relpath == "empty.dat" || item.Relpath == "reads_1.fastq.gz" {
			isText[item.Identifier] = "false"
		}
	}
	s.Overlays = map[string]map[string]string{"is_text": isText}
	return s
}

// fixtureDatasets tells what is in a fixture bucket, in the order of the UUIDs.
func fixtureDatasets(bucket string) []snapshot {
	items := fixtureItems()
	ascii := items[:4]
	switch bucket {
	case "0.3.0":
		old := described("5d700000-0003-4000-8000-000000000001", "hist-0.3.0", false)
		old.Created = 0
		return []snapshot{frozenWith(old, ascii)}
	case "0.4.1":
		return []snapshot{frozenWith(described("5d700000-0004-4001-8000-000000000001", "hist-0.4.1", false), ascii)}
	case "0.13.0":
		return []snapshot{frozenWith(described("5d700000-0013-4000-8000-000000000001", "hist-0.13.0", true), ascii)}
	case fixtures.Newest:
		return []snapshot{frozenWith(described("5d700000-0015-4000-8000-000000000001", "hist-0.15.0", true), items)}
	case fixtures.Mixed:
		return []snapshot{
			frozenWith(described("5d700000-0100-4000-8000-000000000001", "mixed-no-prefix", true), items),
			frozenWith(described("5d700000-0100-4000-8000-000000000002", "mixed-prefix-slash", true), items),
			frozenWith(described("5d700000-0100-4000-8000-000000000003", "mixed-prefix-noslash", true), items),
			described("5d700000-0100-4000-8000-000000000004", "mixed-proto", false),
		}
	}
	return nil
}

// eachFixture runs a test for each fixture bucket, loaded into a bucket of a
// real server, with what its datasets are known to hold.
func eachFixture(t *testing.T, test func(t *testing.T, at site, want []snapshot)) {
	t.Helper()
	for _, name := range fixtures.Buckets() {
		t.Run(name, func(t *testing.T) {
			at := bucketOn(t, s3test.Start(t))
			fresh := at.load(t, name)
			want := fixtureDatasets(name)
			if len(want) != len(fresh) {
				t.Fatalf("the fixture has %d datasets, and %d are described", len(fresh), len(want))
			}
			for i := range want {
				want[i].UUID = fresh[want[i].UUID]
			}
			test(t, at, want)
		})
	}
}

// eachFrozenFixture does the same for each frozen dataset among them.
func eachFrozenFixture(t *testing.T, test func(t *testing.T, at site, want snapshot)) {
	t.Helper()
	eachFixture(t, func(t *testing.T, at site, datasets []snapshot) {
		for _, want := range datasets {
			if want.Frozen {
				t.Run(want.Name, func(t *testing.T) { test(t, at, want) })
			}
		}
	})
}

// diskFixture copies one of the datasets on disk into a new directory, under a
// fresh UUID, and gives its path.
func diskFixture(t *testing.T, name string) (dir, id string) {
	t.Helper()
	dir, err := fixtures.CopyDisk(name, t.TempDir())
	must(t, err)
	admin := filepath.Join(dir, ".dtool", "dtool")
	text, err := os.ReadFile(admin)
	must(t, err)
	id = uuid.NewString()
	must(t, os.WriteFile(admin, fixtureUUID.ReplaceAll(text, []byte(id)), 0o644))
	return dir, id
}

// mustOpen opens a dataset of a site by its UUID.
func mustOpen(t *testing.T, client *dtool.Client, at site, id string) *dtool.Dataset {
	t.Helper()
	d, err := client.Open(t.Context(), at.uri+"/"+id)
	must(t, err)
	return d
}

// mustVerify fails unless every byte of a dataset is good.
func mustVerify(t *testing.T, d *dtool.Dataset) {
	t.Helper()
	report, err := d.Verify(t.Context(), dtool.VerifyOptions{Full: true})
	must(t, err)
	if !report.Good() || report.Unverifiable != nil {
		t.Errorf("verifying %s finds %+v", d.URI(), report)
	}
}
