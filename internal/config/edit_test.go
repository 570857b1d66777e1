package config_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/internal/config"
)

func set(name, value string) func(config.File) error {
	return func(f config.File) error {
		f.Set(name, value)
		return nil
	}
}

// mustEdit changes the file and tells whether others could read it.
func mustEdit(t *testing.T, path string, change func(config.File) error) bool {
	t.Helper()
	wasOpen, err := config.Edit(t.Context(), path, change)
	if err != nil {
		t.Fatal(err)
	}
	return wasOpen
}

func text(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEditMakesAFileForTheUserAlone(t *testing.T) {
	path := config.Path(t.TempDir())
	if wasOpen := mustEdit(t, path, set("DTOOL_USER_EMAIL", "a@b")); wasOpen {
		t.Error("a new file was open to others")
	}
	if got, want := text(t, path), "{\n  \"DTOOL_USER_EMAIL\": \"a@b\"\n}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, error %v, want %v", name, info.Mode().Perm(), err, want)
		}
	}
	mustHoldOnly(t, filepath.Dir(path), "dtool.json")
}

func mustHoldOnly(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestEditLeavesOtherSettingsAlone(t *testing.T) {
	path := writeFile(t, "\ufeff{\r\n\"z\": {\"b\": [1.50, 1e400, NaN], \"a\": null},\r\n \"DTOOL_USER_EMAIL\": \"old\", \"\u00fc\": \"\\u00E9<&>\U0001F600\\ud800\", \"y\": true}\r\n")
	mustEdit(t, path, func(f config.File) error {
		f.Set("DTOOL_USER_EMAIL", "new")
		f.Set("not there", "")
		return nil
	})
	want := `{
  "DTOOL_USER_EMAIL": "new",
  "y": true,
  "z": {"b": [1.50, 1e400, NaN], "a": null},
  "\u00fc": "\u00E9<&>😀\ud800"
}`
	if diff := cmp.Diff(want, text(t, path)); diff != "" {
		t.Error(diff)
	}
	mustEdit(t, path, set("DTOOL_USER_EMAIL", ""))
	if got := text(t, path); strings.Contains(got, "EMAIL") {
		t.Errorf("it was not removed: %s", got)
	}
}

func TestEditKeepsItsHandsOffWhatIsBroken(t *testing.T) {
	for what, broken := range map[string]string{"cut short": `{"a": `, "a list": `[]`, "nothing": ``} {
		path := writeFile(t, broken)
		if _, err := config.Edit(t.Context(), path, set("a", "b")); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v", what, err)
		}
		if got := text(t, path); got != broken {
			t.Errorf("%s has become %s", what, got)
		}
		mustHoldOnly(t, filepath.Dir(path), "dtool.json")
	}
}

func TestEditRemovesWhatAKilledOneHasLeft(t *testing.T) {
	path := writeFile(t, `{"a": "b"}`)
	if err := os.WriteFile(path+".new-123", []byte(`{"DTOOL_S3_SECRET_ACCESS_KEY_leaves": "ses`), 0o600); err != nil {
		t.Fatal(err)
	}
	mustEdit(t, path, set("a", "b"))
	mustHoldOnly(t, filepath.Dir(path), "dtool.json")
}

func TestEditWritesNothingThatWouldNotBeRead(t *testing.T) {
	path := writeFile(t, `{"a": "b"}`)
	_, err := config.Edit(t.Context(), path, set("a", strings.Repeat("x", config.MaxFile)))
	if err == nil || !strings.Contains(err.Error(), "at most 1048576 are read") {
		t.Errorf("error %v", err)
	}
	if got := text(t, path); got != `{"a": "b"}` {
		t.Errorf("it has become %d bytes", len(got))
	}
	mustHoldOnly(t, filepath.Dir(path), "dtool.json")
}

func TestEditThatIsCalledOffChangesNothing(t *testing.T) {
	path := writeFile(t, `{"a":"b"}`)
	no := errors.New("no")
	if _, err := config.Edit(t.Context(), path, func(f config.File) error { f.Set("a", "c"); return no }); !errors.Is(err, no) {
		t.Errorf("error %v", err)
	}
	mustEdit(t, path, set("a", "b"))
	if got := text(t, path); got != `{"a":"b"}` {
		t.Errorf("it is now %s", got)
	}
}

func TestEditChangesWhatALinkLeadsTo(t *testing.T) {
	target, dir := writeFile(t, `{"a":"b"}`), t.TempDir()
	path := filepath.Join(dir, "dtool.json")
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	mustEdit(t, path, set("a", "c"))
	if link, err := os.Readlink(path); err != nil || link != target || !strings.Contains(text(t, target), `"c"`) {
		t.Errorf("the link leads to %s, error %v, and that is %s", link, err, text(t, target))
	}
	if err := os.Remove(target); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Edit(t.Context(), path, set("a", "d")); err == nil || !strings.Contains(err.Error(), "is a link to what is not there") {
		t.Errorf("a dangling link: error %v", err)
	}
}

func TestEditClosesAFileThatWasOpenToOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // where modes do not tell
	}
	path := writeFile(t, `{}`)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if !mustEdit(t, path, set("a", "b")) {
		t.Error("it did not tell that the file was open")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode().Perm(), err)
	}
}

// TestManyEditsAtOnceLoseNothing starts editors that each add a setting.
func TestManyEditsAtOnceLoseNothing(t *testing.T) {
	path := config.Path(t.TempDir())
	var wg sync.WaitGroup
	const editors, each = 8, 10
	for i := range editors {
		wg.Go(func() {
			for j := range each {
				if _, err := config.Edit(t.Context(), path, set(fmt.Sprintf("%d %d", i, j), "x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	file, err := config.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(file.Names()); got != editors*each {
		t.Errorf("%d settings are there, of %d", got, editors*each)
	}
	mustHoldOnly(t, filepath.Dir(path), "dtool.json")
}

func TestSettingsOfABucketAreCheckedBeforeTheyAreWritten(t *testing.T) {
	const secret = "sesame"
	for _, test := range []struct{ what, value, want string }{
		{config.Endpoint, "host:9000", "it has not the form"},
		{config.Endpoint, "https://u:" + secret + "@host", "more than scheme, host, port and path"},
		{config.Endpoint, "https://host?X-Amz-Signature=" + secret, "more than scheme"},
		{config.Endpoint, "https://host:99999", "its port"},
		{config.Endpoint, "https://host/plants", "it ends in the name of the bucket"},
		{config.AccessKeyID, secret + " x", "a key has no spaces"},
		{config.SecretAccessKey, secret + "\x00", "a key has no spaces"},
		{config.DatasetPrefix, "../x", `".." part`},
		{config.Region, "eu-north-1/", "other characters"},
		{config.Addressing, "host", `either "path"`},
	} {
		path := writeFile(t, `{}`)
		_, err := config.Edit(t.Context(), path, func(f config.File) error { return f.SetS3("s3", test.what, "plants", test.value) })
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "DTOOL_S3_"+test.what+"_plants") {
			t.Errorf("%s %q: error %v", test.what, test.value, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) || text(t, path) != `{}` {
			t.Errorf("%s: error %v, file %s", test.what, err, text(t, path))
		}
	}
}

func TestSettingsOfBucketsInTheFile(t *testing.T) {
	path := writeFile(t, `{"DTOOL_S3_ACCESS_KEY_plants": "old", "DTOOL_S3_ENDPOINT_animals": "https://x", "DTOOL_S3_ENDPOINT_empty": "",
		"DTOOL_ECS_DATASET_PREFIX_rocks": "u/", "DTOOL_S3_PUBLISH_EXPIRY": 60, "DTOOL_S3_REGION_": "x", "DTOOL_S3_SECRET_ACCESS_KEY_plants": "s"}`)
	file, err := config.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for scheme, want := range map[string][]string{"s3": {"animals", "plants"}, "ecs": {"rocks"}} {
		if diff := cmp.Diff(want, file.S3Buckets(scheme)); diff != "" {
			t.Errorf("%s: %s", scheme, diff)
		}
	}
	if got := file.S3("s3", config.AccessKeyID, "plants"); got != "old" {
		t.Errorf("the access key under its other name is %q", got)
	}
	mustEdit(t, path, func(f config.File) error { return f.SetS3("s3", config.AccessKeyID, "plants", "") })
	s, err := config.Load(nil, path)
	if err != nil {
		t.Fatal(err)
	}
	if _, from, ok := s.S3Value("s3", config.AccessKeyID, "plants"); ok {
		t.Errorf("the access key that was taken away is still there, %v", from)
	}
}

func TestRegionAndAddressing(t *testing.T) {
	got, err := load(t, []string{"DTOOL_S3_REGION_b=eu-north-1"}, `{"DTOOL_S3_ADDRESSING_b": "virtual"}`).S3("s3", "b")
	if err != nil || got.Region != "eu-north-1" || got.Addressing != "virtual" {
		t.Errorf("region %q, addressing %q, error %v", got.Region, got.Addressing, err)
	}
	for setting, want := range map[string]string{
		"DTOOL_S3_REGION_b=a b":     `DTOOL_S3_REGION_b: "a b" cannot be a region`,
		"DTOOL_S3_ADDRESSING_b=dns": `DTOOL_S3_ADDRESSING_b: "dns" cannot be the addressing`,
	} {
		if _, err := load(t, []string{setting}, `{}`).S3("s3", "b"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", setting, err)
		}
	}
}

func TestEditWaitsForAnotherProcess(t *testing.T) {
	path := writeFile(t, `{}`)
	inside, outside := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		mustEdit(t, path, func(f config.File) error {
			close(inside)
			<-outside
			f.Set("a", "b")
			return nil
		})
	})
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := config.Edit(ctx, path, set("c", "d")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	close(outside)
	wg.Wait()
	mustEdit(t, path, set("c", "d"))
	if got := text(t, path); !strings.Contains(got, `"a": "b"`) || !strings.Contains(got, `"c": "d"`) {
		t.Errorf("the file is %s", got)
	}
}
