package policy

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// A Statement allows something.
type Statement struct {
	Sid        string   // by which it is found again; letters and digits
	Principals []string // whom: users as the store names them, or "*" for everybody; none in a policy of a user
	Actions    []string
	Resources  []string // see [Bucket], [Objects] and [ObjectsBelow]
}

// Everybody is the principal that stands for all, those without credentials
// included.
const Everybody = "*"

// UserName stands in a prefix for the name of whoever asks, in a policy of users.
const UserName = "${aws:username}"

// Bucket names a bucket as a resource.
func Bucket(bucket string) string { return "arn:aws:s3:::" + bucket }

// Object names an object as a resource.
func Object(bucket, key string) string { return Bucket(bucket) + "/" + literal(key) }

// ObjectsBelow names as a resource all objects whose keys begin with a prefix.
func ObjectsBelow(bucket, prefix string) string { return Object(bucket, prefix) + "*" }

// literal escapes what would stand for other characters, as the language has it
// since [Version]. [UserName] stays.
func literal(key string) string {
	return strings.NewReplacer(UserName, UserName, "*", "${*}", "?", "${?}", "$", "${$}").Replace(key)
}

// Public allows everybody to read what the resources name, and nobody to list it.
func Public(sid string, resources ...string) Statement {
	return Statement{Sid: sid, Principals: []string{Everybody}, Actions: []string{"s3:GetObject"}, Resources: resources}
}

// text gives the statement as it stands in a document.
func (s Statement) text() json.RawMessage {
	type statement struct {
		Sid       string   `json:",omitempty"`
		Effect    string   //
		Principal any      `json:",omitempty"`
		Action    []string //
		Resource  []string
	}
	return marshal(statement{s.Sid, "Allow", s.principal(), s.Actions, s.Resources})
}

func (s Statement) principal() any {
	switch {
	case len(s.Principals) == 0:
		return nil
	case slices.Contains(s.Principals, Everybody):
		return Everybody
	}
	return map[string][]string{"AWS": s.Principals}
}

// marshal writes plain values, indented for their place in a document.
func marshal(value any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("    ", "  ")
	if err := enc.Encode(value); err != nil {
		panic("policy: " + err.Error()) // of strings and lists, which all are JSON
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

func quoted(text string) json.RawMessage { return marshal(text) }

// saysTheSame compares two statements as a store may give them back: with a list of
// one text as that text, and lists in another order.
func saysTheSame(a, b json.RawMessage) bool {
	return reflect.DeepEqual(meaning(a), meaning(b))
}

func meaning(text json.RawMessage) any {
	var value any
	if json.Unmarshal(text, &value) != nil {
		return nil
	}
	return plain(value)
}

func plain(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name := range value {
			value[name] = plain(value[name])
		}
		return value
	case string:
		return []string{value}
	case []any:
		return plainList(value)
	}
	return value
}

func plainList(list []any) any {
	var texts []string
	for _, v := range list {
		text, ok := v.(string)
		if !ok {
			return list
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}
