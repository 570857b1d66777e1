package dtool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
)

// VerifyOptions goes with [Dataset.Verify].
type VerifyOptions struct {
	// Full reads every byte of every item. Without it, only presence and sizes
	// are compared.
	Full bool
	// Part narrows a full verification down.
	Part Part
	Observer
}

func (o VerifyOptions) check() error {
	if !o.Full && !o.Part.All() {
		return errors.New("only a full verification can be narrowed down to a part")
	}
	return o.Part.check()
}

// Verify compares a frozen dataset with its manifest. A difference is no error
// but part of the report; an error means that the comparison could not be made.
func (d *Dataset) Verify(ctx context.Context, o VerifyOptions) (*VerifyReport, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	started := d.client.now()
	m, err := d.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	part := o.Part.simplified(m.Len())
	inPart := part.choose(m.items)
	report := &VerifyReport{
		URI: d.URI(), UUID: d.UUID(), Name: d.Name(),
		ManifestSHA256: sha256Hex(m.text), HashFunction: m.hashFunction, Whole: amountOf(m.items),
		Full: o.Full, Part: part, InPart: amountOf(inPart), Started: started,
	}
	differing, err := d.compareListing(ctx, m, report)
	if err != nil {
		return nil, err
	}
	if o.Full {
		whole := slices.DeleteFunc(inPart, func(item Item) bool { return differing[item.Identifier] })
		if err := d.verifyContent(ctx, m, whole, report, o.oneAtATime()); err != nil {
			return nil, err
		}
	}
	report.settle()
	report.Finished = d.client.now()
	return report, nil
}

func sha256Hex(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// compareListing finds what is missing, unknown or of another size among what
// the report's part answers for. It gives the identifiers of the items that need no
// reading any more.
func (d *Dataset) compareListing(ctx context.Context, m *Manifest, report *VerifyReport) (map[string]bool, error) {
	there, strange, err := d.dataByKey(ctx)
	if err != nil {
		return nil, err
	}
	differing := map[string]bool{}
	for _, item := range m.items {
		key, err := d.layout.itemKey(item.Relpath)
		if err != nil {
			return nil, d.inDocument(d.layout.keys().manifest, err)
		}
		info, ok := there[key]
		delete(there, key)
		if ok && info.Size == item.Size || !report.Part.answersFor(item.Identifier) {
			continue
		}
		differing[item.Identifier] = true
		if ok {
			report.AlteredSize = append(report.AlteredSize, findingOf(item, &Content{Size: info.Size}))
		} else {
			report.Missing = append(report.Missing, findingOf(item, nil))
		}
	}
	for _, info := range strange {
		if id := d.identifierAt(info.Key); report.Part.answersFor(id) {
			report.Unknown = append(report.Unknown, Finding{Identifier: id, Relpath: d.nameAmongItems(info.Key)})
		}
	}
	unknown, err := d.unknownItems(ctx, there, report.Part)
	report.Unknown = append(report.Unknown, unknown...)
	return differing, err
}

// unknownItems tells what the objects are that the manifest does not know.
func (d *Dataset) unknownItems(ctx context.Context, extra map[string]storage.Info, part Part) ([]Finding, error) {
	var unknown []storage.Info
	for _, info := range extra {
		if part.answersFor(d.identifierAt(info.Key)) {
			unknown = append(unknown, info)
		}
	}
	found := make([]Finding, len(unknown))
	err := transfer.Run(ctx, d.client.workersFor(d.store), unknown, func(ctx context.Context, i int, info storage.Info) error {
		item, err := d.layout.listed(ctx, d.store, info)
		found[i] = Finding{Identifier: d.identifierAt(info.Key), Relpath: item.relpath, Found: &Content{Size: info.Size, Hash: item.md5}}
		if isForeign(err) {
			return nil
		}
		return err
	})
	return found, err
}

// identifierAt gives the identifier of what lies under a key among the items,
// without asking the store: where the key is made of the relpath, that has it, and
// else the key ends in it.
func (d *Dataset) identifierAt(key string) string {
	name := d.nameAmongItems(key)
	if own, err := d.layout.itemKey(name); err == nil && own == key {
		return Identifier(name)
	}
	return name
}

func (d *Dataset) nameAmongItems(key string) string {
	return strings.TrimPrefix(key, d.layout.keys().data)
}

func (d *Dataset) verifyContent(ctx context.Context, m *Manifest, items []Item, report *VerifyReport, o Observer) error {
	altered := make([]*storage.Mismatch, len(items))
	meter := o.meter("Verifying", len(items), totalSize(items))
	work := itemWork{d.client, "verifying", meter, []storage.Store{d.store}}
	err := doForItems(ctx, work, items, itself, func(ctx context.Context, i int, item Item) error {
		key, err := d.layout.itemKey(item.Relpath)
		if err != nil {
			return err
		}
		err = m.checkItem(ctx, d.store, key, item, meter)
		var isAltered bool
		if altered[i], isAltered = errors.AsType[*storage.Mismatch](err); isAltered {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	for i, item := range items {
		why := m.unverifiable(item)
		switch {
		case altered[i] != nil:
			report.AlteredHash = append(report.AlteredHash, findingOf(item, contentFound(altered[i], item)))
		case why != "":
			finding := findingOf(item, nil)
			finding.Reason = why
			report.Unverifiable = append(report.Unverifiable, finding)
			o.Warn(fmt.Sprintf("item %s was read but cannot be checked: %s", quoted(item.Relpath), why))
		}
	}
	return nil
}

// contentFound gives what was read in place of an item, if that is known.
func contentFound(m *storage.Mismatch, item Item) *Content {
	if m.What != "size" {
		return &Content{Size: item.Size, Hash: m.Found}
	}
	size, err := strconv.ParseInt(m.Found, 10, 64)
	if err != nil {
		return nil
	}
	return &Content{Size: size}
}

// checkItem reads an item to its end. Bytes that are not those of the manifest
// are a [storage.Mismatch].
func (m *Manifest) checkItem(ctx context.Context, store storage.Store, key string, item Item, meter *transfer.Meter) error {
	return reread(store.String(), meter, func(try *transfer.Try) error {
		body, _, err := store.Get(ctx, key, storage.Range{})
		if err != nil {
			return err
		}
		defer body.Close()
		return drain(m.checked(try.Reader(body), item), item.Size)
	})
}
