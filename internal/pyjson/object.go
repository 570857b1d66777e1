package pyjson

import (
	"fmt"
	"iter"
	"slices"
)

// An Object maps keys to values and keeps the keys in the order in which they
// first came, as a Python dict does. The zero Object is empty and ready to use.
type Object struct {
	members []member
	// places gives the place of each key among the members. It is nil while
	// they are so few that looking through them is as fast: a manifest has many
	// thousands of small objects.
	places map[string]int
}

type member struct {
	key   string
	value Value
}

// fewMembers is the most members that are looked through one by one.
const fewMembers = 16

// NewObject makes an object of keys, each followed by its value. It panics where
// a key is not a string or has no value.
func NewObject(pairs ...any) *Object {
	if len(pairs)%2 != 0 {
		panic(fmt.Sprintf("pyjson: the key %v has no value", pairs[len(pairs)-1]))
	}
	o := &Object{}
	for pair := range slices.Chunk(pairs, 2) {
		o.Set(pair[0].(string), pair[1])
	}
	return o
}

// Len gives the number of keys.
func (o *Object) Len() int {
	return len(o.members)
}

// Get gives the value of a key, and whether there is one.
func (o *Object) Get(key string) (Value, bool) {
	place, ok := o.find(key)
	if !ok {
		return nil, false
	}
	return o.members[place].value, true
}

// Set gives a key its value. A new key goes to the end, an old one stays where
// it is.
func (o *Object) Set(key string, value Value) {
	if place, ok := o.find(key); ok {
		o.members[place].value = value
		return
	}
	o.members = append(o.members, member{key, value})
	switch {
	case o.places != nil:
		o.places[key] = len(o.members) - 1
	case len(o.members) > fewMembers:
		o.index()
	}
}

// Delete removes a key. It takes time in proportion to the number of keys.
func (o *Object) Delete(key string) {
	place, ok := o.find(key)
	if !ok {
		return
	}
	o.members = slices.Delete(o.members, place, place+1)
	if o.places != nil {
		o.index()
	}
}

// All gives the keys and values in order. The object must not gain or lose keys
// meanwhile.
func (o *Object) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, m := range o.members {
			if !yield(m.key, m.value) {
				return
			}
		}
	}
}

func (o *Object) find(key string) (int, bool) {
	if o.places != nil {
		place, ok := o.places[key]
		return place, ok
	}
	for place := range o.members {
		if o.members[place].key == key {
			return place, true
		}
	}
	return 0, false
}

func (o *Object) index() {
	o.places = make(map[string]int, len(o.members))
	for place, m := range o.members {
		o.places[m.key] = place
	}
}
