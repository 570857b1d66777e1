package dtool

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/dtool-go/dtool/storage/web"
)

// The schemes of datasets in directories.
const (
	schemeFile    = "file"
	schemeSymlink = "symlink"
)

// The schemes of datasets that are read over HTTP.
const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
)

// reference is a URI taken apart: of a dataset, or of a base that holds datasets.
type reference struct {
	scheme string
	bucket string // the store's name; for directories the host, which is not looked at; over HTTP the host and port
	path   string // behind the bucket, without slashes at its ends; for directories absolute
	query  string // over HTTP, behind the question mark: a signature, so that no message has it
}

// likeScheme finds what was meant to be a URI, and would else be a relative path.
var likeScheme = regexp.MustCompile(`^(?i:s3|ecs|file|symlink|https?):`)

var schemePattern = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]*)://`)

// parseURI takes a URI or a plain path apart. Nothing in it is unescaped.
func parseURI(uri string) (reference, error) {
	if uri == "" {
		return reference{}, fmt.Errorf("%w: it is empty", ErrInvalidURI)
	}
	m := schemePattern.FindStringSubmatch(uri)
	if m == nil {
		if scheme := likeScheme.FindString(uri); scheme != "" {
			return reference{}, fmt.Errorf("%w %s: after %s come two slashes; with ./ before it, it would be a path", ErrInvalidURI, quoted(uri), scheme)
		}
		path, err := filepath.Abs(uri)
		if err != nil {
			return reference{}, fmt.Errorf("%w %s: %w", ErrInvalidURI, quoted(uri), err)
		}
		return reference{scheme: schemeFile, path: path}, nil
	}
	ref := reference{scheme: strings.ToLower(m[1])}
	if ref.isWeb() {
		return parseAccessURL(ref.scheme, uri)
	}
	bucket, path, slash := strings.Cut(uri[len(m[0]):], "/")
	ref.bucket = bucket
	if err := refuseSecrets(m[0], uri[len(m[0]):]); err != nil && !ref.isDirectory() {
		return reference{}, err
	}
	if ref.isDirectory() {
		if !slash {
			return reference{}, fmt.Errorf("%w %s: it has no absolute path behind the host", ErrInvalidURI, quoted(uri))
		}
		ref.path = filepath.Clean("/" + path)
		return ref, nil
	}
	if bucket == "" {
		return reference{}, fmt.Errorf("%w %s: it names no bucket", ErrInvalidURI, quoted(uri))
	}
	ref.path = strings.Trim(path, "/")
	return ref, nil
}

var signedParameter = regexp.MustCompile(`(?i)[?&](x-amz-[a-z0-9-]+|signature|awsaccesskeyid)=`)

// refuseSecrets refuses what somebody pasted with a password or a signature in it,
// before any message can repeat that.
func refuseSecrets(scheme, rest string) error {
	if at := signedParameter.FindStringIndex(rest); at != nil {
		return fmt.Errorf("%w %s: it goes on with a signature, which no URI of a dataset has", ErrInvalidURI, quoted(scheme+rest[strings.LastIndex(rest[:at[0]], "@")+1:at[0]]))
	}
	host, _, _ := strings.Cut(rest, "/")
	if at := strings.LastIndex(host, "@"); at >= 0 {
		return fmt.Errorf("%w %s: it has a user or a password before that, which belong in the settings", ErrInvalidURI, quoted(scheme+rest[at+1:]))
	}
	return nil
}

// parseAccessURL takes the URL of a published dataset apart, also where it is that of the
// page for browsers, or of the document which it stands for. It may be signed.
func parseAccessURL(scheme, uri string) (reference, error) {
	text, query, _ := strings.Cut(uri[len(scheme):], "?")
	text, _, _ = strings.Cut(text, "#")
	host, path, _ := strings.Cut(strings.TrimPrefix(text, "://"), "/")
	u, err := web.ParseURL(uri)
	path, isPage := strings.CutSuffix(path, "/"+pageName)
	switch {
	case err != nil:
	case web.IsCutOff(u):
		err = errors.New("it is cut off before its signature, as by a shell at the first &: put it in quotes")
	case isPage && signedParameter.MatchString("?"+query):
		err = errors.New("it opens the page for browsers, and nothing else: the access URL is on that page")
	}
	if err != nil {
		text = strings.TrimPrefix(text, "://")
		return reference{}, fmt.Errorf("%w %s: %w", ErrInvalidURI, quoted(scheme+"://"+text[strings.LastIndex(text, "@")+1:]), err)
	}
	path = strings.TrimSuffix(path, "/"+httpManifestName)
	return reference{scheme: scheme, bucket: host, path: strings.TrimRight(path, "/"), query: query}, nil
}

func (r reference) isWeb() bool { return r.scheme == schemeHTTP || r.scheme == schemeHTTPS }

func (r reference) isDirectory() bool {
	return r.scheme == schemeFile || r.scheme == schemeSymlink
}

// uri gives the full form: without escaping, without a slash at the end, and without
// what may be a signature. The host stands in for the bucket of a directory.
func (r reference) uri(host string) string {
	if r.isDirectory() {
		return r.scheme + "://" + host + filepath.ToSlash(r.path)
	}
	if r.path == "" {
		return r.scheme + "://" + r.bucket
	}
	return r.scheme + "://" + r.bucket + "/" + r.path
}
