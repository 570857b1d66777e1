package s3_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/internal/s3test"
	"github.com/dtool-go/dtool/storage"
)

const mib = 1 << 20

// An earlier upload is what a test has left for a key, by a client of another make.
type earlier struct {
	key   string
	parts map[int32][]byte
}

func (e earlier) leave(t *testing.T, server *s3test.Server, bucket string) {
	t.Helper()
	client := server.Client()
	begun, err := client.CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: &bucket, Key: &e.key})
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range slices.Sorted(maps.Keys(e.parts)) {
		_, err := client.UploadPart(t.Context(), &awss3.UploadPartInput{
			Bucket: &bucket, Key: &e.key, UploadId: begun.UploadId, PartNumber: aws.Int32(number), Body: bytes.NewReader(e.parts[number]),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// someParts gives parts of content by their numbers.
func someParts(content []byte, size int, numbers ...int32) map[int32][]byte {
	some := map[int32][]byte{}
	for _, n := range numbers {
		from := int(n-1) * size
		some[n] = content[from:min(from+size, len(content))]
	}
	return some
}

// TestResumeSendsWhatIsMissing counts, at a real server, what a Put asks that
// finds parts of 5 MiB there.
func TestResumeSendsWhatIsMissing(t *testing.T) {
	isolate(t)
	server := s3test.StartOwn(t)
	long := bytes.Repeat([]byte("0123456789abcdef"), 49*mib/16)
	for i := range long {
		long[i] += byte(i / mib)
	}
	short := long[:11*mib]
	other := bytes.Clone(short)
	other[6*mib]++
	anew := func(parts int, more ...string) map[string]int {
		want := map[string]int{"ListMultipartUploads": 1, "CreateMultipartUpload": 1, "UploadPart": parts, "CompleteMultipartUpload": 1}
		for _, op := range more {
			want[op]++
		}
		return want
	}
	resumed := func(parts int) map[string]int {
		want := map[string]int{"ListMultipartUploads": 1, "ListParts": 1, "UploadPart": parts, "CompleteMultipartUpload": 1, "HeadObject": 1}
		maps.DeleteFunc(want, func(_ string, n int) bool { return n == 0 })
		return want
	}
	for name, test := range map[string]struct {
		left    []earlier
		content []byte
		want    map[string]int
	}{
		"nothing is left":              {nil, short, anew(3)},
		"six of ten parts":             {[]earlier{{"key", someParts(long, 5*mib, 1, 2, 3, 5, 8, 10)}}, long, resumed(4)},
		"all parts":                    {[]earlier{{"key", someParts(short, 5*mib, 1, 2, 3)}}, short, resumed(0)},
		"a part of other bytes":        {[]earlier{{"key", someParts(other, 5*mib, 1, 2, 3)}}, short, resumed(1)},
		"no part":                      {[]earlier{{"key", nil}}, short, resumed(3)},
		"larger parts":                 {[]earlier{{"key", someParts(short, 6*mib, 1)}}, short, anew(3, "ListParts")},
		"too many parts":               {[]earlier{{"key", someParts(long, 5*mib, 1, 2, 3, 4)}}, short, anew(3, "ListParts")},
		"of a key that begins so":      {[]earlier{{"key2", someParts(short, 5*mib, 1, 2, 3)}}, short, anew(3)},
		"the one begun last is chosen": {[]earlier{{"key", someParts(short, 5*mib, 1, 2, 3)}, {"key", someParts(short, 5*mib, 1)}}, short, resumed(2)},
	} {
		t.Run(name, func(t *testing.T) {
			bucket := server.NewBucket(t)
			for _, e := range test.left {
				e.leave(t, server, bucket)
			}
			opts := storage.PutOptions{Size: int64(len(test.content)), Resume: true}
			got := server.Count(t, func() {
				if _, err := openAt(t, server, bucket).Put(t.Context(), "key", bytes.NewReader(test.content), opts); err != nil {
					t.Error(err)
				}
			})
			if !maps.Equal(got, test.want) {
				t.Errorf("it takes %v, want %v", got, test.want)
			}
			if !bytes.Equal(server.Object(t, bucket, "key").Body, test.content) {
				t.Error("the object has other bytes")
			}
		})
	}
}

// TestPutThatDoesNotResumeLooksForNothing has parts there that it could use.
func TestPutThatDoesNotResumeLooksForNothing(t *testing.T) {
	u := newUploads(t)
	if _, err := putLarge(t.Context(), u.store(), strings.NewReader(large)); err != nil || u.count("look") != 0 {
		t.Errorf("got %v, after %v", err, u.did)
	}
}

// listedPart is a part in a listing.
func listedPart(number int, content string) string {
	sum := md5.Sum([]byte(content))
	return listedPartAs(number, len(content), hex.EncodeToString(sum[:]))
}

func listedPartAs(number, size int, etag string) string {
	return fmt.Sprintf(`<Part><PartNumber>%d</PartNumber><Size>%d</Size><ETag>%q</ETag></Part>`, number, size, etag)
}

func listedParts(elements ...string) http.HandlerFunc {
	return answer(200, "<ListPartsResult>"+strings.Join(elements, "")+"</ListPartsResult>")
}

func leftUploads(elements ...string) http.HandlerFunc {
	return answer(200, "<ListMultipartUploadsResult>"+strings.Join(elements, "")+"</ListMultipartUploadsResult>")
}

func leftUpload(key, id, initiated string) string {
	return fmt.Sprintf("<Upload><Key>%s</Key><UploadId>%s</UploadId><Initiated>%s</Initiated></Upload>", key, id, initiated)
}

const monday, tuesday = "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"

// newLeftover is a server with the first two of three parts, that describes the
// object as it should be.
func newLeftover(t *testing.T) *uploads {
	u := newUploads(t)
	u.left = leftUploads(leftUpload("dir/key", "ID", monday))
	u.list = listedParts(listedPart(1, "01234567"), listedPart(2, "89abcdef"))
	u.head = described(len(large), `ETag: "whole-3"`, "X-Amz-Meta-Handle: ZGF0YQ==", "X-Amz-Meta-Checksum: abc")
	return u
}

func resumeLarge(t *testing.T, u *uploads, body io.Reader) (storage.Info, error) {
	t.Helper()
	return u.store().Put(t.Context(), "dir/key", body, storage.PutOptions{Size: int64(len(large)), Metadata: largeMetadata(), Resume: true})
}

func TestResumeCompletesWithThePartsOfBoth(t *testing.T) {
	u := newLeftover(t)
	var list string
	u.complete = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		list = string(body)
		answer(200, completed)(w, r)
	}
	info, err := resumeLarge(t, u, strings.NewReader(large))
	if err != nil || info.ETag != "whole-3" || info.Size != int64(len(large)) {
		t.Fatalf("got %+v, %v", info, err)
	}
	if diff := cmp.Diff([]string{"look", "list", "part", "complete", "head"}, u.did); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"3": "ghi"}, u.parts); diff != "" {
		t.Error(diff)
	}
	for _, etag := range []string{"2e9ec317e197819358fbc43afca7d837", "p3"} {
		if !strings.Contains(list, etag) {
			t.Errorf("the part %s is not in %s", etag, list)
		}
	}
}

// TestOddAnswersToALookForParts is about stores that tell nothing, or nonsense:
// parts are then sent, to a new upload where none is known to be left.
func TestOddAnswersToALookForParts(t *testing.T) {
	twoPages := func(w http.ResponseWriter, r *http.Request) {
		page := listedParts(listedPart(2, "89abcdef"), "<IsTruncated>false</IsTruncated>")
		if r.URL.Query().Get("part-number-marker") == "" {
			page = listedParts(listedPart(1, "01234567"), "<IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>")
		}
		page(w, r)
	}
	for name, test := range map[string]struct {
		left, list http.HandlerFunc // nil for the good answer
		begun      bool
		sent       int
	}{
		"may not look":             {left: refusal(403, "AccessDenied", "No."), begun: true, sent: 3},
		"cannot look":              {left: refusal(501, "NotImplemented", "No."), begun: true, sent: 3},
		"looks into a page":        {left: page(200), begun: true, sent: 3},
		"looks into nothing":       {left: answer(200, ""), begun: true, sent: 3},
		"finds a bad name":         {left: leftUploads("<EncodingType>url</EncodingType>", leftUpload("%zz", "ID", monday)), begun: true, sent: 3},
		"finds an encoded name":    {left: leftUploads("<EncodingType>url</EncodingType>", leftUpload("dir%2Fkey", "ID", monday)), sent: 1},
		"finds other keys":         {left: leftUploads(leftUpload("dir/key2", "NO", monday), leftUpload("dir", "NO", monday)), begun: true, sent: 3},
		"finds the last in front":  {left: leftUploads(leftUpload("dir/key", "ID", tuesday), leftUpload("dir/key", "NO", monday)), sent: 1},
		"may not list":             {list: refusal(403, "AccessDenied", "No."), begun: true, sent: 3},
		"the upload vanishes":      {list: refusal(404, "NoSuchUpload", "Gone."), begun: true, sent: 3},
		"lists a page":             {list: page(200), begun: true, sent: 3},
		"lists without end":        {list: listedParts(listedPart(1, "01234567"), "<IsTruncated>true</IsTruncated>"), begun: true, sent: 3},
		"lists two pages":          {list: twoPages, sent: 1},
		"a part of number 0":       {list: listedParts(listedPart(0, "01234567")), begun: true, sent: 3},
		"a part beyond the end":    {list: listedParts(listedPartAs(4, -5, "x")), begun: true, sent: 3},
		"a part of another size":   {list: listedParts(listedPart(1, "0123456")), begun: true, sent: 3},
		"the last of another size": {list: listedParts(listedPart(1, "01234567"), listedPart(3, "ghij")), begun: true, sent: 3},
		"ETags that are no MD5":    {list: listedParts(listedPartAs(1, 8, "CRC64-1"), listedPartAs(2, 8, "00000000000000000000000000000000")), sent: 3},
		"parts without ETag":       {list: listedParts(listedPartAs(1, 8, "")), sent: 3},
	} {
		t.Run(name, func(t *testing.T) {
			u := newLeftover(t)
			if test.left != nil {
				u.left = test.left
			}
			if test.list != nil {
				u.list = test.list
			}
			if _, err := resumeLarge(t, u, strings.NewReader(large)); err != nil {
				t.Fatal(err)
			}
			if begun := u.count("begin") == 1; begun != test.begun || u.count("part") != test.sent {
				t.Errorf("after %v", u.did)
			}
			if u.count("abort") != 0 {
				t.Error("an upload that may be another process's was aborted")
			}
		})
	}
}
