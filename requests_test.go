package dtool_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/s3"
)

// A budget says how many requests an operation on a dataset in a bucket may
// make: one for each item, or none; those for the pages of its listings, of a
// thousand keys each; and a few others, however many items there are.
type budget struct {
	item     string // the operation that is asked once for each item, or ""
	listings int    // how often the items are listed
	others   int
}

func (b budget) check(t *testing.T, items int, counts map[string]int) {
	t.Helper()
	pages := (items + 999) / 1000
	if counts["ListObjectsV2"] > b.listings*pages+b.others {
		t.Errorf("%d items took %v, want %d listings of %d pages", items, counts, b.listings, pages)
	}
	few := -b.listings * pages
	for _, n := range counts {
		few += n
	}
	if b.item != "" {
		few -= items
	}
	if counts[b.item] < items && b.item != "" || few > b.others {
		t.Errorf("%d items took %v, want a %q each, %d listings of %d pages, and at most %d others",
			items, counts, b.item, b.listings, pages, b.others)
	}
}

func manyFiles(n int) map[string]string {
	contents := make(map[string]string, n)
	for i := range n {
		contents[fmt.Sprintf("sub/item-%05d", i)] = fmt.Sprintln("content", i)
	}
	return contents
}

// TestRequestsGrowWithTheItemsAlone goes through the life of a dataset that is
// larger than a page of a listing.
func TestRequestsGrowWithTheItemsAlone(t *testing.T) {
	const items = 1100
	server := s3test.StartOwn(t)
	bucket, second := bucketOn(t, server), bucketOn(t, server)
	ctx, client := t.Context(), clientFor(t, bucket, second)
	dir := files(t, manyFiles(items))
	src, err := client.CreateFrom(ctx, dir, "many", t.TempDir(), dtool.CreateFromOptions{})
	must(t, err)
	uri := bucket.uri + "/" + src.UUID()
	proto, err := client.Create(ctx, "proto", second.uri, dtool.CreateOptions{})
	must(t, err)

	openThere := func() *dtool.Dataset {
		d, err := client.Open(ctx, uri)
		must(t, err)
		return d
	}
	verify := func(full bool) {
		report, err := openThere().Verify(ctx, dtool.VerifyOptions{Full: full})
		must(t, err)
		if !report.Good() {
			t.Errorf("the copy is not the original: %+v", report)
		}
	}
	for _, step := range []struct {
		name   string
		do     func()
		budget budget
	}{
		{"copy to a bucket", func() {
			_, err := client.Copy(ctx, src, bucket.uri, dtool.CopyOptions{})
			must(t, err)
		}, budget{"PutObject", 1, 16}},
		{"copy again, with nothing left to do", func() {
			result, err := client.Copy(ctx, src, bucket.uri, dtool.CopyOptions{Resume: true})
			must(t, err)
			if !result.AlreadyComplete {
				t.Errorf("the copy was not complete: %+v", result)
			}
		}, budget{"HeadObject", 1, 16}},
		{"read the manifest", func() {
			m, err := openThere().Manifest(ctx)
			must(t, err)
			if m.Len() != items {
				t.Errorf("the manifest has %d items", m.Len())
			}
		}, budget{"", 0, 4}},
		{"verify", func() { verify(false) }, budget{"", 1, 8}},
		{"verify in full", func() { verify(true) }, budget{"GetObject", 1, 8}},
		{"copy to a directory", func() {
			_, err := client.Copy(ctx, openThere(), t.TempDir(), dtool.CopyOptions{})
			must(t, err)
		}, budget{"GetObject", 0, 16}},
		{"add to a proto dataset", func() {
			must(t, proto.Add(ctx, []dtool.Source{{Path: dir}}, dtool.AddOptions{}))
		}, budget{"PutObject", 0, 16}},
		// The second listing finds what was added or changed meanwhile.
		{"freeze", func() {
			_, err := proto.Freeze(ctx, dtool.FreezeOptions{})
			must(t, err)
		}, budget{"HeadObject", 2, 16}},
		{"make a dataset of a directory", func() {
			_, err := client.CreateFrom(ctx, dir, "made", second.uri, dtool.CreateFromOptions{})
			must(t, err)
		}, budget{"PutObject", 2, 16}},
	} {
		t.Run(step.name, func(t *testing.T) {
			step.budget.check(t, items, server.Count(t, step.do))
		})
	}
}

// TestItemsOfSeveralPartsTakeARequestForEach sends an item of three parts, and
// gets it back in as many ranges at most.
func TestItemsOfSeveralPartsTakeARequestForEach(t *testing.T) {
	const partSize, parts = 5 << 20, 3
	server := s3test.StartOwn(t)
	name := server.NewBucket(t)
	client, err := dtool.NewClient(dtool.Options{Buckets: map[string]storage.Opener{
		"s3": func(ctx context.Context, bucket string) (storage.Store, error) {
			return s3.Open(ctx, bucket, s3.Config{
				Endpoint: server.Endpoint, AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey, PartSize: partSize,
			})
		},
	}})
	must(t, err)
	dir := files(t, map[string]string{"large": strings.Repeat("0123456789", partSize*parts/10)})
	src, err := client.CreateFrom(t.Context(), dir, "large", t.TempDir(), dtool.CreateFromOptions{})
	must(t, err)

	var there *dtool.Dataset
	up := server.Count(t, func() {
		result, err := client.Copy(t.Context(), src, "s3://"+name, dtool.CopyOptions{})
		must(t, err)
		there = result.Dataset
	})
	if up["CreateMultipartUpload"] != 1 || up["UploadPart"] != parts || up["CompleteMultipartUpload"] != 1 {
		t.Errorf("the way up takes %v, want one upload of %d parts", up, parts)
	}
	down := server.Count(t, func() {
		_, err := client.Copy(t.Context(), there, t.TempDir(), dtool.CopyOptions{})
		must(t, err)
	})
	budget{others: 16 + parts - 1}.check(t, 1, down)
	full := server.Count(t, func() {
		_, err := there.Verify(t.Context(), dtool.VerifyOptions{Full: true})
		must(t, err)
	})
	budget{listings: 1, others: 8 + parts - 1}.check(t, 1, full)
}
