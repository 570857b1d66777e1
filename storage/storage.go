// Package storage says what dtool asks of a place that keeps bytes under keys:
// a directory, a bucket, a map in memory.
//
// A store knows keys, sizes and bytes, and nothing of datasets: where the parts
// of a dataset lie is for the layouts of package dtool to say. The packages
// below this one (disk, s3, memory) are the stores, and storetest is the suite
// that each of them passes.
package storage

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"
)

// A Store keeps bytes under keys. It is safe for concurrent use.
//
// A key is UTF-8 text whose parts are separated by '/', without a leading
// slash, an empty part, "." or "..". Nothing about a key is normalised: two
// keys are the same only if their bytes are. A key that a store cannot hold is
// refused with [ErrInvalidKey] before anything is done.
//
// What Put has acknowledged is what Get, Stat and List give from then on. A
// failure is never mistaken for absence: only a store that positively says that
// there is no such key gives [ErrNotFound]. A store retries what is worth
// retrying by itself, within bounds, so that an error it returns is final. All
// errors are of type [*Error].
type Store interface {
	// Get opens the bytes of an object, or the part of them that the range
	// names. The reader gives exactly those bytes or fails: a body that ends
	// early is an error and never io.EOF. Info describes the whole object.
	// The caller closes the reader.
	Get(ctx context.Context, key string, r Range) (io.ReadCloser, Info, error)

	// Stat describes an object.
	Stat(ctx context.Context, key string) (Info, error)

	// Put stores exactly opts.Size bytes of the body under the key, replacing
	// what was there, whole or not at all: if the body fails, ends early, goes
	// on for longer, or does not have the hash of opts.MD5, then the key holds
	// what it held before. A body of the wrong length or hash is
	// [ErrCorrupted]. An error of the body's own is wrapped.
	Put(ctx context.Context, key string, body io.Reader, opts PutOptions) (Info, error)

	// List gives what lies under the keys that begin with the prefix, in the
	// byte order of the keys, in pages, without metadata. A listing ends with
	// the first error, and one that ends without error is whole. The prefix
	// may be empty, may end inside a name, and may be one that no key can have.
	List(ctx context.Context, prefix string, depth Depth) iter.Seq2[Info, error]

	// Delete removes objects, many at a time. A key that is not there is no
	// error. A store may also remove what it lists under a key with an empty part,
	// such as an object that marks a directory.
	Delete(ctx context.Context, keys ...string) error

	// String names the store for people: a path, or bucket and endpoint.
	// It holds no secret.
	String() string
}

// An Opener opens the store that goes by a name: a bucket's, say. Opening does
// not ask whether the store is there.
type Opener func(ctx context.Context, name string) (Store, error)

// Info describes an object.
type Info struct {
	Key     string
	Size    int64     // bytes
	ModTime time.Time // when it was stored, or the time given to Put where the store keeps that
	ETag    string    // as the store gives it, without quotes; of most small objects the MD5, and of others something else
	MD5     string    // lower-case hex MD5 of the bytes, where a Get or Stat can tell it without reading them

	// Metadata is the user metadata that was given to Put, its names in lower
	// case. Listings leave it nil, and so do stores that keep none.
	Metadata map[string]string

	// Outside is not empty for what a listing found behind a link out of the directory
	// that it was of: it is the path of the file.
	Outside string

	// Irregular is not empty for what lies in a store and yet holds no bytes
	// that could be read as an object's: it says in words what it is
	// ("a link to a directory", "a dangling link", "a socket").
	Irregular string
}

// LinkToDirectory is what Irregular says of a link to a directory, which a deep
// listing does not enter.
const LinkToDirectory = "a link to a directory"

// IsPlace tells whether the entry of a listing is a place that holds others
// rather than an object: a directory or a common prefix in a shallow listing,
// or a zero-byte object that marks a directory in a bucket.
func (i Info) IsPlace() bool {
	return strings.HasSuffix(i.Key, "/")
}

// IsObject tells whether the entry of a listing is one whose bytes can be read.
func (i Info) IsObject() bool { return !i.IsPlace() && i.Irregular == "" }

// Depth says how far a listing goes.
type Depth int

const (
	// Deep lists every object under the prefix.
	Deep Depth = iota
	// Shallow stops at the next '/' behind the prefix: what lies beyond it is
	// one entry whose key ends in '/'.
	Shallow
)

// PutOptions goes with the bytes of a Put.
type PutOptions struct {
	// Size is the number of bytes of the body.
	Size int64
	// MD5 is the lower-case hex MD5 that the body is expected to have, or
	// empty where it is not known beforehand.
	MD5 string
	// Metadata is user metadata, kept by stores that keep any. What
	// [CheckMetadata] refuses is [ErrInvalidKey].
	Metadata map[string]string
	// Lazy lets a store that is a [Syncer] acknowledge the object before it
	// would survive a failure of the power. Sync is then asked for that, once for
	// many objects.
	Lazy bool
	// Resume lets a store that sends large objects in parts go on with those
	// that an interrupted Put of the same body left. It compares each of them with
	// the body, and sends what differs or cannot be told.
	Resume bool
	// Once tells that no later Put will resume this one, so that nothing is to be
	// left of it if it fails.
	Once bool
	// ModTime is what Info.ModTime should give, where a store can set it.
	// Zero means now.
	ModTime time.Time
	// ContentType is what a browser is told of the object, where a store keeps that.
	// Empty means bytes of no particular kind.
	ContentType string
}

// What only some stores can do is an interface of its own, which a caller finds
// by type assertion; where it is missing there is a slower way or a plain error.

// A LocalPather keeps its objects in local files.
type LocalPather interface {
	// LocalPath gives the absolute path of the file that holds an object.
	LocalPath(key string) (string, error)
}

// A Copier can make an object of one that lies in another store of its kind,
// while the bytes stay where they are.
type Copier interface {
	// CopiesFrom tells, without a request, whether the other store is one that
	// objects could be copied from.
	CopiesFrom(ctx context.Context, from Store) bool

	// CopyFrom puts under the key, whole or not at all, the bytes of an object of
	// the other store, which source describes: one that has another ETag by now
	// is [ErrCorrupted]. Metadata of the new object are those of opts alone. Its
	// bytes are those that the other store has, which nobody compares with
	// opts.MD5. Where the two stores cannot do this or refuse to, it is
	// [errors.ErrUnsupported], and the caller may yet move the bytes by Get and
	// Put.
	CopyFrom(ctx context.Context, key string, from Store, source Info, opts PutOptions) (Info, error)
}

// A KeyChecker lies on something that may not hold every key, or not tell two from
// each other.
type KeyChecker interface {
	// CheckKeys tells whether objects of these keys could lie here side by side.
	// A key that could not is [ErrInvalidKey]. It may try, and leaves nothing behind.
	CheckKeys(ctx context.Context, keys []string) error
}

// A DirMaker has directories that exist by themselves, empty ones included.
type DirMaker interface {
	// MakeDir makes the directory and those above it. If exclusive is set and
	// the directory is there already, then it is [ErrExists].
	MakeDir(ctx context.Context, dir string, exclusive bool) error

	// LinkDir makes a directory that is a symbolic link to another, given by
	// its absolute path outside the store.
	LinkDir(ctx context.Context, dir, target string) error

	// RemoveDir removes a directory and all below it, but follows no link. One that is
	// not there is no error.
	RemoveDir(ctx context.Context, dir string) error

	// CheckRemoval is the error with which RemoveDir would end, half of its work done,
	// as far as that can be told beforehand: [ErrForbidden] where a right is missing.
	CheckRemoval(ctx context.Context, dir string) error
}

// A Syncer can take long to make an object survive a failure of the power, and
// less long for many at once.
type Syncer interface {
	// Sync returns when all that was put before survives a failure of the power.
	Sync(ctx context.Context) error
}

// A Sweeper can be left with traces of interrupted Puts, none of them visible
// under a key.
type Sweeper interface {
	// Sweep removes the traces of writers that are no more. What others are
	// about to write is left alone.
	Sweep(ctx context.Context) error
}

// A Forgetter can be left with parts of interrupted Puts that no listing shows.
type Forgetter interface {
	// Forget removes the parts of all unfinished Puts of keys that begin with the
	// prefix. One that is under way fails.
	Forget(ctx context.Context, prefix string) error
}

// A Versioner may keep what is deleted or replaced, out of sight and of the reach of
// this package.
type Versioner interface {
	// KeepsVersions tells whether it does. Many who may delete may not ask.
	KeepsVersions(ctx context.Context) (bool, error)
}

// MaxExpiry is the longest time for which a [Signer] signs.
const MaxExpiry = 7 * 24 * time.Hour

// A Signer gives URLs that let whoever has them do one thing without credentials
// until they expire. It makes no request for that, and so cannot tell whether the
// thing will work. Such a URL is a secret.
type Signer interface {
	// SignGet gives a URL under which an object can be got.
	SignGet(ctx context.Context, key string, expires time.Duration) (string, error)

	// SignPut gives a request that puts under the key a body of the size, MD5,
	// metadata and content type of opts, and nothing else.
	SignPut(ctx context.Context, key string, opts PutOptions, expires time.Duration) (SignedPut, error)
}

// A SignedPut is a request of the method PUT that needs no credentials.
type SignedPut struct {
	URL    string
	Header map[string]string // all of which is to be sent with it, and nothing that contradicts it
}

// A Publisher can let everybody read single objects, over HTTP and without
// credentials.
type Publisher interface {
	// PublicURL gives the URL under which an object can be read by those who may,
	// or one that the URLs of several objects begin with.
	PublicURL(key string) string

	// SetPublic lets everybody read an object, or only those with a right of their
	// own. It is [ErrNoACLs] where the store does not decide that object by object.
	// That it was done is no proof that everybody can read it: a rule of the bucket
	// or of the account may stand above.
	SetPublic(ctx context.Context, key string, public bool) error
}

// A PolicyKeeper has a document that says who may do what with its objects, in AWS's
// language for policies: JSON whose resources are named arn:aws:s3:::BUCKET/KEY, whatever
// the store.
type PolicyKeeper interface {
	// Policy gives that document, or [ErrNotFound] where there is none.
	Policy(ctx context.Context) ([]byte, error)

	// SetPolicy replaces it. An empty one removes it. It is asked for once and not
	// again, whatever the failure, since others may have written another one
	// meanwhile: whoever goes on after a failure has to look first.
	SetPolicy(ctx context.Context, policy []byte) error
}
