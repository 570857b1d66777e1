package dtool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// datasets looks at the dataset that the URI names, or at some of a base's.
func (d *doctor) datasets(ctx context.Context, before []storage.Check) iter.Seq[storage.Check] {
	const r = storage.Reading
	needs := []string{"bucket", "list", "directory", httpManifestName} // whichever there are
	if !d.isDataset {
		steps := []storage.CheckStep{{Name: "datasets", For: r, Needs: needs, Limit: 20 * time.Second, Run: d.checkDatasets}}
		if b, ok := d.base.(directory); ok && !d.o.ReadOnly {
			steps = append(steps, storage.CheckStep{Name: "base", For: storage.Writing, Needs: needs, Run: b.checkBase})
		}
		return storage.RunChecks(ctx, before, steps)
	}
	e := &examination{doctor: d}
	var steps []storage.CheckStep
	if _, ok := d.base.(bucket); ok {
		steps = append(steps, storage.CheckStep{Name: "registered", For: r, Needs: needs, Run: d.checkRegistered})
	}
	steps = append(steps,
		storage.CheckStep{Name: "dataset", For: r, Needs: needs, Run: e.checkDataset},
		storage.CheckStep{Name: "manifest", For: r, Needs: []string{"dataset"}, Limit: 30 * time.Second, Run: e.checkManifest})
	if !d.ref.isWeb() { // or each item would have to be asked for
		steps = append(steps, storage.CheckStep{Name: "items", For: r, Needs: []string{"manifest"}, Limit: 50 * time.Second, Run: e.checkItems})
	}
	return storage.RunChecks(ctx, before, steps)
}

// datasetsAtMost is how many datasets of a base are opened, so that a large one is
// not listed to its end.
const datasetsAtMost = 20

func (d *doctor) checkDatasets(ctx context.Context) storage.Check {
	opened, failed := 0, 0
	var last error
	for _, err := range d.client.List(ctx, d.uri) {
		if err != nil {
			failed, last = failed+1, err
		} else {
			opened++
		}
		if opened+failed == datasetsAtMost {
			break
		}
	}
	check := storage.Check{Status: storage.OK, Found: "none so far"}
	switch n := opened + failed; {
	case failed > 0:
		check = storage.FailedCheck(last)
		check.Status = storage.Warning
		check.Found = fmt.Sprintf("%d of %d cannot be opened, one of them because of this: %s", failed, n, check.Found)
	case n == datasetsAtMost:
		check.Found = fmt.Sprintf("the first %d could be opened", n)
	case n > 0:
		check.Found = fmt.Sprintf("all there are could be opened: %d", n)
	}
	return check
}

// checkBase refuses a directory in which a dataset would change another.
func (d directory) checkBase(ctx context.Context) storage.Check {
	if err := d.refuseDataset(ctx); err != nil {
		check := storage.FailedCheck(err)
		check.Hint = "choose a base outside that dataset"
		return check
	}
	return storage.Check{Status: storage.OK, Found: "lies in no dataset"}
}

func (d *doctor) checkRegistered(ctx context.Context) storage.Check {
	b, _ := d.base.(bucket)
	at, err := b.registered(ctx, d.ref.path)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return storage.Check{
			Status: storage.Warning,
			Found:  "there is no key " + registrationPrefix + d.ref.path + ", so that the dataset is looked for below " + shownPrefix(b.prefix),
			Hint:   "dtool ls does not show it; dtool cp --resume of the dataset it was copied from registers it",
		}
	case err != nil:
		return storage.FailedCheck(err)
	}
	prefix := strings.TrimSuffix(at.layout.keys().top(), d.ref.path+"/")
	if prefix != b.prefix {
		return storage.Check{Status: storage.Note, Found: "its keys lie below " + shownPrefix(prefix) + ", and new datasets go below " + shownPrefix(b.prefix)}
	}
	return storage.Check{Status: storage.OK, Found: "its keys lie below " + shownPrefix(prefix)}
}

func shownPrefix(prefix string) string {
	if prefix == "" {
		return "no prefix"
	}
	return prefix
}

// An examination is of one dataset.
type examination struct {
	*doctor
	dataset *Dataset
}

func (e *examination) checkDataset(ctx context.Context) storage.Check {
	dataset, err := e.client.Open(ctx, e.uri)
	if err != nil {
		return storage.FailedCheck(err)
	}
	e.dataset = dataset
	state := "frozen"
	switch a := dataset.adminNow(); {
	case a.isUnfinished():
		check := storage.Check{
			Status: storage.Warning, Found: dataset.Name() + " is unfinished",
			Hint: "dtool cp --resume SOURCE BASE completes a copy that was interrupted",
		}
		if why := dataset.unfinished(ctx); errors.Is(why, ErrDelivery) {
			check.Found, check.Hint = dataset.Name()+" is "+why.Error(), "dtool sign --complete "+dataset.URI()+" checks and freezes what was delivered"
		}
		return check
	case !a.frozen():
		state = "a proto dataset"
	}
	return storage.Check{Status: storage.OK, Found: fmt.Sprintf("%s, %s, made by %s", dataset.Name(), state, dataset.Creator())}
}

func (e *examination) checkManifest(ctx context.Context) storage.Check {
	m, err := e.dataset.Manifest(ctx)
	switch {
	case errors.Is(err, ErrNotFrozen):
		return storage.Check{Status: storage.Skipped, Found: "only a frozen dataset has one"}
	case err != nil:
		return storage.FailedCheck(err)
	}
	return storage.Check{Status: storage.OK, Found: fmt.Sprintf("items: %d, bytes: %d", m.Len(), m.TotalSize())}
}

func (e *examination) checkItems(ctx context.Context) storage.Check {
	report, err := e.dataset.Verify(ctx, VerifyOptions{})
	if err != nil {
		return storage.FailedCheck(err)
	}
	if report.Good() {
		return storage.Check{Status: storage.OK, Found: "all there, and of the right sizes"}
	}
	return storage.Check{
		Status: storage.Failed,
		Found:  fmt.Sprintf("missing: %d, unknown: %d, of another size: %d", len(report.Missing), len(report.Unknown), len(report.AlteredSize)),
		Hint:   "dtool verify names them; dtool cp --resume COPY BASE puts right what is missing or altered, if there is a good copy",
	}
}
