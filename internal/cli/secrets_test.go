package cli

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"

	"github.com/dtool-go/dtool/internal/badday"
	"github.com/dtool-go/dtool/internal/s3test"
)

// A watch sees all requests that reach a server, and remembers what no
// output may hold.
type watch struct {
	mu      sync.Mutex
	secrets map[string]string // each with what it is
}

func (w *watch) keep(secret, what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secrets[secret] = what
}

var signatureOf = regexp.MustCompile(`Signature=([0-9a-f]{64})`)

// look notes the signature of a request.
func (w *watch) look(r *http.Request) {
	for _, m := range signatureOf.FindAllStringSubmatch(r.Header.Get("Authorization"), -1) {
		w.keep(m[1], "a signature")
	}
}

// mustNotBeIn fails the test if a text holds a secret.
func (w *watch) mustNotBeIn(t *testing.T, where, text string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for secret, what := range w.secrets {
		if strings.Contains(text, secret) || strings.Contains(text, hex.EncodeToString([]byte(secret))) {
			t.Errorf("%s tells %s, %q: %s", where, what, secret, text)
		}
	}
}

// useOf says how each command is called with a dataset in a bucket, by its words
// behind "dtool". "-" is a command that has nothing to do with datasets.
func useOf() map[string]string {
	return map[string]string{
		"add item":                     "FILE PROTO",
		"add metadata":                 "PROTO a.txt kind leaf",
		"annotation delete":            "DS stars",
		"annotation get":               "DS stars",
		"annotation ls":                "DS",
		"annotation set":               "DS stars five",
		"config azure get":             "leaves",
		"config azure ls":              "",
		"config azure set":             "leaves KEY",
		"config cache":                 "DIR",
		"config ecs access-key-id":     "roots ID",
		"config ecs endpoint":          "roots",
		"config ecs ls":                "",
		"config ecs secret-access-key": "roots",
		"config readme-template":       "FILE",
		"config s3":                    "leaves roots --region us-east-1 --remove addressing",
		"config user email":            "a@b",
		"config user name":             "a b",
		"copy":                         "DS OTHER",
		"cp":                           "--resume DS OTHER",
		"create":                       "--from DIR new BASE",
		"diff":                         "-f DS COPY",
		"doctor":                       "DS",
		"freeze":                       "PROTO",
		"help":                         "-",
		"identifiers":                  "DS",
		"inventory":                    "BASE",
		"item fetch":                   "DS ID",
		"item overlay":                 "kind DS ID",
		"item properties":              "DS ID",
		"item relpath":                 "DS ID",
		"ls":                           "BASE",
		"name":                         "DS leaves",
		"publish":                      "--policy --apply DS",
		"readme edit":                  "DS",
		"readme interactive":           "DS",
		"readme show":                  "DS",
		"readme validate":              "DS",
		"readme write":                 "DS FILE",
		"rm":                           "--dry-run DS",
		"sign":                         "DS",
		"s3 policy":                    "-",
		"status":                       "DS",
		"summary":                      "DS",
		"tag delete":                   "DS field",
		"tag ls":                       "DS",
		"tag set":                      "DS field",
		"unpublish":                    "DS",
		"uri":                          "DS",
		"uuid":                         "DS",
		"verify":                       "-f DS",
	}
}

// commandsOf gives the words of all commands that do something, as the program
// itself knows them.
func commandsOf(cmd *cobra.Command) []string {
	if !cmd.HasSubCommands() {
		_, words, _ := strings.Cut(cmd.CommandPath(), " ")
		return []string{words}
	}
	var all []string
	for _, sub := range cmd.Commands() {
		all = append(all, commandsOf(sub)...)
	}
	return all
}

// TestNoSecretIsTold runs every command under --debug, with a store that is well
// and with stores that are not, and looks for secrets in all that is said.
func TestNoSecretIsTold(t *testing.T) {
	server := s3test.StartOwn(t)
	commands := commandsOf((&app{}).rootCommand())
	for name, fault := range map[string]badday.Fault{
		"a store that is well":          nil,
		"forbidden":                     badday.Refuse(403, "AccessDenied", "Access Denied"),
		"a store that repeats all":      repeating,
		"a store that repeats in words": repeatingInWords,
		"a redirect":                    badday.Answer(307, "", "Location: http://127.0.0.1:1/?X-Amz-Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
		"hangs up":                      badday.HangUp(),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, server)
			w := &watch{secrets: map[string]string{d.real.SecretKey: "the secret key"}}
			proto := d.must("create", "-q", "buds", "s3://roots")
			d.must("tag", "set", d.there, "field")
			d.must("annotation", "set", d.there, "stars", "five")
			d.day.Becomes(func(_, _ string, r *http.Request) badday.Fault {
				w.look(r)
				return fault
			})
			file := filepath.Join(d.empty, "a.txt")
			mustWrite(t, file, "description: a file\n")
			fill := strings.NewReplacer("FILE", file, "PROTO", proto, "DS", d.there, "COPY", d.there, "OTHER", "s3://roots", "BASE", "s3://leaves",
				"DIR", d.empty, "ID", "cfc7b4885384957ae445bc14914d4588f607651c")
			for _, words := range commands {
				use, known := useOf()[words]
				if !known {
					t.Errorf("nobody has said how to call dtool %s: add it to useOf", words)
					continue
				}
				if use == "-" {
					continue
				}
				args := append([]string{"--debug"}, strings.Fields(words)...)
				o := d.dtool(append(args, strings.Fields(fill.Replace(use))...)...)
				if fault == nil && o.code != 0 && words != "item overlay" && !strings.HasPrefix(words, "readme ") {
					t.Errorf("dtool %s %s: exit code %d: %s", words, fill.Replace(use), o.code, o.stderr)
				}
				w.mustNotBeIn(t, "dtool "+words, o.stdout+o.stderr)
			}
			if len(w.secrets) < 10 {
				t.Errorf("only %d secrets were looked for", len(w.secrets))
			}
		})
	}
}

// repeating refuses a request as AWS does, which repeats what was signed, and how.
func repeating(w http.ResponseWriter, r *http.Request, next http.Handler) {
	signed := fmt.Sprintf("<AWSAccessKeyId>AKIA</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256</StringToSign>"+
		"<SignatureProvided>%s</SignatureProvided><CanonicalRequest>x-amz-security-token:%s</CanonicalRequest>",
		signatureOfRequest(r), r.Header.Get("X-Amz-Security-Token"))
	body := strings.Replace(badday.Error("SignatureDoesNotMatch", "The request signature we calculated does not match."), "</Error>", signed+"</Error>", 1)
	badday.Answer(403, body)(w, r, next)
}

// repeatingInWords has what was signed in the very message.
func repeatingInWords(w http.ResponseWriter, r *http.Request, next http.Handler) {
	badday.Refuse(403, "SignatureDoesNotMatch", "Got Authorization "+r.Header.Get("Authorization")+
		", token "+r.Header.Get("X-Amz-Security-Token"))(w, r, next)
}

func signatureOfRequest(r *http.Request) string {
	if m := signatureOf.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		return m[1]
	}
	return ""
}

// TestNoSessionTokenIsTold has keys and token where AWS tools have them.
func TestNoSessionTokenIsTold(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	w := &watch{secrets: map[string]string{"the-secret-of-aws": "the secret key", "the-token-of-aws": "the session token"}}
	store := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.look(r)
		if r.Header.Get("X-Amz-Security-Token") != "the-token-of-aws" {
			t.Error("the token was not sent")
		}
		repeatingInWords(rw, r, nil)
	}))
	defer store.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIA")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "the-secret-of-aws")
	t.Setenv("AWS_SESSION_TOKEN", "the-token-of-aws")
	d := &desk{t: t, home: t.TempDir(), environ: map[string]string{"DTOOL_S3_ENDPOINT_leaves": store.URL}}
	for _, args := range [][]string{{"ls", "s3://leaves"}, {"status", "s3://leaves/00000000-0000-4000-8000-000000000000"}} {
		o := d.dtool(append(args, "--debug")...)
		if o.code != 1 {
			t.Errorf("exit code %d: %s", o.code, o.stderr)
		}
		w.mustNotBeIn(t, "dtool "+args[0], o.stdout+o.stderr)
	}
}

// TestNoSettingIsTold has secrets in settings that are wrong in some way.
func TestNoSettingIsTold(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	const signature = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	w := &watch{secrets: map[string]string{"sesame": "a password", signature: "a signature"}}
	for what, begin := range map[string]func(d *desk) []string{
		"an endpoint with a password": func(d *desk) []string { return d.at("https://olssont:sesame@127.0.0.1:1") },
		"an endpoint that is signed":  func(d *desk) []string { return d.at("https://127.0.0.1:1/?X-Amz-Signature=" + signature) },
		"an endpoint that is no URL":  func(d *desk) []string { return d.at("https://olssont:sesame@%zz:1") },
		"a secret key alone": func(d *desk) []string {
			d.environ["DTOOL_S3_SECRET_ACCESS_KEY_leaves"] = "sesame"
			return []string{"ls", "s3://leaves"}
		},
		"a settings file cut short":    func(d *desk) []string { return d.settings(`{"DTOOL_S3_SECRET_ACCESS_KEY_leaves": "sesame`) },
		"a settings file with a comma": func(d *desk) []string { return d.settings(`{"DTOOL_S3_SECRET_ACCESS_KEY_leaves": "sesame",}`) },
		"a settings file of one text":  func(d *desk) []string { return d.settings(`"sesame"`) },
		"a URI with a password":        func(*desk) []string { return []string{"ls", "https://olssont:sesame@store.example.org/leaves"} },
		"a URI that is signed": func(*desk) []string {
			return []string{"ls", "https://store.example.org/leaves?X-Amz-Algorithm=AWS4&X-Amz-Signature=" + signature}
		},
	} {
		t.Run(what, func(t *testing.T) {
			d := &desk{t: t, home: t.TempDir(), environ: map[string]string{}}
			args := append([]string{"--debug"}, begin(d)...)
			o := d.dtool(args...)
			if o.code == 0 {
				t.Errorf("dtool %q succeeded", args)
			}
			w.mustNotBeIn(t, fmt.Sprintf("dtool %q", args), o.stdout+o.stderr)
		})
	}
}

func (d *desk) at(endpoint string) []string {
	d.environ["DTOOL_S3_ENDPOINT_leaves"] = endpoint
	return []string{"ls", "s3://leaves"}
}

func (d *desk) settings(text string) []string {
	mustWrite(d.t, filepath.Join(d.home, ".config", "dtool", "dtool.json"), text)
	return []string{"ls", "s3://leaves"}
}

// TestNoCredentialsGoElsewhere has a store send its clients to another host, by
// redirects and by naming regions that look like one.
func TestNoCredentialsGoElsewhere(t *testing.T) {
	server := s3test.StartOwn(t)
	d := newDesk(t, server)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was asked for, with the headers %v", r.Method, r.URL, r.Header)
	}))
	defer elsewhere.Close()
	host := strings.TrimPrefix(elsewhere.URL, "http://")
	for _, status := range []int{301, 302, 303, 307, 308, 400, 403} {
		for _, region := range []string{"", "eu-north-1", host, "x@" + host + "/", "x." + host + "#"} {
			t.Run(fmt.Sprintf("%d %s", status, region), func(t *testing.T) {
				body := badday.Error("PermanentRedirect", "expecting '"+region+"'")
				body = strings.Replace(body, "</Error>", "<Endpoint>"+host+"</Endpoint></Error>", 1)
				d.has("", badday.Answer(status, body, "Location: "+elsewhere.URL, "X-Amz-Bucket-Region: "+region))
				for _, args := range [][]string{{"ls", "s3://leaves"}, {"cp", "--resume", d.source, "s3://roots"}} {
					if o := d.dtool(args...); o.code != 1 {
						t.Errorf("dtool %q: exit code %d: %s", args, o.code, o.stderr)
					}
				}
			})
		}
	}
}

// TestCacheIsForItsOwner looks at what others may do with items that were fetched, into
// a cache that is new and into one that others can look into.
func TestCacheIsForItsOwner(t *testing.T) {
	for _, mode := range []os.FileMode{0, 0o755} {
		d := newDesk(t, s3test.StartOwn(t))
		cache := filepath.Join(d.home, ".cache", "dtool")
		if mode != 0 {
			if err := os.MkdirAll(cache, mode); err != nil {
				t.Fatal(err)
			}
		}
		item := d.must("item", "fetch", d.there, "cfc7b4885384957ae445bc14914d4588f607651c")
		closed := cache
		if mode != 0 {
			closed = filepath.Dir(item)
		}
		info, err := os.Stat(closed)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 || !strings.HasPrefix(item, closed) {
			t.Errorf("%s, which holds %s, has the mode %v", closed, item, info.Mode())
		}
	}
}
