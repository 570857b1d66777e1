package dtool

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/user"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dtool-go/dtool/internal/config"
	"github.com/dtool-go/dtool/internal/pyjson"
	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/disk"
	"github.com/dtool-go/dtool/storage/s3"
	"github.com/dtool-go/dtool/storage/transport"
	"github.com/dtool-go/dtool/storage/web"
)

// Options is what a Client takes from the world around it. The zero value knows
// no settings and reaches directories and the buckets of the AWS chain.
type Options struct {
	// Environ holds the settings of docs/format.md, section 6, and the user's
	// name, as os.Environ gives them. What these settings leave open for a bucket,
	// the AWS SDK looks for by itself, in the environment of the process among
	// other places.
	Environ []string
	// Home is the directory below which .config/dtool/dtool.json and
	// .cache/dtool lie. Empty means that there is neither a file of settings nor
	// a cache.
	Home string
	// Hostname goes into the URIs of directories. Empty means this machine's.
	Hostname string
	// Concurrency is how many items an operation works on at a time, and how many
	// requests are under way to all buckets together, besides the bodies being read.
	// 0 means 32, or what hashing has if that is more; between local files it means
	// what the setting DTOOL_NUM_PROCESSES says, by default one for each core; of a
	// base it means 64 datasets. [MaxConcurrency] is the most.
	Concurrency int
	// Bandwidth is how many bytes a second go to and come from all buckets
	// together. 0 sets no bound.
	Bandwidth int64
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Logger is told what helps to find a fault. Nil discards it.
	Logger *slog.Logger
	// Buckets opens the stores of further schemes, by the name of the bucket.
	Buckets map[string]storage.Opener
}

// A Client opens, makes, lists and copies datasets. It is safe for concurrent use.
type Client struct {
	settings *config.Settings
	home     string
	hostname string
	creator  string
	now      func() time.Time
	workers  int // on local files
	requests int // over a network
	listing  int // of datasets
	maxItems int
	openers  map[string]storage.Opener
	web      func() (*web.Client, error)
	around   func(directoryStore) directoryStore // what is put around the stores of directories; nil outside tests

	// What a freeze takes of metadata of items; less in tests.
	maxFragments int64 // bytes
	maxValues    int   // in the overlays that come of them

	mu     sync.Mutex
	stores map[reference]storage.Store // by scheme and bucket
}

// NewClient makes a Client. It fails if the file of settings cannot be read, or holds
// what cannot be right.
func NewClient(o Options) (*Client, error) {
	file := ""
	if o.Home != "" {
		file = config.Path(o.Home)
	}
	settings, err := config.Load(o.Environ, file)
	if err != nil {
		return nil, err
	}
	c := &Client{
		settings: settings,
		home:     o.Home,
		hostname: o.Hostname,
		creator:  creator(o.Environ),
		now:      o.Now,
		stores:   map[reference]storage.Store{},

		maxFragments: maxFragments,
		maxValues:    pyjson.MaxValues,
	}
	if err := c.setBounds(o.Concurrency); err != nil {
		return nil, err
	}
	if c.hostname == "" {
		if c.hostname, err = os.Hostname(); err != nil {
			return nil, fmt.Errorf("finding this machine's name: %w", err)
		}
	}
	if c.now == nil {
		c.now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	pace := transport.NewPace(o.Bandwidth)
	c.openers = c.bucketOpeners(o, pace)
	c.web = sync.OnceValues(func() (*web.Client, error) {
		bundle, _ := settings.Get("AWS_CA_BUNDLE")
		return web.NewClient(web.Options{Requests: c.requests, Pace: pace, CABundle: bundle, Now: c.now, Log: o.Logger})
	})
	return c, nil
}

// setBounds takes from the settings what is not asked for.
func (c *Client) setBounds(concurrency int) (err error) {
	if c.workers, err = c.settings.NumProcesses(); err != nil {
		return err
	}
	if concurrency < 0 || concurrency > MaxConcurrency {
		return fmt.Errorf("a concurrency of %d is not between 1 and %d", concurrency, MaxConcurrency)
	}
	c.requests, c.listing = max(defaultConcurrency, c.workers), listConcurrency
	if concurrency > 0 {
		c.workers, c.requests, c.listing = concurrency, concurrency, concurrency
	}
	c.maxItems, err = c.settings.MaxFilesLimit()
	return err
}

// bucketOpeners gives how the stores of each scheme are opened: each bucket with
// its own settings.
func (c *Client) bucketOpeners(o Options, pace *transport.Pace) map[string]storage.Opener {
	limits := s3.NewLimits(s3.LimitOptions{Requests: c.requests, Pace: pace})
	openers := map[string]storage.Opener{}
	for _, scheme := range []string{"s3", "ecs"} {
		openers[scheme] = func(ctx context.Context, bucket string) (storage.Store, error) {
			set, err := c.settings.S3(scheme, bucket)
			if err != nil {
				return nil, err
			}
			return s3.Open(ctx, bucket, s3.Config{
				Endpoint:        set.Endpoint,
				AccessKeyID:     set.AccessKeyID,
				SecretAccessKey: set.SecretAccessKey,
				Region:          set.Region,
				Addressing:      s3.Addressing(set.Addressing),
				EndpointSetting: bucketSetting(scheme, config.Endpoint, bucket, "--endpoint"),
				KeySetting:      bucketSetting(scheme, config.AccessKeyID, bucket, "--keys"),
				RegionSetting:   bucketSetting(scheme, config.Region, bucket, "--region"),
				PlaceHint:       placeHint(scheme, bucket, set.Prefix),
				Log:             o.Logger,
				Limits:          limits,
			})
		}
	}
	maps.Copy(openers, o.Buckets)
	return openers
}

// bucket gives the store of a bucket, the same one each time.
func (c *Client) bucket(ctx context.Context, ref reference) (storage.Store, error) {
	open, ok := c.openers[ref.scheme]
	if !ok {
		return nil, fmt.Errorf("%w %s: the scheme %s is none of %s", ErrInvalidURI, quoted(ref.uri(c.hostname)), ref.scheme,
			strings.Join(slices.Sorted(maps.Keys(c.openers)), ", ")+", "+schemeFile+", "+schemeSymlink+", "+schemeHTTP+", "+schemeHTTPS)
	}
	key := reference{scheme: ref.scheme, bucket: ref.bucket}
	c.mu.Lock()
	defer c.mu.Unlock()
	if store, ok := c.stores[key]; ok {
		return store, nil
	}
	store, err := open(ctx, ref.bucket)
	if err != nil {
		return nil, err
	}
	c.stores[key] = store
	return store, nil
}

// openDirectory gives the store of a directory that datasets lie in, or the cache.
func (c *Client) openDirectory(path string, o disk.Options) (directoryStore, error) {
	store, err := disk.New(path, o)
	switch {
	case err != nil:
		return nil, err
	case c.around == nil:
		return store, nil
	}
	return c.around(store), nil
}

// creator finds the name of the user as the format has it.
func creator(environ []string) string {
	for _, name := range []string{"LOGNAME", "USER", "LNAME", "USERNAME"} {
		for _, entry := range environ {
			if value, ok := strings.CutPrefix(entry, name+"="); ok && value != "" {
				return value
			}
		}
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}
