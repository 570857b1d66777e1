package model

import (
	"path"
	"slices"

	"github.com/dtool-go/dtool"
)

// A cell is a value that may be one of several, since what failed may have been done
// or not. What was looked at is one.
type cell []string

// absent is the value of what is not there.
const absent = "\x00"

// may tells whether the cell can hold the value. One of which nothing is known holds
// nothing.
func (c cell) may(value string) bool {
	return slices.Contains(c, value) || len(c) == 0 && value == absent
}

// after gives the cell when a value was written to it, or perhaps not.
func (c cell) after(value string, err error) cell {
	if err == nil {
		return cell{value}
	}
	if len(c) == 0 {
		c = cell{absent}
	}
	return append(slices.Clone(c), value)
}

// now gives the value of a cell that was looked at.
func (c cell) now() string {
	if len(c) == 0 {
		return absent
	}
	return c[0]
}

// The stages of a dataset at a place. A begun copy may not be a dataset yet, and a
// place where nothing was left is one, too.
const (
	proto  = "a proto dataset"
	begun  = "a begun copy"
	frozen = "frozen"
)

// A set is what all copies of a dataset share.
type set struct {
	uuid string
	// The rest is known once it is frozen.
	items    map[string]string // contents by relpath
	manifest string            // the document
	frozenAt float64
	readmes  map[string]bool // all that were written anywhere
}

// A replica is a dataset at one place, and what is known of it.
type replica struct {
	*set
	uri   string
	base  *Base
	stage cell
	name  cell
	docs  map[string]cell // README, tags, annotations, overlays, fragments of metadata
	// added is the contents of a proto dataset by relpath.
	added map[string]cell
	// replaced is the READMEs that the history must hold.
	replaced map[string]bool
}

func newReplica(base *Base, uri, name, stage string, s *set) *replica {
	return &replica{
		set: s, uri: uri, base: base, stage: cell{stage}, name: cell{name},
		docs: map[string]cell{readmeDoc(): {""}}, added: map[string]cell{}, replaced: map[string]bool{},
	}
}

func newSet(uuid string) *set {
	return &set{uuid: uuid, readmes: map[string]bool{"": true}}
}

// root is what the keys of the dataset begin with in the store of its base.
func (r *replica) root() string { return path.Base(r.uri) + "/" }

func (r *replica) itemKey(relpath string) string {
	if r.base.Directory {
		return r.root() + "data/" + relpath
	}
	return r.root() + "data/" + dtool.Identifier(relpath)
}

// document is the key of a document that is beside the administrative metadata.
func (r *replica) document(name string) string {
	if r.base.Directory {
		return r.root() + ".dtool/" + name
	}
	return r.root() + name
}

func (r *replica) fragments() string {
	if r.base.Directory {
		return r.document("tmp_fragments/")
	}
	return r.document("fragments/")
}

// uriIn is where a copy of a dataset of that name lies in a base.
func (r *replica) uriIn(base *Base, name string) string {
	if base.Directory {
		return base.URI + "/" + name
	}
	return base.URI + "/" + r.uuid
}

// in gives the datasets that are in one of the stages for certain.
func (w *World) in(stages ...string) []*replica {
	var found []*replica
	for _, r := range w.replicas {
		if len(r.stage) == 1 && slices.Contains(stages, r.stage[0]) {
			found = append(found, r)
		}
	}
	return found
}

// withItems gives the frozen datasets that are not empty.
func (w *World) withItems() []*replica {
	return slices.DeleteFunc(w.in(frozen), func(r *replica) bool { return len(r.items) == 0 })
}

func (w *World) at(uri string) *replica {
	for _, r := range w.replicas {
		if r.uri == uri {
			return r
		}
	}
	return nil
}
