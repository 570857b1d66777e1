package s3

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// TestAnswersAreBounded has each bound of an answer kept to the byte, however the
// bytes arrive.
func TestAnswersAreBounded(t *testing.T) {
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Second)
	for name, test := range map[string]struct {
		body boundedBody
		got  string
		fail string // empty where the answer ends as it should
	}{
		"as long as may be":     {boundedBody{bytes: 10, tags: 9, until: soon}, "0123456789", ""},
		"a byte too long":       {boundedBody{bytes: 9, tags: 9, until: soon}, "012345678", "more than 8388608 bytes"},
		"as many tags":          {boundedBody{bytes: 99, tags: 2, until: soon}, "<a></a>", ""},
		"a tag too many":        {boundedBody{bytes: 99, tags: 1, until: soon}, "<a></a>", "more than 131072 tags"},
		"slow":                  {boundedBody{bytes: 99, tags: 1, until: past}, "slow", "takes too long"},
		"a long refusal is cut": {boundedBody{bytes: 9, tags: 9, until: soon, refusal: true}, "012345678", ""},
	} {
		text := "0123456789"
		if !strings.HasPrefix(text, test.got) {
			text = test.got
		}
		for kind, r := range map[string]io.Reader{
			"at once": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text)),
		} {
			body := test.body
			body.ReadCloser = io.NopCloser(r)
			got, err := io.ReadAll(&body)
			_, endless := errors.AsType[endlessError](err)
			switch {
			case test.fail == "" && (err != nil || string(got) != test.got):
				t.Errorf("%s, %s: got %q, %v", name, kind, got, err)
			case test.fail != "" && (!endless || !strings.Contains(err.Error(), test.fail) || !strings.HasPrefix(test.got, string(got))):
				t.Errorf("%s, %s: got %q, %v", name, kind, got, err)
			}
			if n, again := body.Read(make([]byte, 1)); n != 0 || again == nil {
				t.Errorf("%s, %s: after its end it gives %d bytes, %v", name, kind, n, again)
			}
		}
	}
}
