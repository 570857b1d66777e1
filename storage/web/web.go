// Package web reads objects that lie under URLs, over HTTP and HTTPS.
//
// It is told which URL belongs to which key. It knows redirects, ranges and the ways
// in which web servers and the networks before them misbehave. It does not know where
// the URLs come from, what the keys mean or who signed a URL, and it writes nothing.
//
// A URL may be signed, and is a secret then: messages and logs have it without its
// query, and no server is told which URL led to it.
package web

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/dtool-go/dtool/storage"
	"github.com/dtool-go/dtool/storage/transport"
)

// Options says how a Client reaches servers. What is zero has its default.
type Options struct {
	// Requests is how many requests are under way at once, but for the bodies that
	// callers are reading. Default 32.
	Requests int
	// Pace bounds the bandwidth. Nil sets no bound.
	Pace *transport.Pace
	// CABundle is a file with certificates, in PEM, that are trusted beside those of
	// the system.
	CABundle string

	// Tries is how often a request is made in all. Default 7.
	Tries int
	// MaxPause is the longest pause between two tries, whatever the server wishes.
	// Default 20 s.
	MaxPause time.Duration
	// Stall is how long a connection may rest in the middle of a request. Default
	// 60 s. An answer is to begin within ten times that, redirects included.
	Stall time.Duration

	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log gets a line for each try of each request, at the level Debug, and at Info
	// what keeps somebody waiting. Nil discards them.
	Log *slog.Logger
}

const (
	defaultRequests = 32
	defaultStall    = 60 * time.Second
)

// A Client makes the requests of all stores that it opens.
type Client struct {
	http     *http.Client
	turns    *semaphore.Weighted
	requests int
	tries    int
	maxPause time.Duration
	patience time.Duration // until an answer has begun
	now      func() time.Time
	log      *slog.Logger
}

// NewClient makes a Client. It fails if the bundle of certificates cannot be read.
func NewClient(o Options) (*Client, error) {
	orDefault(&o.Requests, defaultRequests)
	orDefault(&o.Tries, transport.Tries)
	orDefault(&o.MaxPause, transport.MaxPause)
	orDefault(&o.Stall, defaultStall)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	client, err := newHTTPClient(o)
	if err != nil {
		return nil, err
	}
	return &Client{
		http: client, turns: semaphore.NewWeighted(int64(o.Requests)), requests: o.Requests,
		tries: o.Tries, maxPause: o.MaxPause, patience: transport.MaxTurns * o.Stall, now: o.Now, log: o.Log,
	}, nil
}

// CloseIdle closes the connections that no request uses. It need not be called.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

func orDefault[T int | time.Duration](value *T, fallback T) {
	if *value <= 0 {
		*value = fallback
	}
}

// An Index says what a store holds: nothing has a key but what is in it. Whoever has
// given it changes it no more.
type Index struct {
	URLs  map[string]string // by key; as ParseURL takes them
	Known map[string][]byte // what is known already, by key
}

// A Store holds what its index says. It is safe for concurrent use.
type Store struct {
	client *Client
	name   string
	index  Index
	keys   []string // in order
}

// Open gives a store of that name, which is for people. It makes no request.
func (c *Client) Open(name string, index Index) *Store {
	s := &Store{client: c, name: name, index: index}
	s.keys = slices.AppendSeq(make([]string, 0, len(index.URLs)+len(index.Known)), maps.Keys(index.Known))
	for key := range index.URLs {
		if _, known := index.Known[key]; !known {
			s.keys = append(s.keys, key)
		}
	}
	slices.Sort(s.keys)
	return s
}

// String gives the name that the store was opened with.
func (s *Store) String() string { return s.name }

// Put refuses: see [storage.ErrReadOnly].
func (s *Store) Put(_ context.Context, key string, _ io.Reader, _ storage.PutOptions) (storage.Info, error) {
	return storage.Info{}, s.error("PUT", key, storage.ErrReadOnly, nil)
}

// Delete refuses: see [storage.ErrReadOnly].
func (s *Store) Delete(_ context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	return s.error("DELETE", keys[0], storage.ErrReadOnly, nil)
}

func (s *Store) error(op, key string, kind, err error) *storage.Error {
	return &storage.Error{Op: op, Store: s.name, Key: key, Kind: kind, Err: err}
}

var _ storage.Store = (*Store)(nil)
