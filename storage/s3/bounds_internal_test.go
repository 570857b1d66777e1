package s3

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/storage/transport"
)

// TestLimitsOfAnswersAreDocumented holds the rows on S3 of docs/format.md, section 7,
// and the code together.
func TestLimitsOfAnswersAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/format.md")
	if err != nil {
		t.Fatal(err)
	}
	const kib = 1024.0 // so that nothing is rounded
	want := []string{
		fmt.Sprintf("| S3: headers of an answer | %v KiB |", transport.MaxHeader/kib),
		fmt.Sprintf("| S3: answer, but for the bytes of an object | %v MiB |", maxAnswer/(kib*kib)),
		fmt.Sprintf("| S3: tags in such an answer | %d |", maxTags),
		fmt.Sprintf("| S3: answer that tells of a failure; what comes after is left out | %v KiB |", maxRefusal/kib),
		fmt.Sprintf("| S3: keys in a listing | %d |", maxListed),
		fmt.Sprintf("| S3: bytes of the keys in a listing | %v GiB |", maxListedBytes/(kib*kib*kib)),
		fmt.Sprintf("| S3: pages without a key in a row | %d |", maxEmptyPages),
	}
	got := regexp.MustCompile(`(?m)^\| S3: .*$`).FindAllString(string(text), -1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the code and the table (-code +table):\n%s", diff)
	}
}
