package cli

import (
	"strings"
	"testing"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
)

// TestNothingInADeliveryIsRun looks at the lines of the script for a dataset whose maker
// wished whoever delivers it ill.
func TestNothingInADeliveryIsRun(t *testing.T) {
	const evil = "x\ntouch hacked\r\n'; touch hacked; '\x1b[2J$(touch hacked)`touch hacked`"
	script := deliveryScript(&dtool.Delivery{Name: evil, URI: "s3://plants/" + evil, Items: []dtool.SignedItem{{
		Item:   dtool.Item{Relpath: "it's $(touch hacked)\x1b[2J"},
		URL:    "http://127.0.0.1:1/?'; touch hacked; '",
		Header: map[string]string{"Content-Length": "0", "X-Amz-Meta-Handle": "'; touch hacked; '"},
	}}})
	_, lines, _ := strings.Cut(script, "#!/bin/sh\n")
	for line := range strings.Lines(lines) {
		comment := strings.HasPrefix(line, "#") && !strings.ContainsAny(line, "\r\x1b")
		if strings.Contains(line, "hacked") && !comment && line !=
			`put 1 0 'it'\''s $(touch hacked)`+"\x1b"+`[2J' 'it'\''s $(touch hacked)\x1b[2J' 'http://127.0.0.1:1/?'\''; touch hacked; '\''' 'X-Amz-Meta-Handle: '\''; touch hacked; '\'''`+"\n" {
			t.Errorf("the script has the line %q", line)
		}
	}
}

// TestSignaturesAreInNoLog has all said that can be.
func TestSignaturesAreInNoLog(t *testing.T) {
	d := newDesk(t, s3test.StartOwn(t))
	for _, args := range [][]string{{"sign", d.there}, {"sign", "--json", d.there}, {"sign", "--upload", d.source, "s3://roots"}} {
		o := d.dtool(append([]string{"--debug"}, args...)...)
		if o.code != 0 || !strings.Contains(o.stdout, "X-Amz-Signature=") {
			t.Errorf("dtool %q: exit code %d: %s", args, o.code, o.stderr)
		}
		if strings.Contains(o.stderr, "X-Amz-Signature") || !strings.Contains(o.stderr, "PutObject") && !strings.Contains(o.stderr, "GetObject") {
			t.Errorf("dtool %q says %s", args, o.stderr)
		}
	}
}
