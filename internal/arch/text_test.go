package arch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A path below one of these directories is somebody's machine and means nothing
// to a reader of the project.
var foreignPath = regexp.MustCompile(`(^|[^\w/.$)}-])/(root|work|workspace|builds|Users)/\w`)

func TestNoFileNamesAMachine(t *testing.T) {
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	walk(t, func(name string) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if found := namesMachine(string(text), checkout); found != "" {
			t.Errorf("%s names %q, which is of one machine only", name, found)
		}
	})
}

func TestMachineNamesAreFound(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"see /work" + "/notes.md", true},
		{"`/root" + "/go/bin`", true},
		{"in /srv/checkout/main", true},
		{"s3://bucket/work/notes", false},
		{"$(go env GOROOT)/src/net", false},
		{"/data/run-1", false},
	}
	for _, tt := range tests {
		if got := namesMachine(tt.text, "/srv/checkout") != ""; got != tt.want {
			t.Errorf("%q: found %v, want %v", tt.text, got, tt.want)
		}
	}
}

// namesMachine gives the path of one machine that a text names, or nothing.
func namesMachine(text, checkout string) string {
	if strings.Contains(text, checkout) {
		return checkout
	}
	return foreignPath.FindString(text)
}
