package dtool

import (
	"encoding/json"
	"time"
)

// publishedFormat is the format of what Published gives as JSON, its version
// included. Whoever changes what a member means gives it another.
const publishedFormat = "dtool-published-1"

// MarshalJSON gives the document that docs/json.md describes.
func (p *Published) MarshalJSON() ([]byte, error) {
	doc := struct {
		Format       string    `json:"format"`
		UUID         string    `json:"uuid"`
		Name         string    `json:"name"`
		URI          string    `json:"uri"`
		AccessURL    string    `json:"access_url"`
		Readable     string    `json:"readable"`
		HTTPManifest bool      `json:"http_manifest"`
		Page         bool      `json:"page"`
		README       bool      `json:"readme"`
		Manifest     bool      `json:"manifest"`
		Items        int       `json:"number_of_items"`
		Readables    int       `json:"number_of_readable_items"`
		Ways         []Way     `json:"ways"`
		SignedUntil  time.Time `json:"signed_until,omitzero"`
	}{
		publishedFormat, p.UUID, p.Name, p.URI, p.AccessURL, p.Readable(), p.HTTPManifest, p.Page, p.README, p.Manifest,
		p.Items, p.ReadableItems, append([]Way{}, p.Ways...), p.SignedUntil.UTC(),
	}
	return json.Marshal(doc)
}
