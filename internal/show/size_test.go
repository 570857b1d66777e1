package show_test

import (
	"math"
	"testing"

	"github.com/dtool-go/dtool/internal/show"
)

func TestSizesHaveOneDecimalAndABinaryUnit(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "   0.0B  ", 1: "   1.0B  ", 1023: "1023.0B  ", 1024: "   1.0KiB", 1536 << 10: "   1.5MiB", 5 << 30: "   5.0GiB", math.MaxInt64: "   8.0EiB",
	} {
		if got := show.PaddedSize(bytes); got != want {
			t.Errorf("%d bytes are %q in a column, want %q", bytes, got, want)
		}
	}
	if got := show.Size(1536 << 10); got != "1.5MiB" {
		t.Errorf("got %q", got)
	}
}
