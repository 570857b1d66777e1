package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtool-go/dtool/internal/config"
)

// load gives the settings of an environment and a configuration file's text.
func load(t *testing.T, environ []string, file string) *config.Settings {
	t.Helper()
	s, err := config.Load(environ, writeFile(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dtool.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGet(t *testing.T) {
	tests := map[string]struct {
		environ []string
		file    string
		want    string
		wantOK  bool
	}{
		"nowhere":                       {nil, `{}`, "", false},
		"in the environment":            {[]string{"OTHER=x", "NAME=a"}, `{}`, "a", true},
		"in the file":                   {[]string{"OTHER=x"}, `{"NAME": "b"}`, "b", true},
		"in both":                       {[]string{"NAME=a"}, `{"NAME": "b"}`, "a", true},
		"empty in the environment":      {[]string{"NAME="}, `{"NAME": "b"}`, "b", true},
		"empty in both":                 {[]string{"NAME="}, `{"NAME": ""}`, "", false},
		"with an equals sign":           {[]string{"NAME=a=b"}, `{}`, "a=b", true},
		"in another case":               {[]string{"name=a"}, `{"Name": "b"}`, "", false},
		"a number in the file":          {nil, `{"NAME": 4}`, "4", true},
		"a boolean in the file":         {nil, `{"NAME": true}`, "true", true},
		"null in the file":              {nil, `{"NAME": null}`, "", false},
		"a list that is no one's there": {nil, `{"plugins": [1, {"a": 2}], "NAME": "b"}`, "b", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := load(t, test.environ, test.file).Get("NAME")
			if got != test.want || ok != test.wantOK {
				t.Errorf("got %q, %v, want %q, %v", got, ok, test.want, test.wantOK)
			}
		})
	}
}

func TestTheFileNeedNotExist(t *testing.T) {
	s, err := config.Load([]string{"NAME=a"}, filepath.Join(t.TempDir(), "none", "dtool.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := s.Get("NAME"); got != "a" || !ok {
		t.Errorf("got %q, %v", got, ok)
	}
}

func TestABrokenFileIsAnErrorThatSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"{\n  \"a\": 1,\n}": "line 3, column 1: expected a key in double quotes, found '}'",
		"":                  "line 1, column 1: expected a value, found the end of the text",
		`["a"]`:             "it is not a JSON object",
	} {
		path := writeFile(t, text)
		_, err := config.Load(nil, path)
		if want := "configuration file " + path + ": " + want; err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	dir := t.TempDir()
	if _, err := config.Load(nil, dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want an error that names %s", err, dir)
	}
}

func TestAnEndlessFileIsAnError(t *testing.T) {
	path := writeFile(t, strings.Repeat(" ", 1<<20)+"{}")
	_, err := config.Load(nil, path)
	if want := "cannot read the configuration: " + path + " has more than 1048576 bytes"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestBucket(t *testing.T) {
	const (
		exact = "NAME_my-data.org"
		shell = "NAME_my_data_org"
	)
	tests := map[string]struct {
		environ []string
		file    string
		want    string
	}{
		"nowhere":                          {nil, `{}`, ""},
		"exact in the environment":         {[]string{exact + "=a"}, `{}`, "a"},
		"for the shell in the environment": {[]string{shell + "=b"}, `{}`, "b"},
		"exact in the file":                {nil, `{"` + exact + `": "c"}`, "c"},
		"for the shell in the file":        {nil, `{"` + shell + `": "d"}`, "d"},
		"exact before shell":               {[]string{shell + "=b", exact + "=a"}, `{}`, "a"},
		"exact before shell in the file":   {nil, `{"` + shell + `": "d", "` + exact + `": "c"}`, "c"},
		"shell before the file":            {[]string{shell + "=b"}, `{"` + exact + `": "c"}`, "b"},
		"half in each spelling":            {[]string{"NAME_my_data.org=x"}, `{}`, ""},
		"of another bucket":                {[]string{"NAME_my=x", "NAME=y"}, `{}`, ""},
		"exact but empty":                  {[]string{exact + "=", shell + "=b"}, `{}`, "b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := load(t, test.environ, test.file).Bucket("NAME", "my-data.org")
			if got != test.want || ok != (test.want != "") {
				t.Errorf("got %q, %v, want %q", got, ok, test.want)
			}
		})
	}
}

func TestAConfigurationThatIsNoFileIsRefused(t *testing.T) {
	if _, err := config.Load(nil, t.TempDir()); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("error %v", err)
	}
}
