package storage_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/storage"
)

func TestABodyIsHeldToWhatWasPromised(t *testing.T) {
	const right, wrong = "9a0364b9e99bb480dd25e1f0284c8555", "00000000000000000000000000000000" // of "content"
	for _, c := range []struct {
		size int64
		md5  string
		good bool
	}{
		{7, "", true},
		{7, right, true},
		{7, wrong, false},
		{6, "", false},
		{8, "", false},
		{6, right, false},
		{8, right, false},
	} {
		opts := storage.PutOptions{Size: c.size, MD5: c.md5}
		for name, body := range map[string]io.Reader{
			"NewCheckedBody": storage.NewCheckedBody(strings.NewReader("content"), opts),
			"CheckBody":      storage.CheckBody(strings.NewReader("content"), opts),
		} {
			_, err := io.Copy(io.Discard, body)
			if (err == nil) != c.good || err != nil && !errors.Is(err, storage.ErrCorrupted) {
				t.Errorf("%s of %d bytes with MD5 %q: error %v, want good to be %v", name, c.size, c.md5, err, c.good)
			}
		}
	}
}
