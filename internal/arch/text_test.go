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
	here := machineNames(t)
	walk(t, func(name string) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if found := namesMachine(string(text), here); found != "" {
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
		if got := namesMachine(tt.text, []string{"/srv/checkout"}) != ""; got != tt.want {
			t.Errorf("%q: found %v, want %v", tt.text, got, tt.want)
		}
	}
}

func namesMachine(text string, here []string) string {
	for _, name := range here {
		if strings.Contains(text, name) {
			return name
		}
	}
	return foreignPath.FindString(text)
}

// machineNames gives what tells this machine from others: where the checkout lies
// and the hosts that it fetches modules and packages through.
func machineNames(t *testing.T) []string {
	t.Helper()
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{checkout}
	url := regexp.MustCompile(`^https?://(?:[^/@]*@)?([^/:]+\.[^/:]+)`)
	for _, variable := range []string{"GOPROXY", "HTTP_PROXY", "HTTPS_PROXY"} {
		host := url.FindStringSubmatch(os.Getenv(variable))
		if len(host) == 2 && host[1] != "proxy.golang.org" {
			names = append(names, host[1])
		}
	}
	return names
}
