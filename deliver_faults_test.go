package dtool_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/storetest"
)

// A counter is a store whose signed requests are made over the counter: a URL is a
// key, and the header the metadata.
type counter struct{ storage.Store }

func (counter) SignGet(_ context.Context, key string, _ time.Duration) (string, error) {
	return key, nil
}

func (counter) SignPut(_ context.Context, key string, o storage.PutOptions, _ time.Duration) (storage.SignedPut, error) {
	return storage.SignedPut{URL: key, Header: o.Metadata}, nil
}

func (c counter) deliver(t *testing.T, items []dtool.SignedItem, contents map[string]string) {
	t.Helper()
	for _, item := range items {
		o := storage.PutOptions{Size: item.Size, MD5: item.Hash, Metadata: item.Header}
		_, err := c.Put(t.Context(), item.URL, strings.NewReader(contents[item.Relpath]), o)
		must(t, err)
	}
}

// nth has a fault befall a call by its number, from 0, and tells whether there was one.
// That a store keeps other bytes than it was sent is for verify to find.
func nth(n int64, fault storetest.Fault) (script func(storetest.Call) storetest.Fault, reached func() bool) {
	var calls atomic.Int64
	lies := fault.Kind == storetest.CutShort || fault.Kind == storetest.Flip
	return func(c storetest.Call) storetest.Fault {
		if calls.Add(1)-1 == n && (!lies || c.Op != storetest.Put) {
			return fault
		}
		return storetest.Fault{}
	}, func() bool { return calls.Load() > n }
}

// faulty gives a client whose bucket suffers what is scripted, and that bucket as it is.
func faulty(t *testing.T) (w *world, f *storetest.Faulty, base string, beneath counter) {
	t.Helper()
	w = newWorld(t)
	base = w.bucket("to")
	beneath = counter{w.memory["to"]}
	f = storetest.NewFaulty(nil)
	w.memory["to"] = counter{f.Around(beneath.Store)}
	return w, f, base, beneath
}

// openHere opens a dataset that another client has made.
func (w *world) openHere(d *dtool.Dataset) *dtool.Dataset {
	w.t.Helper()
	here, err := w.OpenFrozen(w.t.Context(), d.URI())
	must(w.t, err)
	return here
}

func fewFiles() map[string]string { return map[string]string{"reads.txt": "ACGT\n", "sub/empty": ""} }

func deliveryFaults() []storetest.Fault {
	return []storetest.Fault{
		{Kind: storetest.Fail},
		{Kind: storetest.Fail, Cause: storage.ErrForbidden},
		{Kind: storetest.LoseAnswer},
		{Kind: storetest.BreakOff, At: 5},
		{Kind: storetest.Twice},
		{Kind: storetest.CutShort, At: 3},
		{Kind: storetest.Flip},
		{Kind: storetest.Omit},
		{Kind: storetest.Lag},
	}
}

// TestPreparationGoesOnAfterAnyFault has each call go wrong in turn in each way: what is left
// is no dataset, and to prepare the delivery again goes on with it. Who has requests
// of an earlier preparation may deliver the items all the same: then it can be completed
// only if all else is there.
func TestPreparationGoesOnAfterAnyFault(t *testing.T) {
	w, _, base, _ := faulty(t)
	lacking, whole := w.withoutItems(fewFiles())
	earlier, err := w.PrepareDelivery(t.Context(), lacking, base, dtool.SignOptions{})
	must(t, err)
	for _, fault := range deliveryFaults() {
		t.Run(string(fault.Kind), func(t *testing.T) {
			for n := int64(0); ; n++ {
				w, f, base, beneath := faulty(t)
				src := w.openHere(lacking)
				script, reached := nth(n, fault)
				f.Script(script)
				_, err := w.PrepareDelivery(t.Context(), src, base, dtool.SignOptions{})
				f.Script(nil)
				if _, opening := w.OpenFrozen(t.Context(), base+"/"+src.UUID()); opening == nil {
					t.Fatalf("call %d: there is a frozen dataset", n)
				}
				beneath.deliver(t, earlier.Items, fewFiles())
				report, completing := w.CompleteDelivery(t.Context(), base+"/"+src.UUID(), dtool.CompleteOptions{})
				if completing != nil {
					if _, again := w.PrepareDelivery(t.Context(), src, base, dtool.SignOptions{}); again != nil {
						t.Fatalf("call %d: after %v it is %v", n, err, again)
					}
					report, err = w.CompleteDelivery(t.Context(), base+"/"+src.UUID(), dtool.CompleteOptions{})
					must(t, err)
				}
				if report.Dataset == nil {
					t.Fatalf("call %d: after %v it lacks %v", n, err, report.Wrong)
				}
				if diff := cmp.Diff(whole, snapshotOf(t, report.Dataset)); diff != "" {
					t.Fatalf("call %d: what was delivered differs (-want +got):\n%s", n, diff)
				}
				if !reached() {
					return
				}
			}
		})
	}
}

// TestNewDeliveryLeavesNothingBehind has each call go wrong in turn: what was begun
// is removed, or it is said that it could not be.
func TestNewDeliveryLeavesNothingBehind(t *testing.T) {
	made := dtool.NewDataset{Name: "buds", Manifest: newWorld(t).manifestOf(fewFiles()), README: []byte("place: Norwich\n")}
	for _, fault := range deliveryFaults() {
		t.Run(string(fault.Kind), func(t *testing.T) {
			for n := int64(0); ; n++ {
				w, f, base, _ := faulty(t)
				script, reached := nth(n, fault)
				f.Script(script)
				_, err := w.PrepareNewDelivery(t.Context(), made, base, dtool.SignOptions{})
				f.Script(nil)
				// A registration without a dataset means nothing.
				if left := w.keys(); err != nil && len(left) > 1 && !errors.Is(err, dtool.ErrLeftBehind) {
					t.Fatalf("call %d: after %v there is %q", n, err, left)
				}
				if !reached() {
					return
				}
			}
		})
	}
}

// TestCompletionGoesOnAfterAnyFault has each call go wrong in turn in each way. A delivery
// that lacks an item is never frozen, whatever the store says; and one that is whole
// is frozen in the end.
func TestCompletionGoesOnAfterAnyFault(t *testing.T) {
	lacking, whole := newWorld(t).withoutItems(fewFiles())
	for _, fault := range deliveryFaults() {
		for _, missing := range []int{0, 1} {
			t.Run(string(fault.Kind), func(t *testing.T) {
				for n := int64(0); ; n++ {
					w, f, base, beneath := faulty(t)
					delivery, err := w.PrepareDelivery(t.Context(), w.openHere(lacking), base, dtool.SignOptions{})
					must(t, err)
					beneath.deliver(t, delivery.Items[missing:], fewFiles())
					script, reached := nth(n, fault)
					f.Script(script)
					report, err := w.CompleteDelivery(t.Context(), delivery.URI, dtool.CompleteOptions{})
					f.Script(nil)
					if missing > 0 {
						if err == nil && report.Dataset != nil {
							t.Fatalf("call %d: it was frozen without an item", n)
						}
						_, err = w.OpenFrozen(t.Context(), delivery.URI)
						wantError(t, err, dtool.ErrUnfinished)
						beneath.deliver(t, delivery.Items[:missing], fewFiles())
					}
					report, err = w.CompleteDelivery(t.Context(), delivery.URI, dtool.CompleteOptions{})
					must(t, err)
					if report.Dataset == nil {
						t.Fatalf("call %d: it lacks %v", n, report.Wrong)
					}
					d, err := w.OpenFrozen(t.Context(), delivery.URI)
					must(t, err)
					if diff := cmp.Diff(whole, snapshotOf(t, d)); diff != "" {
						t.Fatalf("call %d: what was delivered differs (-want +got):\n%s", n, diff)
					}
					if !reached() {
						break
					}
				}
			})
		}
	}
}

// TestDeliveryThatChangesWhileItIsReadIsNotFrozen has somebody with keys change it when the
// last item was read.
func TestDeliveryThatChangesWhileItIsReadIsNotFrozen(t *testing.T) {
	for what, change := range map[string]func(put func(key, text string)){
		"an item":       func(put func(key, text string)) { put("data/"+dtool.Identifier("reads.txt"), "TGCA\n") },
		"one more item": func(put func(key, text string)) { put("data/"+dtool.Identifier("more"), "more") },
		"the manifest":  func(put func(key, text string)) { put("manifest.json", `{"hash_function": "md5sum", "items": {}}`) },
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			base := w.bucket("to")
			store := counter{w.memory["to"]}
			w.memory["to"] = store
			src, _ := w.withoutItems(fewFiles())
			delivery, err := w.PrepareDelivery(t.Context(), src, base, dtool.SignOptions{})
			must(t, err)
			store.deliver(t, delivery.Items, fewFiles())
			o := dtool.CompleteOptions{Observer: dtool.Observer{Progress: func(p dtool.Progress) {
				if p.Items == p.TotalItems {
					change(func(key, text string) {
						_, err := store.Put(t.Context(), src.UUID()+"/"+key, strings.NewReader(text), storage.PutOptions{Size: int64(len(text))})
						must(t, err)
					})
				}
			}}}
			_, err = w.CompleteDelivery(t.Context(), delivery.URI, o)
			wantError(t, err, storage.ErrCorrupted, "changed while")
			_, err = w.OpenFrozen(t.Context(), delivery.URI)
			wantError(t, err, dtool.ErrUnfinished)
		})
	}
}

// TestEveryByteOfADeliveryIsRead has an item that only its bytes tell to be wrong.
func TestEveryByteOfADeliveryIsRead(t *testing.T) {
	w, _, base, beneath := faulty(t)
	src, _ := w.withoutItems(fewFiles())
	delivery, err := w.PrepareDelivery(t.Context(), src, base, dtool.SignOptions{})
	must(t, err)
	beneath.deliver(t, delivery.Items, fewFiles())
	key := src.UUID() + "/data/" + dtool.Identifier("reads.txt")
	info, err := beneath.Stat(t.Context(), key)
	must(t, err)
	_, err = beneath.Put(t.Context(), key, strings.NewReader("TGCA\n"), storage.PutOptions{Size: 5, Metadata: info.Metadata})
	must(t, err)
	w.memory["to"] = untold{w.memory["to"], key}
	w.connect()
	report, err := w.CompleteDelivery(t.Context(), delivery.URI, dtool.CompleteOptions{})
	must(t, err)
	want := map[string]dtool.CopyReason{"reads.txt": dtool.OtherContent}
	if diff := cmp.Diff(want, reasons(&dtool.CopyPlan{Items: report.Wrong})); diff != "" || report.Dataset != nil {
		t.Errorf("what is wrong (-want +got):\n%s", diff)
	}
	_, err = w.OpenFrozen(t.Context(), delivery.URI)
	wantError(t, err, dtool.ErrUnfinished)
}
