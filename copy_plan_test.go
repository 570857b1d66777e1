package dtool_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
)

// reasons gives the items of a plan and why they are to be copied.
func reasons(p *dtool.CopyPlan) map[string]dtool.CopyReason {
	found := map[string]dtool.CopyReason{}
	for _, item := range p.Items {
		found[item.Relpath] = item.Why
	}
	return found
}

func TestPlanOfANewCopyWritesNothing(t *testing.T) {
	onEveryBase(t, func(t *testing.T, w *world, base string) {
		src := w.frozen(t.TempDir(), "seedlings", seedling())
		plan, err := w.PlanCopy(t.Context(), src, base, dtool.CopyOptions{})
		must(t, err)
		m, err := src.Manifest(t.Context())
		must(t, err)
		want := map[string]dtool.CopyReason{}
		for relpath := range seedling() {
			want[relpath] = dtool.NotThere
		}
		if diff := cmp.Diff(want, reasons(plan)); diff != "" {
			t.Errorf("the plan is wrong (-want +got):\n%s", diff)
		}
		if plan.Complete || plan.Kept != 0 || plan.Bytes() != m.TotalSize() {
			t.Errorf("the plan keeps %d items and moves %d bytes", plan.Kept, plan.Bytes())
		}
		_, err = w.Open(t.Context(), plan.URI)
		wantError(t, err, dtool.ErrNotDataset)
		result, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{})
		must(t, err)
		if result.Dataset.URI() != plan.URI {
			t.Errorf("the plan says %s, and the copy is %s", plan.URI, result.Dataset.URI())
		}
		_, err = w.PlanCopy(t.Context(), src, base, dtool.CopyOptions{})
		wantError(t, err, dtool.ErrExists)
		plan, err = w.PlanCopy(t.Context(), src, base, dtool.CopyOptions{Resume: true})
		must(t, err)
		if !plan.Complete || plan.Kept != len(seedling()) || len(plan.Items) != 0 {
			t.Errorf("the plan of a finished copy says %+v", plan)
		}
	})
}

func TestPlanWithoutABaseIsRefused(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", seedling())
	for _, base := range []string{filepath.Join(t.TempDir(), "nowhere"), "mem://nowhere"} {
		_, err := w.PlanCopy(t.Context(), src, base, dtool.CopyOptions{})
		wantError(t, err, storage.ErrNoStore)
	}
	inside := w.frozen(t.TempDir(), "outer", seedling()).URI()
	_, err := w.PlanCopy(t.Context(), src, inside, dtool.CopyOptions{})
	wantError(t, err, dtool.ErrInside)
}

// untold is a store that does not tell the MD5 of one object, as of one that was
// sent in parts.
type untold struct {
	storage.Store
	key string
}

func (s untold) Stat(ctx context.Context, key string) (storage.Info, error) {
	info, err := s.Store.Stat(ctx, key)
	if key == s.key {
		info.MD5 = ""
	}
	return info, err
}

// TestPlanGivesTheReasons spoils a copy in each way, in a bucket and in a directory.
func TestPlanGivesTheReasons(t *testing.T) {
	w := newWorld(t)
	src := w.frozen(t.TempDir(), "seedlings", map[string]string{
		"good": "good", "gone": "gone", "size": "size", "content": "content", "bare": "bare", "stale": "stale", "sly": "sly",
	})
	to, dir := w.bucket("to"), t.TempDir()
	w.memory["to"] = untold{w.memory["to"], src.UUID() + "/data/" + dtool.Identifier("sly")}
	for _, base := range []string{to, dir} {
		_, err := w.Copy(t.Context(), src, base, dtool.CopyOptions{})
		must(t, err)
	}
	store := w.memory["to"]
	edit := func(relpath, content string, change func(map[string]string)) {
		key := src.UUID() + "/data/" + dtool.Identifier(relpath)
		info, err := store.Stat(t.Context(), key)
		must(t, err)
		metadata := maps.Clone(info.Metadata)
		change(metadata)
		o := storage.PutOptions{Size: int64(len(content)), Metadata: metadata}
		_, err = store.Put(t.Context(), key, strings.NewReader(content), o)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "seedlings", "data", relpath), []byte(content), 0o600))
	}
	must(t, store.Delete(t.Context(), src.UUID()+"/data/"+dtool.Identifier("gone")))
	must(t, os.Remove(filepath.Join(dir, "seedlings", "data", "gone")))
	edit("size", "longer", func(map[string]string) {})
	edit("content", "CONTENT", func(m map[string]string) { m["checksum"] = strings.Repeat("0", 32) })
	edit("bare", "bare", func(m map[string]string) { delete(m, "checksum") })
	edit("stale", "STALE", func(map[string]string) {}) // with the checksum of what it is not
	edit("sly", "SLY", func(map[string]string) {})     // the same, and the store does not tell

	for _, test := range []struct {
		base   string
		verify bool
		want   map[string]dtool.CopyReason
	}{
		{to, false, map[string]dtool.CopyReason{
			"gone": dtool.NotThere, "size": dtool.OtherSize, "content": dtool.OtherContent, "bare": dtool.Unrecorded, "stale": dtool.OtherContent,
		}},
		{to, true, map[string]dtool.CopyReason{
			"gone": dtool.NotThere, "size": dtool.OtherSize, "content": dtool.OtherContent, "bare": dtool.Unrecorded, "stale": dtool.OtherContent, "sly": dtool.OtherContent,
		}},
		{dir, false, map[string]dtool.CopyReason{
			"gone": dtool.NotThere, "size": dtool.OtherSize, "content": dtool.OtherContent, "stale": dtool.OtherContent, "sly": dtool.OtherContent,
		}},
	} {
		o := dtool.CopyOptions{Resume: true, Verify: test.verify}
		plan, err := w.PlanCopy(t.Context(), src, test.base, o)
		must(t, err)
		if diff := cmp.Diff(test.want, reasons(plan)); diff != "" {
			t.Errorf("%s, verify %v (-want +got):\n%s", test.base, test.verify, diff)
		}
		if plan.Kept != 7-len(test.want) {
			t.Errorf("%s, verify %v: %d items are kept", test.base, test.verify, plan.Kept)
		}
	}
	body, err := os.ReadFile(filepath.Join(dir, "seedlings", "data", "sly"))
	if err != nil || !bytes.Equal(body, []byte("SLY")) {
		t.Errorf("after the plan the destination holds %q, %v", body, err)
	}
}
