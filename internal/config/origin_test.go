package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/internal/config"
)

func TestOrigins(t *testing.T) {
	path := writeFile(t, `{
		"DTOOL_S3_ENDPOINT_my-data": "http://a", "DTOOL_S3_SECRET_ACCESS_KEY_my_data": "b", "DTOOL_S3_ACCESS_KEY_ID_my-data": "c",
		"DTOOL_S3_DATASET_PREFIX_my-data": "", "DTOOL_ECS_ENDPOINT_my-data": "http://d", "DTOOL_S3_ENDPOINT_other": "http://e"
	}`)
	s, err := config.Load([]string{"DTOOL_S3_ENDPOINT_my_data=http://f", "DTOOL_S3_ENDPOINT_other_my-dataset=g"}, path)
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Origin{
		{Setting: "DTOOL_S3_ACCESS_KEY_ID_my-data", File: path},
		{Setting: "DTOOL_S3_ENDPOINT_my_data"},
		{Setting: "DTOOL_S3_SECRET_ACCESS_KEY_my_data", File: path},
	}
	got := s.S3Origins("s3", "my-data")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
	if got, want := got[1].String(), "DTOOL_S3_ENDPOINT_my_data from the environment"; got != want {
		t.Errorf("in words %q, want %q", got, want)
	}
	if got, want := got[0].String(), "DTOOL_S3_ACCESS_KEY_ID_my-data from "+path; got != want {
		t.Errorf("in words %q, want %q", got, want)
	}
	if from, ok := s.Origin("DTOOL_S3_ENDPOINT_nothing", "DTOOL_S3_ENDPOINT_other"); !ok || from.File != path || from.Setting != "DTOOL_S3_ENDPOINT_other" {
		t.Errorf("origin of a setting: %v, %v", from, ok)
	}
	if from, ok := s.Origin("DTOOL_S3_ENDPOINT_nothing"); ok {
		t.Errorf("origin of what is not set: %v", from)
	}
}

func TestFileTellsWhoElseMayUseIt(t *testing.T) {
	path := writeFile(t, `{}`)
	for mode, want := range map[os.FileMode]os.FileMode{0o600: 0, 0o640: 0o040, 0o644: 0o044} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		s, err := config.Load(nil, path)
		if err != nil {
			t.Fatal(err)
		}
		if file, others, ok := s.File(); file != path || others != want || !ok {
			t.Errorf("a file of mode %v: %s, %v, %v", mode, file, others, ok)
		}
	}
	s, err := config.Load(nil, filepath.Join(t.TempDir(), "dtool.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := s.File(); ok {
		t.Error("a file that is not there is there")
	}
}
