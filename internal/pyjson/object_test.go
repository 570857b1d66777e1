package pyjson_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/dtool-go/dtool/internal/pyjson"
	"pgregory.net/rapid"
)

func TestNewObjectPanicsOnAKeyWithoutValue(t *testing.T) {
	defer func() {
		if got, want := recover(), "pyjson: the key b has no value"; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}()
	pyjson.NewObject(append([]any{"a", nil}, "b")...)
}

// An object behaves as a map beside a list of its keys, however many there are.
func TestObjectKeepsTheOrderOfItsKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			object pyjson.Object
			order  []string
			values = map[string]pyjson.Value{}
		)
		key := rapid.Map(rapid.IntRange(0, 40), strconv.Itoa)
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				k, v := key.Draw(t, "key"), pyjson.Int(rapid.Int64().Draw(t, "value"))
				object.Set(k, v)
				if _, ok := values[k]; !ok {
					order = append(order, k)
				}
				values[k] = v
			},
			"delete": func(t *rapid.T) {
				k := key.Draw(t, "key")
				object.Delete(k)
				delete(values, k)
				order = slices.DeleteFunc(order, func(other string) bool { return other == k })
			},
			"get": func(t *rapid.T) {
				k := key.Draw(t, "key")
				got, ok := object.Get(k)
				want, wantOK := values[k]
				if got != want || ok != wantOK {
					t.Fatalf("%s: got %v, %v, want %v, %v", k, got, ok, want, wantOK)
				}
			},
			"": func(t *rapid.T) {
				var keys []string
				for k, v := range object.All() {
					keys = append(keys, k)
					if v != values[k] {
						t.Fatalf("%s: got %v, want %v", k, v, values[k])
					}
				}
				if !slices.Equal(keys, order) || object.Len() != len(order) {
					t.Fatalf("got %d keys %v, want %v", object.Len(), keys, order)
				}
			},
		})
	})
}

func TestIterationCanStop(t *testing.T) {
	for key := range pyjson.NewObject("a", nil, "b", nil).All() {
		if key != "a" {
			t.Errorf("went on to %s", key)
		}
		break
	}
}
