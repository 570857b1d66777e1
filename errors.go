package dtool

import (
	"errors"
	"fmt"

	"github.com/dtool-go/dtool/storage"
)

// The failures that callers tell apart, with [errors.Is]. What a store has to
// say is wrapped beside them as a [storage.Error].
var (
	// ErrNotDataset means that there is no dataset at a URI.
	ErrNotDataset = errors.New("not a dataset")
	// ErrNotPublished means that there is none at a URL. It is an [ErrNotDataset].
	ErrNotPublished = fmt.Errorf("%w that is published", ErrNotDataset)
	// ErrNotFrozen means that a frozen dataset is wanted where there is a proto
	// dataset.
	ErrNotFrozen = errors.New("not frozen: a proto dataset")
	// ErrFrozen means that a proto dataset is wanted where there is a frozen dataset.
	ErrFrozen = errors.New("frozen already")
	// ErrUnfinished means that a dataset is being made as a whole, by a copy or by
	// [Client.CreateFrom], or that this was interrupted: it takes no items and
	// cannot be frozen as it is.
	ErrUnfinished = errors.New("unfinished")
	// ErrDelivery means that a dataset is one in a bucket of which items alone may be
	// missing: a [Delivery] that is not complete yet. It is an [ErrUnfinished].
	ErrDelivery = fmt.Errorf("%w: a delivery is under way", ErrUnfinished)
	// ErrExists means that something is there already where a dataset should be made.
	// It is the [storage.ErrExists] of what lies in a store.
	ErrExists = storage.ErrExists
	// ErrInvalidName means that a name breaks the rules of docs/format.md, section 1.
	ErrInvalidName = errors.New("invalid name")
	// ErrInvalidURI means that a text is no URI of a dataset or a base.
	ErrInvalidURI = errors.New("invalid URI")
	// ErrInvalidItem means that a relpath cannot be an item's.
	ErrInvalidItem = errors.New("invalid relpath")
	// ErrNoItem means that a dataset has no such item.
	ErrNoItem = errors.New("no such item")
	// ErrNoOverlay means that a dataset has no such overlay.
	ErrNoOverlay = errors.New("no such overlay")
	// ErrNoAnnotation means that a dataset has no such annotation.
	ErrNoAnnotation = errors.New("no such annotation")
	// ErrTooManyItems means that a proto dataset has more items than may be frozen.
	ErrTooManyItems = errors.New("too many items")
	// ErrNewline means that the name of an item has a newline.
	ErrNewline = errors.New("newline in the name of an item")
	// ErrRogue means that a dataset's directory holds what is no part of a dataset.
	ErrRogue = errors.New("rogue content")
	// ErrInvalidYAML means that a README is not YAML.
	ErrInvalidYAML = errors.New("invalid YAML")
	// ErrBadDocument means that a document of a dataset cannot be understood.
	ErrBadDocument = errors.New("broken document")
	// ErrBadManifest means that a frozen dataset has no manifest, or one that cannot be
	// understood. It is an [ErrBadDocument].
	ErrBadManifest = fmt.Errorf("%w: manifest", ErrBadDocument)
	// ErrCannotMerge means that reports of verifications do not add up to one.
	ErrCannotMerge = errors.New("cannot be merged")
	// ErrNoSource means that what is to be added is not there.
	ErrNoSource = errors.New("cannot be added")
	// ErrInside means that a dataset would lie in the directory that it is made
	// of, or in another dataset.
	ErrInside = errors.New("a dataset would lie inside")
	// ErrLeftBehind means that a dataset was begun, could not be finished, and
	// could not be removed.
	ErrLeftBehind = errors.New("was begun and could not be removed")
	// ErrCannotAdd means that a symlink dataset takes no items.
	ErrCannotAdd = errors.New("takes no items")
	// ErrCannotSign means that a store has no URLs that hold without credentials.
	ErrCannotSign = errors.New("cannot be signed: only a bucket has URLs that hold without credentials")
	// ErrNoDelivery means that no delivery is under way at a URI.
	ErrNoDelivery = errors.New("no delivery is under way there")
	// ErrUndeliverable means that an item cannot be stored through a URL that lets in
	// its bytes and no others.
	ErrUndeliverable = errors.New("cannot be delivered")
	// ErrCannotPublish means that a dataset lies where nobody can be let read it from
	// outside, or not in the way that was asked for.
	ErrCannotPublish = errors.New("cannot be published")
	// ErrStatement means that a dataset cannot be removed, since a statement of the bucket's
	// policy would stay that lets everybody read what gets its keys later.
	ErrStatement = errors.New("it is published by a statement of the policy of the bucket that cannot be taken out")
	// ErrPublic means that everybody can read what is to be for those alone who are given
	// a signed URL.
	ErrPublic = errors.New("everybody can read it, and could read the signed URLs")
	// ErrUnreadable means that something among the files of a dataset to be
	// cannot be read as an item.
	ErrUnreadable = errors.New("cannot be read as an item")
)

// A LeftBehindError says where something is left of a dataset that was begun. It is
// [ErrLeftBehind].
type LeftBehindError struct {
	URI string // or the name, where nobody knows more
	Err error  // why it could not be removed
}

func (e *LeftBehindError) Error() string {
	return fmt.Sprintf("%s: %v: %v", e.URI, ErrLeftBehind, e.Err)
}

// Unwrap gives the reason.
func (e *LeftBehindError) Unwrap() error { return e.Err }

// Is tells that it is ErrLeftBehind.
func (*LeftBehindError) Is(target error) bool { return target == ErrLeftBehind }

// An ItemError says which item an operation failed on.
type ItemError struct {
	Op         string // "adding", "copying", "fetching", "hashing", "opening", "publishing", "signing" or "verifying"
	Identifier string
	Relpath    string
	Err        error
}

func (e *ItemError) Error() string {
	return fmt.Sprintf("%s item %s (%s): %v", e.Op, quoted(e.Relpath), e.Identifier, e.Err)
}

// Unwrap gives the cause.
func (e *ItemError) Unwrap() error { return e.Err }
