// Package page makes of what is known of a published dataset a page for people:
// one HTML file that needs nothing besides itself, neither scripts nor fonts nor
// pictures, and whose policy forbids a browser to load any.
//
// Whatever stands on it may have been written by anyone. So all of it is escaped,
// what would act on the text around it is shown as an escape, and a URL that is not
// of http or https is refused. The same dataset gives the same bytes.
//
// It knows neither stores nor how a dataset is published: it is given texts and URLs.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"time"
)

// What a page shows at most, so that a browser on a small machine can hold it. Of
// what is more, it says so and leads to the whole.
const (
	MaxItems  = 2000     // and as many annotations and tags
	MaxREADME = 64 << 10 // bytes
	MaxValue  = 4 << 10  // bytes of an annotation
)

// A Dataset is what a page tells of one. URLs are absolute; those of what lies beside
// the page, and needs no signature, become relative, so that they lead to the right
// place from wherever the page was got.
type Dataset struct {
	Name    string
	UUID    string
	Creator string
	Created time.Time // zero where nobody knows
	Frozen  time.Time // the same

	README      []byte
	Annotations []Annotation
	Tags        []string

	// Items are all items or the first of them, in the order in which they are shown.
	Items []Item
	Count int    // of all items
	Size  int64  // bytes of all items
	Hash  string // names the function that gave the hashes: "MD5"

	AccessURL       string // of the dataset: what dtool opens
	HTTPManifestURL string
	ManifestURL     string
	READMEURL       string
	Expires         time.Time // when the URLs end; zero if they do not
}

// An Item is a file of the dataset.
type Item struct {
	Identifier string
	Relpath    string
	Size       int64 // bytes
	Hash       string
	URL        string
}

// An Annotation is a value that belongs to the dataset, as people read it.
type Annotation struct {
	Name  string
	Value string // or its beginning
	Size  int    // bytes of the whole value
	URL   string
}

//go:embed page.html
var markup string

//go:embed page.css
var style string

// Render gives the page, in UTF-8. It fails if a URL could not be a link to what is
// published.
func Render(d Dataset) ([]byte, error) {
	v, err := newView(d)
	if err != nil {
		return nil, fmt.Errorf("making the page of %s: %w", d.UUID, err)
	}
	t, err := template.New("page").Parse(markup)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := t.Execute(&text, v); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// policy lets a browser apply the page's own style sheet, and nothing else.
func policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}
