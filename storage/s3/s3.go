// Package s3 keeps objects in a bucket of S3, or of a store that speaks its
// protocol: Ceph, MinIO, ECS, versitygw.
//
// It knows the SDK, addressing, credentials, parts and the many ways in which
// such stores misbehave. It does not know what its keys and bytes mean, nor
// the names of dtool's settings: it is given plain values. It asks for nothing
// beyond the rights of docs/format.md, section 7: it makes no bucket and
// writes nothing but the keys that it was told to.
//
// The requests and their retries are the SDK's. What this package adds is what
// the SDK leaves to its users: continuing a body that broke off, sending large
// objects in parts, following a bucket to its region, and never taking an odd
// answer for a good one.
package s3

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// Store is a bucket. It is safe for concurrent use.
type Store struct {
	bucket    string
	name      string // for people, see String
	api       *s3.Client
	region    atomic.Pointer[string] // where the bucket is, as far as is known
	retryer   aws.Retryer
	anonymous bool // requests are not signed, for want of credentials
	atAWS     bool
	limits    *Limits
	partSize  int64         // bytes of a part, for objects that are not too large for it
	inFlight  int           // parts of one object at once
	copySize  int64         // bytes that one request copies at most
	tellsMD5  atomic.Bool   // the ETags of objects that are sent as a whole are their MD5
	grace     time.Duration // for tidying up once the work was called off
	log       *slog.Logger

	// keptWaiting tells whether a reader that has waited so long for so many bytes
	// is to have more connections.
	keptWaiting func(got int64, waited time.Duration) bool

	briefly sync.Once // for saying how briefly what is signed may hold

	endpointSetting, keySetting, regionSetting Setting // for hints
	placeHint                                  func(key string) string

	config  Config // that it was opened with, and
	sources []any  // what the SDK has found besides; both for Diagnose
}

// Addressing is where in a URL the bucket stands.
type Addressing string

// The ways of addressing.
const (
	PathStyle   Addressing = "path"    // https://host/bucket/key
	VirtualHost Addressing = "virtual" // https://bucket.host/key
)

// Config says how to reach a bucket. Every field may be left empty; what is
// missing of endpoint, keys and region comes from where AWS tools look:
// environment, shared files, profile, SSO, container and instance roles.
type Config struct {
	// Endpoint is the URL of a store that is not AWS.
	Endpoint string
	// AccessKeyID and SecretAccessKey go together; SessionToken may join them.
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	// Region is us-east-1 if nobody sets it. A store that wants another one
	// says which, and that one is then used.
	Region string
	// Addressing is where in a URL the bucket stands. If nobody says, it is the path
	// where there is an endpoint, and where the bucket's name does not fit into that
	// of a host.
	Addressing Addressing

	// EndpointSetting, KeySetting and RegionSetting are what the user knows the settings
	// by that Endpoint, the keys and Region come from. They are "the endpoint", "the
	// access key" and "the region" if nobody says.
	EndpointSetting, KeySetting, RegionSetting Setting
	// PlaceHint says of a key why it was chosen, for the hint to whoever may not write
	// it; "" where there is nothing to say. Nil says nothing.
	PlaceHint func(key string) string

	// Limits bounds memory, requests and bandwidth of all stores that share it. If
	// it is nil, the store has its own, with the defaults.
	Limits *Limits
	// PartSize is how many bytes of an object go into one part, and the size
	// up to which an object is sent whole. Larger objects than 1,000 such
	// parts have larger ones. Default 16 MiB; S3 wants at least 5 MiB.
	PartSize int64
	// CopySize is how many bytes one request copies from bucket to bucket, and
	// the size up to which an object is copied whole. Default 1 GiB; S3 takes at
	// most 5 GiB.
	CopySize int64
	// PartsInFlight is how many parts of one object travel at once. Default 4.
	PartsInFlight int
	// Connections is how many idle connections are kept for later requests, at
	// best as many as there are requests and open bodies at once. Default 64, or
	// twice the requests that Limits allows for, whichever is more.
	Connections int

	// Attempts is how often a request is tried in all. Default 7, or what
	// AWS_MAX_ATTEMPTS says.
	Attempts int
	// MaxBackoff is the longest pause between two tries. Default 20 s.
	MaxBackoff time.Duration
	// Stall is how long a connection may rest in the middle of a request, and
	// a store ponder its answer, before the try has failed. Default 60 s. The
	// answer is to end within ten times that, but there is no limit on the time
	// that the bytes of an object take on their way.
	Stall time.Duration

	// Log gets a line for each try of each request, at the level Debug. At the level
	// Info it gets what keeps somebody waiting, with the store's name as "store" and
	// as "waited" how long that has been; at Warn what is left in the bucket. Nil
	// discards them.
	Log *slog.Logger

	transport http.RoundTripper // in place of the network, for tests
}

// A Setting is what a user knows a setting by, for hints on what to set.
type Setting struct {
	Name    string // such as DTOOL_S3_ENDPOINT_plants
	Command string // that sets it if the value follows; empty if there is none
}

// to names the setting, and the command that gives it a value. The value is empty for
// a command that asks for it.
func (s Setting) to(value string) string {
	if s.Command == "" {
		return s.Name
	}
	return s.Name + " (" + strings.TrimSpace(s.Command+" "+value) + ")"
}

const (
	defaultPartSize    = 16 << 20
	defaultInFlight    = 4
	defaultCopySize    = 1 << 30 // a store that is silent while it copies is waited for no longer than Stall
	defaultConnections = 64
	defaultStall       = 60 * time.Second
)

func (c Config) withDefaults() Config {
	orDefault(&c.PartSize, defaultPartSize)
	orDefault(&c.PartsInFlight, defaultInFlight)
	orDefault(&c.CopySize, defaultCopySize)
	orDefault(&c.MaxBackoff, transport.MaxPause)
	orDefault(&c.Stall, defaultStall)
	if c.Limits == nil {
		c.Limits = NewLimits(LimitOptions{})
	}
	orDefault(&c.Connections, max(defaultConnections, 2*c.Limits.most))
	c.EndpointSetting.Name = cmp.Or(c.EndpointSetting.Name, "the endpoint")
	c.KeySetting.Name = cmp.Or(c.KeySetting.Name, "the access key")
	c.RegionSetting.Name = cmp.Or(c.RegionSetting.Name, "the region")
	if c.PlaceHint == nil {
		c.PlaceHint = func(string) string { return "" }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func orDefault[T int | int64 | time.Duration](value *T, fallback T) {
	if *value <= 0 {
		*value = fallback
	}
}

// String gives the bucket and where it is: "s3://bucket at https://endpoint".
func (s *Store) String() string { return s.name }

// call makes one request when its turn has come. It must be one that completes
// by itself, without anything else of what [Limits] bounds.
func call[T any](ctx context.Context, s *Store, op, key string, do func(context.Context, func(*s3.Options)) (T, error)) (T, error) {
	end, err := s.limits.request(ctx)
	if err != nil {
		var none T
		return none, s.error(op, key, nil, err)
	}
	defer end()
	return ask(ctx, s, op, key, do)
}

// ask makes one request at once, and makes it again in the bucket's own region
// if the store says that it is another one.
func ask[T any](ctx context.Context, s *Store, op, key string, do func(context.Context, func(*s3.Options)) (T, error)) (T, error) {
	region := *s.region.Load()
	out, err := do(ctx, inRegion(region))
	if other := regionIn(err); other != "" && other != region {
		s.log.DebugContext(ctx, "the bucket is in another region", "bucket", s.bucket, "asked", region, "region", other)
		s.region.Store(&other)
		out, err = do(ctx, inRegion(other))
	}
	if err != nil {
		var none T
		return none, s.requestError(ctx, op, key, err)
	}
	return out, nil
}

func inRegion(region string) func(*s3.Options) {
	return func(o *s3.Options) { o.Region = region }
}

var _ storage.Store = (*Store)(nil)
