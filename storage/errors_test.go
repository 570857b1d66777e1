package storage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/storage"
)

func TestErrorsRepeatKeysInPart(t *testing.T) {
	cause := errors.New("file name too long")
	for key, want := range map[string]string{
		"":                        "open DIR: file name too long",
		"data/a b":                "open DIR, key data/a b: file name too long",
		"a\x1b":                   `open DIR, key "a\x1b": file name too long`,
		strings.Repeat("y", 4096): "open DIR, key " + strings.Repeat("y", 4096) + ": file name too long",
		strings.Repeat("y", 4097): `open DIR, key "` + strings.Repeat("y", 4096) + `"...: file name too long`,
	} {
		if got := (&storage.Error{Op: "open", Store: "DIR", Key: key, Err: cause}).Error(); got != want {
			t.Errorf("of a key of %d bytes: %q", len(key), got)
		}
	}
}
