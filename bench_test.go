package dtool_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtool-go/dtool"
)

// Benchmarks move a thousand items of 8 KiB. How the program does against
// others on a real server is another matter.
const (
	benchItems = 1000
	benchSize  = 8 << 10
)

// benchDataset makes a frozen dataset in a directory.
func benchDataset(b *testing.B) *dtool.Dataset {
	b.Helper()
	client, _ := exampleClient()
	dir, base := b.TempDir(), b.TempDir()
	for i := range benchItems {
		name := filepath.Join(dir, fmt.Sprintf("item-%04d", i))
		if err := os.WriteFile(name, []byte(strings.Repeat("ACGT", benchSize/4)), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	d, err := client.CreateFrom(b.Context(), dir, "bench", base, dtool.CreateFromOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(benchItems * benchSize)
	return d
}

func BenchmarkVerify(b *testing.B) {
	d := benchDataset(b)
	for b.Loop() {
		report, err := d.Verify(b.Context(), dtool.VerifyOptions{Full: true})
		if err != nil || !report.Good() {
			b.Fatalf("%+v, %v", report, err)
		}
	}
}

func BenchmarkCopyToDirectory(b *testing.B) {
	d := benchDataset(b)
	client, _ := exampleClient()
	for b.Loop() {
		if _, err := client.Copy(b.Context(), d, b.TempDir(), dtool.CopyOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCopyToMemory(b *testing.B) {
	d := benchDataset(b)
	for b.Loop() {
		client, base := exampleClient() // with an empty bucket each time
		if _, err := client.Copy(b.Context(), d, base, dtool.CopyOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
