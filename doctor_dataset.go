package dtool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// datasets looks at the dataset that the URI names, or at some of a base's.
func (d *doctor) datasets() part {
	const r = storage.Reading
	if !d.isDataset {
		return readable(storage.CheckStep{Name: "datasets", For: r, Limit: 20 * time.Second, Run: d.checkDatasets})
	}
	return readable(
		storage.CheckStep{Name: "dataset", For: r, Run: d.checkDataset},
		storage.CheckStep{Name: "manifest", For: r, Needs: []string{"dataset"}, Limit: 30 * time.Second, Run: d.checkManifest})
}

// items looks for those of the dataset, if the URI names one, in a store that lists.
func (d *doctor) items() part {
	if !d.isDataset {
		return readable()
	}
	return readable(storage.CheckStep{Name: "items", For: storage.Reading, Needs: []string{"manifest"}, Limit: 50 * time.Second, Run: d.checkItems})
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

func (d *doctor) checkDataset(ctx context.Context) storage.Check {
	dataset, err := d.client.Open(ctx, d.uri)
	if err != nil {
		return storage.FailedCheck(err)
	}
	d.dataset = dataset
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

func (d *doctor) checkManifest(ctx context.Context) storage.Check {
	m, err := d.dataset.Manifest(ctx)
	switch {
	case errors.Is(err, ErrNotFrozen):
		return storage.Check{Status: storage.Skipped, Found: "only a frozen dataset has one"}
	case err != nil:
		return storage.FailedCheck(err)
	}
	return storage.Check{Status: storage.OK, Found: fmt.Sprintf("items: %d, bytes: %d", m.Len(), m.TotalSize())}
}

func (d *doctor) checkItems(ctx context.Context) storage.Check {
	report, err := d.dataset.Verify(ctx, VerifyOptions{})
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
