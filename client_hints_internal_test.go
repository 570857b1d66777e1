package dtool

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dtool-go/dtool/internal/config"
)

// TestHintsOnSettings name a command that can be copied into a shell, or none.
func TestHintsOnSettings(t *testing.T) {
	for _, test := range []struct{ scheme, bucket, want string }{
		{"s3", "plants", "dtool config s3 plants --keys"},
		{"ecs", "plants.2", "dtool config s3 ecs://plants.2 --keys"},
		{"s3", "plants;touch x", ""},
		{"s3", "$(touch x)", ""},
		{"s3", "-plants", ""},
	} {
		if got := configCommand(test.scheme, test.bucket, "--keys"); got != test.want {
			t.Errorf("%s://%s: got %q, want %q", test.scheme, test.bucket, got, test.want)
		}
	}
}

func TestHintOnPlaces(t *testing.T) {
	const uuid = "5b1f7e8a-0000-4000-8000-000000000000"
	for _, test := range []struct{ prefix, key, want string }{
		{"", uuid + "/README.txt", "to the root of the bucket"},
		{"", uuid + "/structure.json", "to the root of the bucket"},
		{"", ".dtool-doctor-a/object", "to the root of the bucket"},
		{"u/jane/", "u/jane/" + uuid + "/README.txt", "below u/jane/"},
		{"u/jane/", "u/jane/.dtool-doctor-a/object", "below u/jane/"},
		{"u/jane/", "u/olssont/" + uuid + "/README.txt", ""}, // registered, so that the prefix does not count
		{"", "u/olssont/" + uuid + "/README.txt", ""},
		{"", uuid + "/tags/lab", ""},
		{"", "dtool-" + uuid, ""},
		{"", "", ""},
	} {
		got := placeHint("s3", "plants", test.prefix)(test.key)
		if !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("prefix %q, key %q: got %q, want %q", test.prefix, test.key, got, test.want)
		}
	}
}

func TestSettingsAreToldByOrigin(t *testing.T) {
	got := inGroups([]config.Origin{{Setting: "A", File: "/f"}, {Setting: "B"}, {Setting: "C", File: "/f"}, {Setting: "D"}})
	if diff := cmp.Diff([]string{"B, D from the environment", "A, C from /f"}, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}
