package dtool_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtool-go/dtool"
	"github.com/dtool-go/dtool/internal/s3test"
)

// The Python tools name no content type, so that S3 gives its own. Readers over HTTP
// see it.
func TestObjectsHaveTheContentTypeOfThePythonTools(t *testing.T) {
	at := bucketOn(t, s3test.Start(t))
	client := clientFor(t, at)
	p, err := client.Create(t.Context(), "typed", at.uri, dtool.CreateOptions{})
	must(t, err)
	at.removeAfter(t, p.UUID())
	dir := files(t, map[string]string{"small.txt": "small"})
	const sentInParts = 17 << 20
	must(t, os.WriteFile(filepath.Join(dir, "large.png"), make([]byte, sentInParts), 0o644))
	must(t, p.Add(t.Context(), []dtool.Source{{Path: dir}}, dtool.AddOptions{}))
	_, err = p.Freeze(t.Context(), dtool.FreezeOptions{})
	must(t, err)
	for _, key := range append(at.keys(t, at.root(t, p.UUID())), "dtool-"+p.UUID()) {
		o := at.server.Object(t, at.bucket, key)
		if o.ContentType != "binary/octet-stream" {
			t.Errorf("%s has the content type %s", key, o.ContentType)
		}
		if strings.Contains(key, "/data/") && o.Metadata["checksum"] != md5Of(o.Body) {
			t.Errorf("%s has the checksum %s, want %s", key, o.Metadata["checksum"], md5Of(o.Body))
		}
	}
}
