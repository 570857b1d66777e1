package dtool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dtool-go/dtool/internal/policy"
	"github.com/dtool-go/dtool/internal/transfer"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// open lets others read all that http_manifest.json will name, and records that first.
// If the store refuses to, nothing is different.
func (p *publishing) open(ctx context.Context) error {
	switch p.way {
	case ByACL:
		return p.openAllByACL(ctx)
	case ByPolicy:
		return p.openByPolicy(ctx)
	case ByURL:
		if err := p.askForDocuments(ctx); err != nil {
			p.closed = true
			return err
		}
	case BySignature:
	}
	if err := p.begin(ctx); err != nil {
		return err
	}
	return p.addREADME(ctx)
}

// openAllByACL begins with one object, since a store without ACLs refuses them all.
// What everybody can read already needs none.
func (p *publishing) openAllByACL(ctx context.Context) error {
	keys := p.found.shared()
	p.meter = p.o.meter("Publishing", len(keys), 0)
	if err := p.begin(ctx); err != nil {
		return err
	}
	err := p.unlessRefused(ctx, p.openByACL(ctx, keys[:1]))
	if errors.Is(err, storage.ErrNoACLs) && p.askForDocuments(ctx) == nil {
		p.way = ByURL
		keys, err = keys[:1], p.begin(ctx)
	}
	if err != nil {
		return err
	}
	if err := p.addREADME(ctx); err != nil {
		return err
	}
	return p.openByACL(ctx, keys[1:])
}

func (p *publishing) openByACL(ctx context.Context, keys []string) error {
	return transfer.Run(ctx, p.client.workersFor(p.store), keys, func(ctx context.Context, _ int, key string) error {
		err := p.share.SetPublic(ctx, key, true)
		if err == nil {
			p.meter.ItemDone()
		}
		return err
	})
}

// openByPolicy merges the dataset's statement into the bucket's policy.
func (p *publishing) openByPolicy(ctx context.Context) error {
	statement, err := p.statement(p.found)
	if err != nil {
		return err
	}
	now, err := p.share.readPolicy(ctx)
	if err != nil {
		return err
	}
	differs := now.Set(statement)
	if size := len(now.Text()); differs && size > maxPolicy {
		return fmt.Errorf("%w: the policy of the bucket would have %d bytes with this dataset in it, at most %d are taken", errPolicyTooLarge, size, maxPolicy)
	}
	if err := p.begin(ctx); err != nil {
		return err
	}
	if differs {
		if err := p.removeSigned(ctx); err != nil {
			return err
		}
		if err := p.unlessRefused(ctx, p.setStatement(ctx)); err != nil {
			return err
		}
	}
	return p.addREADME(ctx)
}

// setStatement does nothing if the policy has the dataset's statement.
func (p *publishing) setStatement(ctx context.Context) error {
	statement, err := p.statement(p.found)
	if err != nil {
		return err
	}
	_, err = p.share.changePolicy(ctx, func(d *policy.Document) bool { return d.Set(statement) })
	return err
}

// maxPolicy is how many bytes the policy of a bucket has at most, at AWS and where it
// is imitated.
const maxPolicy = 20 << 10

var errPolicyTooLarge = errors.New("no room")

// sid gives the Sid of the statement that publishes a dataset, which has letters and
// digits alone.
func sid(uuid string) string { return "DtoolPublish" + strings.ReplaceAll(uuid, "-", "") }

// PublishPolicy gives, as a policy of the bucket by itself, the statement that publishing
// with PublishOptions.Policy puts there: everybody may read the parts and items of
// this dataset, and nothing else. It is added to the text of a policy, unless that is
// empty, in place of one that it has for this dataset. It changes nothing.
func (d *Dataset) PublishPolicy(ctx context.Context, into []byte) ([]byte, error) {
	if !d.Frozen() {
		return nil, fmt.Errorf("%s: %w", d.uri, ErrNotFrozen)
	}
	found, err := d.survey(ctx, nil)
	if err != nil {
		return nil, err
	}
	statement, err := d.statement(found)
	if err != nil {
		return nil, err
	}
	document := policy.New()
	if len(into) > 0 {
		if document, err = policy.Parse(into); err != nil {
			return nil, err
		}
	}
	document.Set(statement)
	return document.Text(), nil
}

// statement names each document that there is, since a label that is added later is not to be
// public at once, and all data by what their keys begin with: for each item there is no room.
func (d *Dataset) statement(found *survey) (policy.Statement, error) {
	share, err := d.sharing()
	if err != nil {
		return policy.Statement{}, err
	}
	if share.policy == nil {
		return policy.Statement{}, fmt.Errorf("%s: %w by a policy: %s has none", d.uri, ErrCannotPublish, d.store)
	}
	ref, err := parseURI(d.uri)
	if err != nil {
		return policy.Statement{}, err
	}
	k := d.layout.keys()
	keys := append([]string{k.admin, k.readme, k.about, k.structure, k.manifest, found.httpManifest, found.page}, found.documents...)
	slices.Sort(keys)
	resources := []string{policy.ObjectsBelow(ref.bucket, k.data)}
	for _, key := range slices.Compact(keys) {
		resources = append(resources, policy.Object(ref.bucket, key))
	}
	return policy.Public(sid(d.UUID()), resources...), nil
}

// A policyChange is a bucket's policy on its way to another.
type policyChange struct {
	*policy.Document
	before string // the text, or empty where there was none
}

// readPolicy gives the bucket's policy, which is an empty one where there is none.
func (s sharing) readPolicy(ctx context.Context) (policyChange, error) {
	text, err := s.policy.Policy(ctx)
	if errors.Is(err, storage.ErrNotFound) {
		return policyChange{policy.New(), ""}, nil
	}
	if err != nil {
		return policyChange{}, err
	}
	doc, err := policy.Parse(text)
	if err != nil {
		return policyChange{}, fmt.Errorf("%w: the policy of the bucket: %w", ErrBadDocument, err)
	}
	return policyChange{doc, string(text)}, nil
}

// changePolicy changes the bucket's policy, and reads it again until it says what the
// change makes of it. It tells whether there was anything to change. Nobody can change a part of
// a policy, and others may change it, too: if what is read is not what was written, the
// change is made to that. What others write between the reading and the writing is lost,
// unless they also look again; nothing that is read before a failure is written after it.
func (s sharing) changePolicy(ctx context.Context, change func(*policy.Document) bool) (changed bool, err error) {
	const tries = 10
	for try := 1; ; try++ {
		now, err := s.readPolicy(ctx)
		if err != nil || !change(now.Document) {
			return changed, err
		}
		changed = true
		err = s.writePolicy(ctx, now)
		if err == nil || try == tries || !mayPass(err) {
			return changed, err
		}
		if err := transport.Sleep(ctx, transport.Pause(try, longestPolicyPause)); err != nil {
			return changed, err
		}
	}
}

const longestPolicyPause = 4 * time.Second

// mayPass tells of a failure to write a policy that it is worth another look.
func mayPass(err error) bool {
	for _, kind := range []error{errPolicyMoved, storage.ErrThrottled, storage.ErrUnreachable, storage.ErrCorrupted} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// writePolicy replaces the bucket's policy once, and reads it again.
func (s sharing) writePolicy(ctx context.Context, change policyChange) error {
	text := change.Text()
	if change.Len() == 0 {
		text = nil
	}
	if err := s.policy.SetPolicy(ctx, text); err != nil {
		return err
	}
	return settled(ctx, func() (bool, error) {
		now, err := s.readPolicy(ctx)
		switch {
		case err != nil:
			return false, fmt.Errorf("%w: %w", errPolicyUnseen, err)
		case now.Same(change.Document):
			return true, nil
		case now.before != change.before:
			return false, errPolicyMoved
		}
		return false, nil
	}, errPolicyNotKept)
}

var (
	errPolicyMoved   = errors.New("the policy of the bucket is not the one that was written: somebody else changes it, too")
	errPolicyNotKept = errors.New("the policy of the bucket is not the one that was written: the store has not kept it")
	errPolicyUnseen  = errors.New("the policy of the bucket was written, and cannot be read again")
)

// settled asks until the answer is yes, for the seconds that stores may take before
// all of them goes by a new policy.
func settled(ctx context.Context, ask func() (bool, error), otherwise error) error {
	for pause := 250 * time.Millisecond; ; pause *= 2 {
		ok, err := ask()
		switch {
		case err != nil || ok:
			return err
		case pause > 4*time.Second:
			return otherwise
		}
		if err := transport.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}
