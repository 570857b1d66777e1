package web

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// What a diagnosis has of patience, and how many objects it asks for.
const (
	doctorTries    = 3
	doctorMaxPause = time.Second
	doctorPatience = 8 * time.Second
	askedAtMost    = 20
)

// Diagnose asks for a byte of some objects, by a range: those of a large index are
// drawn evenly. It finds out nothing about writing.
func (s *Store) Diagnose(ctx context.Context, _ storage.DiagnoseOptions) iter.Seq[storage.Check] {
	hasty := *s.client
	hasty.tries, hasty.maxPause, hasty.patience = doctorTries, min(hasty.maxPause, doctorMaxPause), min(hasty.patience, doctorPatience)
	d := &diagnosis{Store: s, client: &hasty, redirected: map[string]bool{}}
	const r = storage.Reading
	return storage.RunChecks(ctx, nil, []storage.CheckStep{
		{Name: "hosts", For: r, Run: d.checkHosts},
		{Name: "signatures", For: r, Run: d.checkSignatures},
		{Name: "objects", For: r, Needs: []string{"signatures"}, Limit: 40 * time.Second, Run: d.checkObjects},
		{Name: "redirects", For: r, Needs: []string{"objects"}, Run: d.checkRedirects},
		{Name: "ranges", For: r, Needs: []string{"objects"}, Run: d.checkRanges},
	})
}

// A diagnosis is what has been found so far of the objects of a store.
type diagnosis struct {
	*Store
	client         *Client
	redirected     map[string]bool // hosts that servers led to
	whole, byRange int             // answers with all of an object, and with the range that was asked for
}

// urls gives those of all objects.
func (d *diagnosis) urls() iter.Seq[*url.URL] {
	return func(yield func(*url.URL) bool) {
		for _, text := range d.index.URLs {
			if u, err := ParseURL(text); err == nil && !yield(u) {
				return
			}
		}
	}
}

func (d *diagnosis) checkHosts(context.Context) storage.Check {
	hosts, open := map[string]bool{}, false
	for u := range d.urls() {
		hosts[u.Scheme+"://"+u.Host] = true
		open = open || u.Scheme == "http" && !transport.IsNear(u.Hostname())
	}
	check := storage.Good("%s", strings.Join(slices.Sorted(maps.Keys(hosts)), ", "))
	if open {
		check.Status = storage.Warning
		check.Hint = "nothing is encrypted on the way, and whoever listens reads all data; what is altered is noticed by its hash"
	}
	return check
}

const signedBriefly = 24 * time.Hour

// checkSignatures looks for the URL that ends first.
func (d *diagnosis) checkSignatures(context.Context) storage.Check {
	var first time.Time
	signed := 0
	for u := range d.urls() {
		if at, ok := expiry(u); ok {
			if signed++; first.IsZero() || at.Before(first) {
				first = at
			}
		}
	}
	left := first.Sub(d.client.now()).Round(time.Minute)
	found := fmt.Sprintf("%d of %d URLs are signed, and end from %s on", signed, len(d.index.URLs), first.UTC().Format(time.RFC3339))
	switch {
	case signed == 0:
		return storage.Good("none: what is there stays there until it is taken back")
	case left <= 0:
		return storage.Check{Status: storage.Failed, Found: found + ", which is over", Hint: "ask whoever published the dataset to publish it again"}
	case left < signedBriefly:
		return storage.Check{Status: storage.Warning, Found: fmt.Sprintf("%s, in %v", found, left), Hint: "copy the dataset before that, or ask whoever published it to publish it again"}
	}
	return storage.Good("%s, in %d days", found, int(left.Hours())/24)
}

// asked gives the keys of the objects that are asked for.
func (d *diagnosis) asked() []string {
	keys := slices.Sorted(maps.Keys(d.index.URLs))
	if len(keys) <= askedAtMost {
		return keys
	}
	some := make([]string, askedAtMost)
	for i := range some {
		some[i] = keys[i*len(keys)/askedAtMost]
	}
	return some
}

func (d *diagnosis) checkObjects(ctx context.Context) storage.Check {
	keys := d.asked()
	var failed []string
	var last error
	for _, key := range keys {
		if err := d.knock(ctx, key); err != nil {
			failed, last = append(failed, key), err
		}
		if ctx.Err() != nil {
			return storage.FailedCheck(ctx.Err())
		}
	}
	if last != nil {
		check := storage.FailedCheck(last)
		check.Found = fmt.Sprintf("%d of %d do not answer, %s for one: %s", len(failed), len(keys), failed[0], check.Found)
		return check
	}
	return storage.Good("all of the %d answer that were asked for, of %d", len(keys), len(d.index.URLs))
}

// knock asks for the first byte of an object.
func (d *diagnosis) knock(ctx context.Context, key string) error {
	r := storage.Range{Length: 1}
	header := http.Header{"Accept-Encoding": {"identity"}, "User-Agent": {"dtool"}, "Range": {rangeHeader(r)}}
	text := d.index.URLs[key]
	a, f := d.client.ask(ctx, text, header, func(resp *http.Response) (*answer, *failure) {
		if u, err := ParseURL(text); err == nil && resp.Request.URL.Host != u.Host {
			d.redirected[resp.Request.URL.Host] = true
		}
		if transport.IsPage(resp.Header) && strings.HasSuffix(key, ".json") {
			return nil, odd("an HTML page came where a JSON document is expected")
		}
		if resp.StatusCode == http.StatusPartialContent {
			d.byRange++
		} else {
			d.whole++
		}
		return understand(resp, r)
	})
	if f != nil && f.status == http.StatusRequestedRangeNotSatisfiable {
		d.byRange++ // an empty object has no first byte
		return nil
	}
	if f != nil {
		return d.failed(ctx, key, f)
	}
	a.leave()
	return nil
}

func (d *diagnosis) checkRedirects(context.Context) storage.Check {
	if len(d.redirected) == 0 {
		return storage.Good("to no other host")
	}
	check := storage.Good("to %s, which must be reachable, too", strings.Join(slices.Sorted(maps.Keys(d.redirected)), ", "))
	check.Status = storage.Note
	return check
}

func (d *diagnosis) checkRanges(context.Context) storage.Check {
	if d.whole > 0 {
		return storage.Check{
			Status: storage.Warning, Found: fmt.Sprintf("%d of %d answers are all of an object where a part was asked for", d.whole, d.whole+d.byRange),
			Hint: "a download that breaks off begins again",
		}
	}
	return storage.Good("parts of objects can be read")
}

var _ storage.Diagnoser = (*Store)(nil)
