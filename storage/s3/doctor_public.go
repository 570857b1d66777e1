package s3

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/dtool-go/dtool/storage"
)

// publicSteps find out what everybody may do, and how that could be changed.
func (d *diagnosis) publicSteps() []storage.CheckStep {
	const share = storage.Sharing
	return []storage.CheckStep{
		{Name: "public", For: share, Needs: []string{"write"}, Run: d.checkPublic},
		{Name: "public listing", For: share, Needs: []string{"bucket"}, Run: d.checkPublicListing},
		{Name: "ACL", For: share, Needs: []string{"write", "public"}, Limit: 15 * time.Second, Run: d.checkACL},
		{Name: "policy", For: share, Needs: []string{"bucket"}, Run: d.checkPolicy},
		{Name: "versions", For: share, Needs: []string{"bucket"}, Run: d.checkVersions},
	}
}

// status asks for something below the bucket's URL without credentials.
func (d *diagnosis) status(ctx context.Context, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := d.api.Options().HTTPClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func (d *diagnosis) checkPublic(ctx context.Context) storage.Check {
	status, err := d.status(ctx, d.PublicURL(d.written.Key))
	switch {
	case err != nil:
		return storage.FailedCheck(err)
	case status == http.StatusOK:
		return note("everybody can read what is written here, without being asked for credentials")
	}
	return storage.Good("nobody reads without credentials what is written here (HTTP %d)", status)
}

func (d *diagnosis) checkPublicListing(ctx context.Context) storage.Check {
	status, err := d.status(ctx, d.PublicURL("")+"?list-type=2&max-keys=1")
	switch {
	case err != nil:
		return storage.FailedCheck(err)
	case status == http.StatusOK:
		return warning("everybody can list the bucket, without being asked for credentials",
			"who can list finds all that is public, also what was shared with a few: take s3:ListBucket from everybody in the bucket's policy or ACL")
	}
	return storage.Good("nobody lists the bucket without credentials (HTTP %d)", status)
}

// checkACL makes one object public, which is removed soon after.
func (d *diagnosis) checkACL(ctx context.Context) storage.Check {
	err := d.SetPublic(ctx, d.written.Key, true)
	if errors.Is(err, storage.ErrNoACLs) {
		check := storage.FailedCheck(err)
		check.Status = storage.Note
		return check
	}
	if err != nil {
		return storage.FailedCheck(err)
	}
	switch status, err := d.status(ctx, d.PublicURL(d.written.Key)); {
	case err != nil:
		return storage.FailedCheck(err)
	case status != http.StatusOK:
		return warning("an ACL is taken, and does not make an object public", "a rule of the bucket or the account stands above it; a policy of the bucket can make objects public instead")
	}
	return storage.Good("an object can be made public by itself")
}

func (d *diagnosis) checkPolicy(ctx context.Context) storage.Check {
	switch _, err := d.Policy(ctx); {
	case err == nil:
		return note("the bucket has one, and these keys may read it")
	case errors.Is(err, storage.ErrNotFound):
		return note("the bucket has none")
	case errors.Is(err, storage.ErrForbidden):
		return note("these keys may not read it, which only publishing by a policy needs")
	case errors.Is(err, errors.ErrUnsupported):
		return note("this store has no policies of buckets")
	default:
		return storage.FailedCheck(err)
	}
}

// checkVersions has nothing to say where these keys may not ask.
func (d *diagnosis) checkVersions(ctx context.Context) storage.Check {
	keeps, err := d.KeepsVersions(ctx)
	switch {
	case err != nil:
		return storage.Check{}
	case keeps:
		check := note("the bucket keeps what is removed or replaced as older versions")
		check.Hint = "what is removed goes on taking room, until a rule of the bucket removes old versions"
		return check
	}
	return note("the bucket keeps no older versions")
}
