package dtool

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dtool-go/dtool/internal/pyjson"
)

// The versions that this program writes into what it makes. The first is that
// of the Python library whose documents these are to the letter; readers of S3
// datasets parse the second and take handles as base64 only from 0.14.0 on.
const (
	coreVersion         = "3.20.0"
	diskBrokerVersion   = coreVersion
	objectBrokerVersion = "0.15.0"
)

// The types that administrative metadata tells apart.
const (
	typeProto  = "protodataset"
	typeFrozen = "dataset"
)

// admin is the administrative metadata of a dataset: a JSON object whose fields,
// unknown ones included, and their order are kept (docs/format.md, section 2).
type admin struct{ fields *pyjson.Object }

func newAdmin(uuid, name, creator string, created time.Time) admin {
	return admin{pyjson.NewObject(
		"uuid", uuid,
		"dtoolcore_version", coreVersion,
		"name", name,
		"type", typeProto,
		"creator_username", creator,
		"created_at", pyjson.Float(unixSeconds(created)),
	)}
}

// parseAdmin reads the dtool document, or, where its body is none, the user
// metadata that goes with it.
func parseAdmin(body []byte, metadata map[string]string) (admin, error) {
	v, err := pyjson.Parse(body)
	if fields, ok := v.(*pyjson.Object); err == nil && ok {
		return checkedAdmin(admin{fields})
	}
	if metadata["uuid"] != "" {
		return adminFromMetadata(metadata)
	}
	if err == nil {
		err = fmt.Errorf("a JSON object is expected")
	}
	return admin{}, fmt.Errorf("%w: administrative metadata: %w", ErrBadDocument, err)
}

// adminFromMetadata turns what dtool-s3 before 0.4.0 wrote into user metadata alone
// into the document that later versions write.
func adminFromMetadata(metadata map[string]string) (admin, error) {
	order := adminFields()
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	fields := pyjson.NewObject()
	for _, name := range order {
		text, ok := metadata[name]
		if !ok {
			continue
		}
		seconds, err := strconv.ParseFloat(text, 64)
		if (name == "created_at" || name == "frozen_at") && err == nil {
			fields.Set(name, pyjson.Float(seconds))
		} else {
			fields.Set(name, text)
		}
	}
	return checkedAdmin(admin{fields})
}

func checkedAdmin(a admin) (admin, error) {
	if kind := a.text("type"); kind != typeProto && kind != typeFrozen {
		return admin{}, fmt.Errorf("%w: administrative metadata: type is %s", ErrBadDocument, quoted(kind))
	}
	if !uuidPattern.MatchString(a.text("uuid")) {
		return admin{}, fmt.Errorf("%w: administrative metadata: uuid is %s", ErrBadDocument, quoted(a.text("uuid")))
	}
	return a, nil
}

func (a admin) text(name string) string {
	v, _ := a.fields.Get(name)
	text, _ := v.(string)
	return text
}

// seconds gives a time in Unix seconds. Old copies hold it as a string.
func (a admin) seconds(name string) (float64, bool) {
	v, _ := a.fields.Get(name)
	var seconds float64
	var err error
	switch v := v.(type) {
	case pyjson.Number:
		seconds, err = v.Float64()
	case string:
		seconds, err = strconv.ParseFloat(v, 64)
	default:
		return 0, false
	}
	return seconds, err == nil && math.Abs(seconds) <= lastSecond
}

func (a admin) frozen() bool { return a.text("type") == typeFrozen }

// with gives a copy in which one field has another value.
func (a admin) with(name string, value pyjson.Value) admin {
	fields := pyjson.NewObject()
	for n, v := range a.fields.All() {
		fields.Set(n, v)
	}
	fields.Set(name, value)
	return admin{fields}
}

// unfinished gives the metadata that a dataset has while somebody makes it as a
// whole: a proto dataset that was frozen already. So nobody takes what has
// arrived of it for all of it, see [ErrUnfinished]. A time that an old dataset
// lacks becomes that of now.
func (a admin) unfinished(now time.Time) admin {
	seconds, ok := a.seconds("frozen_at")
	if !ok {
		seconds = unixSeconds(now)
	}
	return a.with("type", typeProto).with("frozen_at", pyjson.Float(seconds))
}

func (a admin) isUnfinished() bool {
	_, frozenOnce := a.fields.Get("frozen_at")
	return !a.frozen() && frozenOnce
}

// madeWith tells whether the metadata can be those of a copy: every copy has the time
// at which the dataset was made, if any is recorded.
func (a admin) madeWith(other admin) bool {
	here, known := a.seconds("created_at")
	there, knownThere := other.seconds("created_at")
	return known == knownThere && here == there
}

func (a admin) document() []byte { return pyjson.Line(a.fields) }

// adminFields are the fields of the format, in the order in which they are written.
func adminFields() []string {
	return []string{"uuid", "dtoolcore_version", "name", "type", "creator_username", "created_at", "frozen_at"}
}

// metadata gives the format's fields as user metadata of an object, which is
// ASCII: other characters become "?". The body has them exactly, and whatever
// fields there are besides.
func (a admin) metadata() map[string]string {
	metadata := map[string]string{}
	for _, name := range adminFields() {
		if value, ok := a.fields.Get(name); ok {
			metadata[name] = asciiText(pyjson.Str(value))
		}
	}
	return metadata
}

func asciiText(text string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
}

// lastSecond is the end of the year 9999, after which no time is meant as one.
const lastSecond = 253402300799

// unixSeconds gives a time as the format keeps it: Unix seconds, with six
// decimals at most.
func unixSeconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// fromUnixSeconds is its inverse, to the microsecond. Times that no clock shows
// become the last that one could show, or the first.
func fromUnixSeconds(seconds float64) time.Time {
	seconds = max(-lastSecond, min(seconds, lastSecond))
	return time.UnixMicro(int64(math.Round(seconds * 1e6)))
}
